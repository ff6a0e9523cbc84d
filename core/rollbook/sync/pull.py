"""Fetching what changed at the school: a page and its cursor in one local transaction (S17, S18)."""

from rollbook.api.client import ApiClient
from rollbook.contract.feed import START, ChangesPage
from rollbook.domain import checkpoints
from rollbook.domain.clock import Clock
from rollbook.store import erasing, filling, meta, open_proposals, replica, scopes, versions
from rollbook.store.database import StoreDatabase
from rollbook.sync.check import Check, note_due
from rollbook.sync.events import Emit, StatusChanged, records_changed
from rollbook.sync.known_row import known_anew, known_row, note_known
from rollbook.sync.progress import PullProgress
from rollbook.sync.settings import SyncSettings
from rollbook.sync.snapshot import Meanwhile, Snapshot

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
        # The server told of more than could be stored: where the disk is full, no table says so (S24).
        self.behind = False
        self._check = Check(store, clock, emit)
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
        while True:
            if self._is_read_in():
                await self._read_in()
            page = await self._next_page()
            came += len(page.changes)
            if not page.more:
                differing = await self._check.at_head(page)
                if differing is None:
                    return came
                await self._read_in(differing)

    async def confirm(self) -> None:
        """Learn whether the cursor is still the head, taking nothing. Raises :class:`CallFailedError`."""
        with self._store.read() as connection:
            cursor, known = meta.get(connection, meta.CURSOR), known_row(connection)
        if cursor is None:
            return
        self.doubt()
        page = await self._api.changes(cursor, 1, known)
        if page.changes or page.more:  # a page can be empty and not the last: rows for others are left out
            return
        with self._store.write() as connection:
            if meta.get(connection, meta.CURSOR) == cursor:  # no sync has gone on meanwhile
                meta.put(connection, meta.CURSOR, page.cursor)
                note_known(connection, page.cursor)
                meta.put(connection, CONFIRMED, page.cursor)
                open_proposals.take(connection, page.proposals, self._clock.now().isoformat())
                self.behind = False

    def doubt(self) -> None:
        """Whether the cursor is the head is not known, until the server says so again (S24)."""
        with self._store.write() as connection:
            meta.put(connection, CONFIRMED, None)

    def _is_read_in(self) -> bool:
        """Whether records are to be read by key before the feed is followed: all, or what was begun."""
        with self._store.read() as connection:
            return meta.get(connection, meta.CURSOR) is None or filling.running(connection) is not None

    async def _read_in(self, entity: str | None = None) -> None:
        """The records by key; then the feed goes on from before the first of them was read (S20)."""
        await self._snapshot.run(entity)
        with self._store.write() as connection:
            cursor = filling.finish(connection)
            if cursor is not None:
                meta.put(connection, meta.CURSOR, cursor)
                note_known(connection, cursor)
            note_due(connection)

    async def _next_page(self) -> ChangesPage:
        with self._store.read() as connection:
            cursor, known = meta.get(connection, meta.CURSOR) or START, known_row(connection)
        page = await self._api.changes(cursor, self._settings.sync_page_changes, known)
        self._take(page)
        return page

    def _take(self, page: ChangesPage) -> None:
        self.behind = self.behind or page.more or bool(page.changes)
        with self._store.write() as connection:
            touched = replica.apply_changes(connection, page.changes)
            for entity, gone in erasing.take(connection, page.changes).items():
                touched.setdefault(entity, []).extend(gone)
            if page.position > page.head - versions.KEPT_AT_MOST:
                versions.note(connection, page.changes, self._clock.now().isoformat())
            scopes.take_told(connection, page.changes, at_head=not page.more)
            meta.put(connection, meta.CURSOR, page.cursor)
            note_known(connection, page.cursor)
            if not page.more:
                now = self._clock.now().isoformat()
                meta.put(connection, CONFIRMED, page.cursor)
                meta.put(connection, LAST_SYNCED, now)
                open_proposals.take(connection, page.proposals, now)
            checkpoints.passed("client.pull.before_commit")
        self.behind = page.more
        self.progress.position, self.progress.head = page.position, page.head
        for entity, ids in touched.items():
            self._emit(records_changed(entity, ids))
        self._emit(StatusChanged())

    def start_anew(self) -> None:
        """We know nothing of the feed any more: it goes back not so far (S7)."""
        self.read_anew()
        with self._store.write() as connection:
            known_anew(connection, START)

    def read_anew(self) -> None:
        """Everything is read anew, over what is shown (S7, S22)."""
        with self._store.write() as connection:
            filling.abandon(connection)  # of an earlier state of the server
            scopes.begin_anew(connection)
            erasing.to_ask(connection, wanted=True)  # what the feed told of it may lie before (D3)
            meta.put(connection, meta.CURSOR, None)
            meta.put(connection, CONFIRMED, None)
