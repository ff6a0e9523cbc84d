"""The facade: everything that the window and the command line do with a school (H2, H3)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rollbook.api.client import ApiClient
from rollbook.client.accounts import Account
from rollbook.client.bulk import Bulk
from rollbook.client.bundle import Sources
from rollbook.client.commands import Commands
from rollbook.client.dashboard import Dashboards, DashboardView
from rollbook.client.erasures import Erasures
from rollbook.client.figures import Figures
from rollbook.client.first_attempt import first_attempt, has_answer
from rollbook.client.grades import Grades
from rollbook.client.handover.handed import Handed, synced
from rollbook.client.handover.serving import Serving
from rollbook.client.history import history_of
from rollbook.client.listeners import Listeners
from rollbook.client.merging import Merging
from rollbook.client.numbers import numbered_entity
from rollbook.client.proposals import Proposals
from rollbook.client.reads import Reads
from rollbook.client.registers import Registers
from rollbook.client.reports import Reports
from rollbook.client.resolving import Chosen, Resolving
from rollbook.client.runs import Runs
from rollbook.client.saving import Saving
from rollbook.client.settings import ClientSettings
from rollbook.client.status_now import status_now
from rollbook.client.support import Support
from rollbook.client.turnover.turnovers import TurnOvers
from rollbook.client.undoing import Undoing
from rollbook.client.values import (
    Edit,
    Event,
    FirstAttempt,
    History,
    RecordsChanged,
    Saved,
    Status,
    StatusChanged,
)
from rollbook.domain.files import file_value
from rollbook.domain.registry import ENTITIES
from rollbook.resilience.failures import CallFailedError
from rollbook.store import files, staged
from rollbook.store.database import StoreDatabase
from rollbook.store.password_check import PasswordCheck
from rollbook.store.runs import RunNote
from rollbook.sync.engine import EngineBusyError, SyncEngine


class Client(Reads):
    """One user's work with one school.

    Queries and commands are local, take milliseconds and may be called from any thread. Coroutines belong to
    one asyncio loop. Commands raise :class:`RefusedEntryError` for values that break a rule and
    :class:`StoreError` when the disk fails: then nothing was stored.
    """

    def __init__(
        self,
        account: Account,
        store: StoreDatabase,
        api: ApiClient,
        engine: SyncEngine,
        saving: Saving,
        resolving: Resolving,
        listeners: Listeners,
        dashboards: Dashboards,
        settings: ClientSettings,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(store)
        self.account = account
        self._api = api
        self._engine = engine
        self._saving = saving
        self._commands = Commands(store, saving, resolving, account.folder)
        self._listeners = listeners
        self._dashboards = dashboards
        self._password_check = PasswordCheck(account.folder)
        self.erasures = Erasures(api)
        self.proposals = Proposals(api, store, listeners.emit)
        self.merging = Merging(store, self.save_many, self.new_run)
        self.bulk = Bulk(store, self.save_many, self.new_run)
        self.figures = Figures(store, account.role, now)
        self.grades = Grades(store, self.save_many, self.new_run)
        self.registers = Registers(store, self.save_many, self.new_run)
        self.turnovers = TurnOvers(store, self.save_many, self.new_run, account.school_id, now)
        self.reports = Reports(api)
        self._undoing = Undoing(store, saving)
        self.runs = Runs(store, self._undoing, self.new_run, self.undo_by)
        self.support = Support(Sources(account, store, settings, self.status, now), api, engine)
        self._loop: asyncio.AbstractEventLoop | None = None

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have ``listener`` called, on whichever thread, at each change; returns the way to stop it."""
        return self._listeners.add(listener)

    def status(self) -> Status:
        """The truth, computed from the tables now (S24)."""
        return status_now(self.account, self._store, self._api, self._engine)

    # ---- commands

    def save(self, edit: Edit) -> Saved:
        """Make an edit durable here; it goes to the school by itself (S1)."""
        saved = self._commands.save(edit)
        self._told(saved)
        return saved

    def save_many(self, edits: list[Edit], run: str, note: RunNote | None = None) -> list[Saved]:
        """Make all edits durable as one, or none, under one run id (D9), remembered with its ``note``."""
        saved = self._commands.save_many(edits, run, note)
        self._told_many(saved)
        return saved

    def undo_by(self, run: str, by: str, keep_later: bool, overwrite: bool) -> None:
        """Undo a run by a run of the id ``by``; see :meth:`Runs.undo`."""
        self._commands.undo(run, by, keep_later, overwrite)
        self._all_changed()

    def attach(self, entity: str, entity_id: str, field: str, content: bytes) -> Saved:
        """Keep a photo with the entry that names it (S31). Raises as :meth:`save`."""
        saved = self._saving.attach(entity, entity_id, field, content)
        self._told(saved)
        return saved

    async def file(self, entity: str, entity_id: str, field: str) -> bytes | None:
        """The contents of a record's file, fetched where they are not here; ``None`` where it has none.

        Raises :class:`CallFailedError` where they are not here and cannot be fetched.
        """
        row = self.record(entity, entity_id)
        value = file_value(None if row is None else row.values.get(field))
        if value is None:
            return None
        with self._store.write() as connection:
            content = files.whole(connection, value)
            files.used(connection, value)
        return await self._engine.files.fetch(value) if content is None else content

    def next_number(self, entity: str = "student") -> str:
        """A free number of this desk's block, for a form to show (S16).

        The save that uses it takes it for good, in its own transaction; ``NEXT_NUMBER`` as a value of an edit
        draws one there. Raises :class:`RefusedEntryError` when none is left, ``KeyError`` for no series.
        """
        return self._saving.numbers.propose(numbered_entity(entity))

    def new_run(self) -> str:
        """An id under which many entries are saved together."""
        return self._saving.new_id()

    def archive(self, entity: str, entity_id: str, op_id: str | None = None) -> Saved:
        """Archive a record (D3), by an entry of that id where one was chosen."""
        saved = self._commands.archive(entity, entity_id, op_id)
        self._told(saved)
        return saved

    def take_back(self, op_id: str) -> bool:
        """Undo an entry that was never sent, as if it had never been (S6); ``False`` when it has gone out."""
        entry = self.entry(op_id)
        done = self._commands.take_back(op_id)
        if done and entry is not None:
            self._changed(entry.entity, entry.entity_id)
        return done

    def retry(self, op_id: str) -> None:
        """Send a refused or failed entry again. Raises :class:`NotAllowedNowError`."""
        self._commands.retry(op_id)
        entry = self.entry(op_id)
        if entry is not None:
            self._changed(entry.entity, entry.entity_id)
        self.wake()

    def discard(self, op_id: str, *, together: bool = False) -> list[dict[str, Any]]:
        """Give an entry up; returns what was discarded, for export. Raises :class:`NotAllowedNowError`, also
        where entries of other records hang on it and are not to go ``together`` with it (S3)."""
        given_up = self._commands.discard(op_id, together=together)
        for entity, entity_id in {(each["entity"], each["entity_id"]): None for each in given_up}:
            self._changed(entity, entity_id)
        return given_up

    def resolve(self, op_id: str, choices: Mapping[str, Chosen]) -> Saved:
        """Settle a conflict by a person's choice (S14). Raises :class:`NotAllowedNowError`."""
        saved = self._commands.resolve(op_id, choices)
        self._told(saved)
        return saved

    def notices_seen(self) -> None:
        """A person has read what befell the store; it is not told again."""
        self._commands.notices_seen()
        self._listeners.emit(StatusChanged())

    def work_offline(self, on: bool) -> None:
        """Stop or resume sending by a person's wish (W3)."""
        self._engine.work_offline = on
        self._listeners.emit(StatusChanged())
        if not on:
            self.wake(hurry=True)  # whatever the breaker knows is from before: a person wants to know now

    def wake(self, *, hurry: bool = False) -> None:
        """Have the running engine go now; from any thread. ``hurry``: a person asked."""
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop has just ended
                self._loop.call_soon_threadsafe(lambda: self._engine.wake(hurry=hurry))

    # ---- the engine; one asyncio loop

    async def run(self) -> None:
        """Sync for ever, until cancelled, and do what other programs hand over (S26).

        Raises :class:`EngineBusyError` when another program's engine runs: what is saved here goes to that.
        """
        self._loop = asyncio.get_running_loop()
        try:
            await self._go_on()
            await self._engine.run(self._serving)
        except EngineBusyError:
            self._all_changed()  # what the other one fetched is not told here
            raise
        finally:
            self._loop = None

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        handed = Handed(self)
        async with Serving(self.account.folder, handed.do):
            self._commands.mine = True
            try:
                yield
            finally:
                self._commands.mine = False

    async def sync_once(self, timeout: float | None = None) -> Status:
        """One whole cycle, here or in the program whose engine runs.

        Raises :class:`CallFailedError`, :class:`EngineBusyError`, ``TimeoutError``.
        """
        async with asyncio.timeout(timeout):
            await self._go_on()
            return await synced(self, self._engine, timeout)

    async def sync_with_the_others(self) -> Status:
        """A whole round of the engine that runs here. Raises :class:`CallFailedError`."""
        failure = await self._engine.whole_round()
        if failure is not None:
            raise failure
        return self.status()

    async def probe(self) -> Status:
        """Ask the server once whether it is there, and whether there is more; the status after it."""
        await self._engine.look()
        return self.status()

    async def follow(self, saved: Saved, seconds: float = 5.0) -> FirstAttempt:
        """Wait for the first attempt of a save made online, ``seconds`` at most (S1)."""
        if saved.op_id is None:
            return FirstAttempt("applied", saved.action_id, None, None)
        seen = self._listeners.news()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (found := self.entry(saved.op_id)) is not None and not has_answer(found):
                    await seen.next()
        seen.close()
        return first_attempt(self.entry(saved.op_id), saved)

    @property
    def has_password_check(self) -> bool:
        """Whether the password can be asked for without the server (S12)."""
        return self._password_check.kept

    def password_fits(self, password: str) -> bool:
        """Whether it is the password that the server took last from this account here (S12)."""
        return self._password_check.fits(password)

    async def prove_session(self) -> bool:
        """Whether the server takes this session now; ``False`` when it says no or cannot be asked."""
        try:
            await self._api.receipts([])
        except CallFailedError:
            return False
        return True

    async def sign_in(self, password: str) -> None:
        """Sign in again as the same user. Raises :class:`CallFailedError`."""
        await self._api.sign_in(self.account.user_name, password)
        await asyncio.to_thread(self._password_check.keep, password)
        self._engine.wake(hurry=True)
        self._listeners.emit(StatusChanged())

    async def sign_out(self) -> None:
        """End the session; entries that wait are kept for this user (S27)."""
        await asyncio.to_thread(self._commands.tell, "sign_out")
        await self._api.sign_out()
        await self._dashboards.purge()
        self._listeners.emit(StatusChanged())

    async def dashboard(self) -> DashboardView:
        """The school's numbers, or the last known ones labelled as stale. Raises :class:`CallFailedError`."""
        return await self._dashboards.read()

    async def history(self, entity: str, entity_id: str) -> History:
        """Every version of a record, asked of the school (S14). Raises :class:`CallFailedError`."""
        return await history_of(self._store, self._api, entity, entity_id)

    async def aclose(self) -> None:
        """Close the network side."""
        await self._api.close()

    def close(self) -> None:
        """Close what is open on this computer."""
        self._dashboards.close()
        self._engine.write_log()
        self._store.close()

    def _told(self, saved: Saved) -> None:
        self._changed(saved.entity, saved.entity_id)
        self.wake()

    def _told_many(self, saved: Sequence[Saved]) -> None:
        for entity in {each.entity for each in saved}:
            self._listeners.emit(RecordsChanged(entity, None))
        self._listeners.emit(StatusChanged())
        self.wake()

    async def _go_on(self) -> None:
        """Store what a crash has left of an import, or of undoing one (D9)."""
        with self._store.read() as connection:
            left = staged.count(connection)
        if left:
            self._told_many(await asyncio.to_thread(self._saving.go_on))
            if await asyncio.to_thread(self._undoing.go_on):
                self._all_changed()

    def _all_changed(self) -> None:
        for entity in ENTITIES:
            self._listeners.emit(RecordsChanged(entity, None))
        self._listeners.emit(StatusChanged())
        self.wake()

    def _changed(self, entity: str, entity_id: str) -> None:
        self._listeners.emit(RecordsChanged(entity, (entity_id,)))
        self._listeners.emit(StatusChanged())
