"""The facade: everything that the window and the command line do with a school (H2, H3)."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rollbook.api.client import ApiClient
from rollbook.client import entries, requests
from rollbook.client.accounts import Account
from rollbook.client.dashboard import Dashboards, DashboardView
from rollbook.client.first_attempt import first_attempt, has_answer
from rollbook.client.listeners import Listeners
from rollbook.client.numbers import numbered_entity
from rollbook.client.resolving import Chosen, Resolving
from rollbook.client.saving import Saving
from rollbook.client.values import (
    Attempt,
    Edit,
    Event,
    FirstAttempt,
    RecordPage,
    RecordQuery,
    RecordRow,
    RecordsChanged,
    Saved,
    Status,
    StatusChanged,
    Story,
    WaitingEntry,
)
from rollbook.domain.files import file_value
from rollbook.domain.registry import ENTITIES
from rollbook.resilience.failures import CallFailedError
from rollbook.store import aliases, files, listing, outbox, soundness, staged
from rollbook.store.database import StoreDatabase
from rollbook.store.errors import NotAllowedNowError
from rollbook.store.password_check import PasswordCheck
from rollbook.store.states import ACTIVE, State
from rollbook.sync.engine import SyncEngine
from rollbook.sync.status import table_status


class Client:
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
    ) -> None:
        self.account = account
        self._store = store
        self._api = api
        self._engine = engine
        self._saving = saving
        self._resolving = resolving
        self._listeners = listeners
        self._dashboards = dashboards
        self._password_check = PasswordCheck(account.folder)
        self._loop: asyncio.AbstractEventLoop | None = None

    # ---- events

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have ``listener`` called, on whichever thread, at each change; returns the way to stop it."""
        return self._listeners.add(listener)

    # ---- queries

    def records(self, query: RecordQuery) -> RecordPage:
        """A page of records that are not archived. Raises ``KeyError`` for an unknown entity or field."""
        with self._store.read() as connection:
            page = listing.page(
                connection,
                query.entity,
                words=query.text,
                sort=query.sort,
                descending=query.descending,
                limit=query.limit,
                offset=query.offset,
                filters=query.filters,
            )
        return RecordPage(tuple(_record(query.entity, row) for row in page.rows), page.total)

    def record(self, entity: str, entity_id: str) -> RecordRow | None:
        """One record, archived ones too; ``None`` when this computer has none."""
        with self._store.read() as connection:
            row = listing.one(connection, entity, aliases.meant(connection, entity, entity_id))
        return None if row is None else _record(entity, row)

    def every_record(self, entity: str) -> Iterator[tuple[RecordRow, bool]]:
        """Every record here with whether it is archived, read as one consistent whole."""
        with self._store.read() as connection:
            for row in listing.every(connection, entity):
                yield _record(entity, row), bool(row["deleted"])

    def entries_of(self, entity: str, entity_id: str) -> tuple[WaitingEntry, ...]:
        """The record's entries that wait, in the order in which they go."""
        with self._store.read() as connection:
            found = outbox.rows_of_record(connection, aliases.meant(connection, entity, entity_id))
        return entries.waiting_entries([row for row in found if row.entity == entity])

    def entry(self, op_id: str) -> WaitingEntry | None:
        """One entry, settled ones too."""
        with self._store.read() as connection:
            row = outbox.find(connection, op_id)
        return None if row is None else entries.waiting_entry(row)

    def entries(
        self, *, states: tuple[str, ...] | None = None, limit: int = 500, offset: int = 0
    ) -> tuple[WaitingEntry, ...]:
        """Entries in those states (all that wait, without), in the order in which they go."""
        with self._store.read() as connection:
            found = outbox.rows(connection, states or ACTIVE, limit, offset)
        return entries.waiting_entries(list(found))

    def status(self) -> Status:
        """The truth, computed from the tables now (S24)."""
        connection_now = self._api.connection()
        reachable = connection_now.state.value == "online" and not self._engine.work_offline
        with self._store.read() as connection:
            tables = table_status(
                connection,
                reachable=reachable,
                runs=not self._engine.broken,
                overdue=bool(self._engine.overdue),
            )
            records = listing.count(connection, "student")
        pulled, to_pull = self._engine.progress
        count = tables.counts.get
        return Status(
            connection="offline" if self._engine.work_offline else connection_now.state.value,
            reason="work_offline" if self._engine.work_offline else connection_now.reason,
            breaker=self._api.breaker.state.value,
            queued=count(State.QUEUED, 0),
            sending=count(State.SENDING, 0),
            unknown=count(State.UNKNOWN, 0),
            failed=count(State.FAILED, 0),
            parked=count(State.PARKED, 0),
            conflicts=count(State.CONFLICT, 0),
            giving_back=tables.giving_back,
            put_back="server_put_back" in tables.outstanding,
            oldest_waiting_at=tables.oldest_waiting_at,
            last_synced_at=tables.last_synced_at,
            cursor=tables.cursor,
            up_to_date=not tables.outstanding,
            outstanding=tables.outstanding,
            since=connection_now.since,
            next_attempt_in=connection_now.next_attempt_in,
            syncing=self._engine.syncing,
            pulled=pulled,
            to_pull=to_pull,
            records=records,
            user=self.account.user_name,
            role=self.account.role,
            school=self.account.school_name,
            server=self.account.url,
        )

    def find_request(self, wanted: str) -> Story:
        """What this computer knows of a request id, action id or entry id."""
        with self._store.read() as connection:
            return requests.story(connection, wanted)

    def recent_attempts(self, limit: int = 200, failed_only: bool = True) -> tuple[Attempt, ...]:
        """The latest requests, newest first."""
        with self._store.read() as connection:
            return requests.recent(connection, limit, failed_only)

    def verify(self) -> list[str]:
        """What is wrong with the store's file, in words; empty when it is sound."""
        with self._store.read() as connection:
            return soundness.problems(connection)

    # ---- commands

    def save(self, edit: Edit) -> Saved:
        """Make an edit durable here; it goes to the school by itself (S1)."""
        saved = self._saving.save(edit)
        self._told(saved)
        return saved

    def save_many(self, edits: list[Edit], run: str) -> list[Saved]:
        """Make all edits durable as one, or none, under one run id (D9)."""
        saved = self._saving.save_many(edits, run)
        self._told_many(saved)
        return saved

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

    def archive(self, entity: str, entity_id: str) -> Saved:
        """Archive a record (D3)."""
        saved = self._saving.archive(entity, entity_id)
        self._told(saved)
        return saved

    def take_back(self, op_id: str) -> bool:
        """Undo an entry that was never sent, as if it had never been (S6); ``False`` when it has gone out."""
        with self._store.write() as connection:
            row = outbox.find(connection, op_id)
            done = row is not None and outbox.take_back(connection, ENTITIES[row.entity], op_id)
        if done:
            self._changed(row.entity, row.entity_id)
        return done

    def retry(self, op_id: str) -> None:
        """Send a refused or failed entry again. Raises :class:`NotAllowedNowError`."""
        with self._store.write() as connection:
            outbox.retry(connection, op_id)
            row = outbox.find(connection, op_id)
        self._changed(row.entity, row.entity_id)
        self.wake()

    def discard(self, op_id: str) -> list[dict[str, Any]]:
        """Give an entry up; returns what was discarded, for export. Raises :class:`NotAllowedNowError`."""
        with self._store.write() as connection:
            row = outbox.find(connection, op_id)
            if row is None:
                raise NotAllowedNowError("There is no such entry.")
            at = self._saving.clock.now().isoformat()
            given_up = outbox.discard(connection, ENTITIES[row.entity], op_id, at)
        self._changed(row.entity, row.entity_id)
        return given_up

    def resolve(self, op_id: str, choices: Mapping[str, Chosen]) -> Saved:
        """Settle a conflict by a person's choice (S14). Raises :class:`NotAllowedNowError`."""
        saved = self._resolving.resolve(op_id, choices)
        self._told(saved)
        return saved

    def work_offline(self, on: bool) -> None:
        """Stop or resume sending by a person's wish (W3)."""
        self._engine.work_offline = on
        self._listeners.emit(StatusChanged())
        if not on:
            self.wake()

    def wake(self, *, hurry: bool = False) -> None:
        """Have the running engine go now; from any thread. ``hurry``: a person asked."""
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop has just ended
                self._loop.call_soon_threadsafe(lambda: self._engine.wake(hurry=hurry))

    # ---- the engine; one asyncio loop

    async def run(self) -> None:
        """Sync for ever, until cancelled. Raises :class:`EngineBusyError` when another engine runs."""
        self._loop = asyncio.get_running_loop()
        try:
            await self._go_on()
            await self._engine.run()
        finally:
            self._loop = None

    async def sync_once(self, timeout: float | None = None) -> Status:
        """One whole cycle. Raises :class:`CallFailedError`, :class:`EngineBusyError`, ``TimeoutError``."""
        async with asyncio.timeout(timeout):
            await self._go_on()
            await self._engine.once()
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
        await self._api.sign_out()
        await self._dashboards.purge()
        self._listeners.emit(StatusChanged())

    async def dashboard(self) -> DashboardView:
        """The school's numbers, or the last known ones labelled as stale. Raises :class:`CallFailedError`."""
        return await self._dashboards.read()

    async def find_request_everywhere(self, wanted: str) -> Story:
        """What this computer and the server know of a request (R17)."""
        return await requests.story_everywhere(self._store, self._api, wanted)

    async def aclose(self) -> None:
        """Close the network side."""
        await self._api.close()

    def close(self) -> None:
        """Close what is open on this computer."""
        self._dashboards.close()
        self._store.close()

    # ---- telling

    def _told(self, saved: Saved) -> None:
        self._changed(saved.entity, saved.entity_id)
        self.wake()

    def _told_many(self, saved: Sequence[Saved]) -> None:
        for entity in {each.entity for each in saved}:
            self._listeners.emit(RecordsChanged(entity, None))
        self._listeners.emit(StatusChanged())
        self.wake()

    async def _go_on(self) -> None:
        """Store what a crash has left of an import (D9)."""
        with self._store.read() as connection:
            left = staged.count(connection)
        if left:
            self._told_many(await asyncio.to_thread(self._saving.go_on))

    def _changed(self, entity: str, entity_id: str) -> None:
        self._listeners.emit(RecordsChanged(entity, (entity_id,)))
        self._listeners.emit(StatusChanged())


def _record(entity: str, row: Mapping[str, Any]) -> RecordRow:
    values = {name: row[name] for name in ENTITIES[entity].names}
    return RecordRow(row["id"], values, row["mark"], row["version"])
