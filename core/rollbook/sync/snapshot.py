"""The first sync (S20): the school's records by key, page by page, while the window is used."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from rollbook.api.client import ApiClient
from rollbook.contract.snapshot import MAX_SNAPSHOT_PAGE, SnapshotPage
from rollbook.domain import checkpoints
from rollbook.domain.clock import Clock
from rollbook.resilience.failures import CallFailedError
from rollbook.store import filling, scopes
from rollbook.store.database import StoreDatabase
from rollbook.store.filling import Filling
from rollbook.store.replica_rows import snapshot_rows
from rollbook.store.search_index import merge_some
from rollbook.store.tables import SEARCHED
from rollbook.sync.events import Emit, RecordsChanged, StatusChanged
from rollbook.sync.in_thread import in_thread
from rollbook.sync.progress import PullProgress
from rollbook.sync.settings import SyncSettings

_SMALLEST_PAGE = 100
_SWEPT_AT_ONCE = 2_000

Meanwhile = Callable[[], Awaitable[None]]
"""Called between two pages, so that what is saved meanwhile is sent meanwhile."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A page, whose it is, and the seconds that it took to come."""

    entity: str
    page: SnapshotPage
    seconds: float


class Snapshot:
    """Reads the school's records in. Progress is in the store: a new one goes on where the last was cut."""

    def __init__(
        self,
        store: StoreDatabase,
        api: ApiClient,
        *,
        clock: Clock,
        settings: SyncSettings,
        emit: Emit,
        progress: PullProgress,
        meanwhile: Meanwhile,
    ) -> None:
        self._store = store
        self._api = api
        self._clock = clock
        self._settings = settings
        self._emit = emit
        self._progress = progress
        self._meanwhile = meanwhile
        self._limit = settings.sync_snapshot_rows

    async def run(self, entity: str | None = None) -> None:
        """Read all in, or one ``entity`` alone; what an earlier run began is ended first.

        Raises :class:`CallFailedError`.
        """
        if self._running() is None:
            await self._begin(entity)
        while (at := self._running()) is not None and at.entity is not None:
            try:
                await self._read_table(at.entity, at.after)
            except CallFailedError as failure:
                if failure.code != "forbidden":
                    raise
                self._pass_over(at.entity)
        while await in_thread(self._sweep):
            await self._meanwhile()
        await self._make_indexes()
        await self._merge_words()

    async def _begin(self, entity: str | None) -> None:
        plan = await self._api.snapshot_plan()
        with self._store.write() as connection:
            if entity is None:
                filling.begin(connection, plan)
                scopes.take_plan(connection, {table.entity for table in plan.tables}, plan.rights)
            else:
                filling.begin_repair(connection, plan, entity)

    def _pass_over(self, entity: str) -> None:
        """It was withdrawn since the snapshot began: the feed, which is read after it, says so (S23)."""
        with self._store.write() as connection:
            filling.take_page(connection, entity, [], more=False)

    def _running(self) -> Filling | None:
        with self._store.read() as connection:
            at = filling.running(connection)
        if at is not None:
            self._progress.position, self._progress.head = at.taken, at.rows
        return at

    async def _read_table(self, entity: str, after: str) -> None:
        """Page by page; the next one is fetched while one is taken in."""
        coming = asyncio.create_task(self._fetch(entity, after))
        try:
            while True:
                fetched = await coming
                if fetched.page.more:
                    coming = asyncio.create_task(self._fetch(entity, fetched.page.rows[-1].id))
                await self._take(fetched)
                if not fetched.page.more:
                    return
                await self._meanwhile()
        finally:
            coming.cancel()
            await asyncio.wait([coming])

    async def _fetch(self, entity: str, after: str) -> _Fetched:
        began = self._clock.monotonic()
        try:
            page = await self._api.snapshot_page(entity, after, self._limit)
        except CallFailedError:
            self._limit = max(_SMALLEST_PAGE, self._limit // 2)
            raise
        return _Fetched(entity, page, self._clock.monotonic() - began)

    async def _take(self, fetched: _Fetched) -> None:
        held = await in_thread(lambda: self._stored(fetched))
        self._fit_pages(len(fetched.page.rows), held, fetched.seconds)
        self._running()
        self._emit(RecordsChanged(fetched.entity, None))
        self._emit(StatusChanged())

    def _stored(self, fetched: _Fetched) -> float:
        """Take the page in; returns the seconds for which a save would have had to wait."""
        rows = snapshot_rows(fetched.entity, fetched.page.rows)
        with self._store.write() as connection:
            began = self._clock.monotonic()
            filling.take_page(connection, fetched.entity, rows, more=fetched.page.more)
            checkpoints.passed("client.snapshot.before_commit")
        return self._clock.monotonic() - began

    def _fit_pages(self, rows: int, held: float, fetching: float) -> None:
        """Pages that hold up a save, and come, within their times; grown and shrunk by halves at most."""
        share = max(
            held / self._settings.sync_page_seconds, fetching / self._settings.sync_page_fetch_seconds
        )
        fitting = int(rows / max(share, 0.01))
        grown = min(max(fitting, self._limit // 2), self._limit * 2)
        self._limit = min(max(grown, _SMALLEST_PAGE), MAX_SNAPSHOT_PAGE)

    def _sweep(self) -> bool:
        with self._store.write() as connection:
            return filling.sweep(connection, _SWEPT_AT_ONCE)

    async def _make_indexes(self) -> None:
        """Each in a transaction of its own: a save waits for one of them at most."""
        while await in_thread(self._make_one_index):
            await self._meanwhile()

    async def _merge_words(self) -> None:
        """The search index in one piece, some of it by each transaction."""
        for entity in SEARCHED:
            first = True
            while await in_thread(partial(self._merge_some, entity, first=first)):
                first = False
                await self._meanwhile()

    def _merge_some(self, entity: str, *, first: bool) -> bool:
        with self._store.write() as connection:
            return merge_some(connection, entity, first=first)

    def _make_one_index(self) -> bool:
        with self._store.write() as connection:
            missing = filling.missing_index(connection)
            if missing is not None:
                filling.make_index(connection, *missing)
        return missing is not None
