"""Fetching what changed at the school: a page and its cursor in one local transaction (S17, S18)."""

from rollbook.api.client import ApiClient
from rollbook.contract.feed import START, ChangesPage
from rollbook.domain import checkpoints
from rollbook.domain.clock import Clock
from rollbook.store import filling, meta, refill, replica, versions
from rollbook.store.database import StoreDatabase
from rollbook.sync.events import Emit, StatusChanged, records_changed
from rollbook.sync.known_row import known_row, note_known
from rollbook.sync.progress import PullProgress
from rollbook.sync.settings import SyncSettings
from rollbook.sync.snapshot import Meanwhile, Snapshot

CURSOR = "cursor"
CONFIRMED = "confirmed_cursor"  # the cursor that was the head when last asked
LAST_SYNCED = "last_synced_at"


class Pull:
    """Follows the feed to its head."""

    def __init__(
        self,
        store: StoreDatabase,
        api: ApiClient,
        *,
        clock: Clock,
        settings: SyncSettings,
        emit: Emit,
        meanwhile: Meanwhile,
    ) -> None:
        self._store = store
        self._api = api
        self._clock = clock
        self._settings = settings
        self._emit = emit
        self.progress = PullProgress()
        self._snapshot = Snapshot(
            store,
            api,
            clock=clock,
            settings=settings,
            emit=emit,
            progress=self.progress,
            meanwhile=meanwhile,
        )

    async def run(self) -> int:
        """Pull until the head is reached; returns how many changes came. Raises :class:`CallFailedError`."""
        came = 0
        if self._is_first():
            await self._first_sync()
        while True:
            page = await self._next_page()
            came += len(page.changes)
            if not page.more:
                return came

    async def confirm(self) -> None:
        """Learn whether the cursor is still the head, taking nothing. Raises :class:`CallFailedError`."""
        with self._store.read() as connection:
            cursor, known = meta.get(connection, CURSOR), known_row(connection)
        if cursor is None:
            return
        self.doubt()
        page = await self._api.changes(cursor, 1, known)
        if page.changes or page.more:  # a page can be empty and not the last: rows for others are left out
            return
        with self._store.write() as connection:
            if meta.get(connection, CURSOR) == cursor:  # no sync has gone on meanwhile
                meta.put(connection, CURSOR, page.cursor)
                note_known(connection, page.cursor)
                meta.put(connection, CONFIRMED, page.cursor)

    def doubt(self) -> None:
        """Whether the cursor is the head is not known, until the server says so again (S24)."""
        with self._store.write() as connection:
            meta.put(connection, CONFIRMED, None)

    def _is_first(self) -> bool:
        with self._store.read() as connection:
            return meta.get(connection, CURSOR) is None

    async def _first_sync(self) -> None:
        """The records by key, then the feed from where it was before the first of them was read (S20)."""
        await self._snapshot.run()
        with self._store.write() as connection:
            cursor = filling.finish(connection)
            meta.put(connection, CURSOR, cursor)
            note_known(connection, cursor)

    async def _next_page(self) -> ChangesPage:
        with self._store.read() as connection:
            cursor, known = meta.get(connection, CURSOR) or START, known_row(connection)
        page = await self._api.changes(cursor, self._settings.sync_page_changes, known)
        self._take(page)
        return page

    def _take(self, page: ChangesPage) -> None:
        with self._store.write() as connection:
            touched = replica.apply_changes(connection, page.changes)
            if page.position > page.head - versions.KEPT_AT_MOST:
                versions.note(connection, page.changes, self._clock.now().isoformat())
            meta.put(connection, CURSOR, page.cursor)
            note_known(connection, page.cursor)
            if not page.more:
                for entity, ids in refill.finish(connection).items():
                    touched.setdefault(entity, []).extend(ids)
                meta.put(connection, CONFIRMED, page.cursor)
                meta.put(connection, LAST_SYNCED, self._clock.now().isoformat())
            checkpoints.passed("client.pull.before_commit")
        self.progress.position, self.progress.head = page.position, page.head
        for entity, ids in touched.items():
            self._emit(records_changed(entity, ids))
        self._emit(StatusChanged())

    def read_anew(self) -> None:
        """The server was put back: everything is read anew, over what is shown (S22)."""
        with self._store.write() as connection:
            refill.begin(connection)
            meta.put(connection, CURSOR, START)
            meta.put(connection, CONFIRMED, None)
