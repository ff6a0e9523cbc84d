"""One engine for each store: replay, then pull, whenever there is a reason to (S11, S19, S25, S26)."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import msgspec

from rollbook.api.client import ApiClient
from rollbook.contract.problems import Problem
from rollbook.domain.clock import Clock
from rollbook.domain.ids import uuid7_source
from rollbook.resilience.connectivity import ConnectionState
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings
from rollbook.store import fence
from rollbook.store.database import StoreDatabase
from rollbook.store.engine_lock import EngineLock
from rollbook.store.errors import StoreError
from rollbook.sync.attempt_log import AttemptLog
from rollbook.sync.erasing import Erasing
from rollbook.sync.events import Emit, StatusChanged
from rollbook.sync.files import FileSender
from rollbook.sync.granted import Granted
from rollbook.sync.lanes import LaneBackoff
from rollbook.sync.numbers import NumberKeeper
from rollbook.sync.overdue import OverdueWatch
from rollbook.sync.pull import Pull
from rollbook.sync.recovery import Recovery
from rollbook.sync.replay import Replay
from rollbook.sync.reporting import Reporting
from rollbook.sync.settings import SyncSettings
from rollbook.sync.sound import SoundCheck
from rollbook.sync.tidying import Tidying
from rollbook.sync.withdrawn import Forget, Withdrawn

_SLEPT_SECONDS = 15.0  # far more than a busy loop is late; the clock counts sleep (S29)
_NONSENSE = (ValueError, TypeError, KeyError, AttributeError, msgspec.MsgspecError)
"""What a store raises whose rows are not what was written (S28); else it is a defect of ours."""


class EngineBusyError(Exception):
    """Another process (the window, say) already sends for this store."""


class SyncEngine:
    """Runs in one asyncio loop. A failure of the network is a state here and is waited out."""

    _begun = 0
    _ended = 0  # rounds: who waits for a whole one counts them
    _round_failure: CallFailedError | None = None

    def __init__(
        self,
        store: StoreDatabase,
        api: ApiClient,
        folder: Path,
        *,
        device: str,
        clock: Clock,
        chance: random.Random,
        settings: SyncSettings,
        numbers: NumberKeeper,
        resilience: ResilienceSettings,
        log: AttemptLog,
        emit: Emit,
        forget: Forget,
        version: str,
    ) -> None:
        self._store = store
        self._api = api
        self._lock = EngineLock(folder)
        self._chance = chance
        self._settings = settings
        self.numbers = numbers
        self._resilience = resilience
        self._log = log
        self._emit = emit
        self._lanes = LaneBackoff(clock, settings, chance)
        self.files = FileSender(store, api, settings.sync_file_cache_bytes)
        self._replay = self._replay_of(device, clock)
        self._pull = Pull(
            store, api, clock=clock, settings=settings, emit=emit, meanwhile=self._send_meanwhile
        )
        self._erasing = Erasing(store, api, emit)
        self._recovery = Recovery(
            store,
            api,
            clock=clock,
            new_id=uuid7_source(clock),
            settings=settings,
            emit=emit,
            files=self.files,
            erasing=self._erasing,
            read_anew=self._pull.read_anew,
        )
        self._sound = SoundCheck(store)
        self._tidying = Tidying(store, clock, settings)
        self._withdrawn = self._withdrawn_of(device, clock)
        self._forget = forget
        self._granted = Granted(store, api, settings=settings, emit=emit)
        self._reporting = Reporting(store, api, clock=clock, settings=settings, version=version)
        self._overdue = OverdueWatch(store, clock, settings.sync_overdue_seconds)
        self._clock = clock
        self._wake = asyncio.Event()
        self._hurry = False
        self._round_over = asyncio.Event()
        self._was_offline = False
        self.work_offline = False
        self.syncing = False
        self.broken = False

    @property
    def progress(self) -> tuple[int, int]:
        """(changes pulled so far, changes in the feed)."""
        return self._pull.progress.position, self._pull.progress.head

    @property
    def behind(self) -> bool:
        """Whether the server told of changes that could not be stored yet."""
        return self._pull.behind

    @property
    def overdue(self) -> tuple[str, ...]:
        """Entries that should have gone while the server was there, and did not (S25)."""
        return self._overdue.overdue

    def wake(self, *, hurry: bool = False) -> None:
        """Go now; from the engine's loop. ``hurry``: a person asked, so nothing waits its turn."""
        self._hurry = self._hurry or hurry
        self._wake.set()

    async def run(
        self, beside: Callable[[], AbstractAsyncContextManager[None]] = contextlib.nullcontext
    ) -> None:
        """Sync for ever, until cancelled. Raises :class:`EngineBusyError` when another engine runs.

        ``beside`` is open for as long as this is the store's only engine.
        """
        with await self._only_engine_when_writable():
            async with beside():
                await self._run()

    async def whole_round(self) -> CallFailedError | None:
        """Go now, and wait for a whole round that begins after this; what failed it, if anything did."""
        wanted = self._begun + 1
        self.wake(hurry=True)
        while self._ended < wanted:
            await self._round_over.wait()
        return self._round_failure

    async def _run(self) -> None:
        self.broken = False
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch_store())
                tasks.create_task(self._listen())
                tasks.create_task(self._rounds())
        except Exception:
            self.broken = True  # nothing is sent until it runs again, and the status must say so (S24)
            raise

    async def once(self) -> None:
        """One whole cycle: replay until nothing is due, then pull to the head.

        Raises :class:`EngineBusyError`, or :class:`CallFailedError` for a failure of the system.
        """
        with self._only_engine():
            self._lanes.all_due()
            try:
                await self._cycle()
            finally:
                self.write_log()

    async def look(self) -> None:
        """Ask once whether the server is there and whether there is more; changes no entry and no record."""
        try:
            await self._api.probe()
            await self._pull.confirm()
        except (CallFailedError, StoreError):
            pass  # the connection state tells it, or the store's trouble
        finally:
            self.write_log()

    def write_log(self) -> None:
        """Keep what is known of the requests made by now, where the store lets it; from any thread."""
        with contextlib.suppress(StoreError):  # the status tells it; nothing of a person's is lost
            self._log.flush(self._store)

    async def _only_engine_when_writable(self) -> contextlib.ExitStack:
        """Where the folder is read-only, nothing can be sent until it is not; what is here can be read."""
        while True:
            taken = contextlib.ExitStack()
            try:
                taken.enter_context(self._only_engine())
            except StoreError as error:
                self._store.trouble = error.word
                await asyncio.sleep(self._settings.sync_poll_seconds)
            else:
                return taken

    @contextlib.contextmanager
    def _only_engine(self) -> Iterator[None]:
        if not self._lock.take():
            raise EngineBusyError
        try:
            yield
        finally:
            self._lock.release()

    async def _rounds(self) -> None:
        while True:
            self._begun += 1
            delay = await self._round()
            self._ended = self._begun
            over, self._round_over = self._round_over, asyncio.Event()
            over.set()
            self._emit(StatusChanged())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            self._wake.clear()

    async def _round(self) -> float:
        """One attempt at a cycle; returns the seconds to wait before the next."""
        self._round_failure = None
        if self.work_offline:
            return self._settings.sync_poll_seconds
        if self._hurry:
            self._hurry, self._was_offline = False, False
            self._lanes.all_due()
            self._api.breaker.ask_now()
        try:
            if self._api.connection().state is ConnectionState.OFFLINE or self._was_offline:
                await self._come_back()
            await self._cycle()
        except CallFailedError as failure:
            self._round_failure = failure
            return self._after(failure)
        except StoreError:
            return self._settings.sync_poll_seconds  # told by the status; the entry is where it was
        finally:
            self.write_log()
        due = self._lanes.next_due_in()
        return self._settings.sync_poll_seconds if due is None else min(due, self._settings.sync_poll_seconds)

    async def _come_back(self) -> None:
        """Probe until the breaker is satisfied; then all is due, spread so that desks return one by one."""
        while self._api.connection().state is ConnectionState.OFFLINE:
            await self._api.probe()
        if self._was_offline:
            self._was_offline = False
            self._lanes.all_due()
            self._emit(StatusChanged())
            spread = self._resilience.breaker_recovery_seconds * self._settings.sync_recovery_jitter
            await asyncio.sleep(self._chance.uniform(0.0, spread))

    async def _cycle(self) -> None:
        self.syncing = True
        try:
            try:
                await self._there_and_back()
            except CallFailedError as failure:
                await self._find_the_way(failure)
                await self._there_and_back()
            if self._overdue.look({*self._lanes.held(), *self._withdrawn.lanes()}):
                self._sound.doubt()
                self._lanes.all_due()  # whatever held them is forgotten; the next cycle tries all again
            await self._reporting.tell(overdue=bool(self.overdue))
            await self.numbers.top_up()
            self._tidying.look()
        except _NONSENSE as error:
            await self._sound.explain(error)
            raise
        except CallFailedError as failure:
            with contextlib.suppress(StoreError):  # then the store's trouble keeps it from being up to date
                self._pull.doubt()  # whatever was the head when last asked is not known to be so now (S24)
            if failure.problem is not None:  # the server is there: it has said so
                await self._reporting.tell(overdue=bool(self.overdue))
            raise
        finally:
            self.syncing = False

    def _replay_of(self, device: str, clock: Clock) -> Replay:
        return Replay(
            self._store,
            self._api,
            device=device,
            clock=clock,
            settings=self._settings,
            lanes=self._lanes,
            log=self._log,
            emit=self._emit,
            files=self.files,
        )

    def _withdrawn_of(self, device: str, clock: Clock) -> Withdrawn:
        return Withdrawn(
            self._store,
            self._api,
            device=device,
            clock=clock,
            settings=self._settings,
            lanes=self._lanes,
            log=self._log,
            files=self.files,
            emit=self._emit,
        )

    async def _send_meanwhile(self) -> None:
        """What is saved while a long pull runs goes at once, too (S1)."""
        if self._wake.is_set():  # stays so: there is another round after this one
            await self._replay.run()

    async def _find_the_way(self, failure: CallFailedError) -> None:
        """The feed cannot be followed from here: the server was put back (S22), or it is too long ago.

        Or this computer was, and counts its cut requests from long ago (S7).
        """
        if failure.code == "cursor-too-old":
            self._pull.start_anew()
        elif failure.code == "cursor-unknown":
            await self._recovery.notice()
        elif failure.code == "arrived-late":
            with self._store.write() as connection:
                fence.take_told(connection, failure.problem if isinstance(failure.problem, Problem) else None)
        else:
            raise failure

    async def _there_and_back(self) -> None:
        """Send, then pull. A server that was put back first gets back what it lost (S22)."""
        await self._sound.look()
        await self._erasing.learn()
        await self._recovery.run()
        await self._replay.run()
        await self._pull.run()
        await self._erasing.wipe(self._forget)
        left = await self._withdrawn.run(self._forget)
        if await self._granted.run() or left:
            await self._pull.run()  # what is here now is compared with the school once more (S21)

    def _after(self, failure: CallFailedError) -> float:
        """Seconds until the next attempt: soon while in doubt, at the breaker's time once it is open."""
        connection = self._api.connection()
        self._was_offline = self._was_offline or connection.state is ConnectionState.OFFLINE
        if failure.retry_after is not None:
            return max(failure.retry_after, self._settings.sync_doubt_seconds)
        if connection.state is ConnectionState.SIGNED_OUT:
            return self._settings.sync_poll_seconds
        if connection.next_attempt_in is not None:
            return max(connection.next_attempt_in, 0.05)
        if failure.kind in (FailureKind.TRANSIENT, FailureKind.LOCAL):
            return self._settings.sync_doubt_seconds
        return self._settings.sync_poll_seconds

    async def _watch_store(self) -> None:
        """Notice what another process saved into the outbox (S26), and that the computer has slept."""
        seen, looked = 0, self._clock.monotonic()
        while True:
            await asyncio.sleep(self._settings.sync_watch_seconds)
            before, looked = looked, self._clock.monotonic()
            if looked - before > _SLEPT_SECONDS:
                self.wake(hurry=True)  # it may stand in another network now: nobody waits for a breaker
            with contextlib.suppress(StoreError):  # told by whoever next reads or writes
                seen = self._woken_by(seen)

    def _woken_by(self, seen: int) -> int:
        now = self._store.data_version()
        if now != seen:
            self.wake()
        return now

    async def _listen(self) -> None:
        """Server-sent events say only that there is more (S19); without them, polling goes on.

        A stream that is cut or silent soon after its start is asked for less and less often: a proxy between
        may keep it back for good.
        """
        patience = self._settings.sync_live_retry_seconds
        while True:
            while self.work_offline or self._api.connection().state is not ConnectionState.ONLINE:
                patience = self._settings.sync_live_retry_seconds  # it will be another way to the server
                await asyncio.sleep(self._settings.sync_watch_seconds)
            began = self._clock.monotonic()
            with contextlib.suppress(CallFailedError):
                async for _more in self._api.events():
                    self.wake()
            if self._clock.monotonic() - began > 2 * self._resilience.live_silence_seconds:
                patience = self._settings.sync_live_retry_seconds
            await asyncio.sleep(patience)
            patience = min(2 * patience, self._settings.sync_live_retry_cap_seconds)
