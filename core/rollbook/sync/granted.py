"""Fetching the records of a scope that was granted, from where this computer's feed is (S23)."""

from functools import partial

from rollbook.api.client import ApiClient
from rollbook.contract.snapshot import SnapshotPage
from rollbook.domain import checkpoints
from rollbook.resilience.failures import CallFailedError
from rollbook.store import scopes
from rollbook.store.database import StoreDatabase
from rollbook.store.filling import put_page
from rollbook.store.replica_rows import snapshot_rows
from rollbook.store.scopes import Coming
from rollbook.sync.events import Emit, RecordsChanged, StatusChanged
from rollbook.sync.in_thread import in_thread
from rollbook.sync.known_row import known_row
from rollbook.sync.settings import SyncSettings

_MOVED = ("forbidden", "not-found")
"""Withdrawn again meanwhile: the next pull tells."""


class Granted:
    """Fetches a small snapshot page by page; each is stored with how far it got, so that a cut goes on there.

    The server reads no record before it has found the last row that we know of in its feed, so none is older
    than what our cursor passed while the user might not see it. What the feed brings newer stays (S18).
    """

    def __init__(self, store: StoreDatabase, api: ApiClient, *, settings: SyncSettings, emit: Emit) -> None:
        self._store = store
        self._api = api
        self._settings = settings
        self._emit = emit

    async def run(self) -> bool:
        """Fetch all that is coming; whether anything was. Raises :class:`CallFailedError`."""
        came = False
        while (coming := self._next()) is not None:
            try:
                page = await self._api.snapshot_page(
                    coming.scope.entity, coming.after, self._settings.sync_snapshot_rows, self._known()
                )
            except CallFailedError as failure:
                if failure.code in _MOVED:
                    return came
                raise
            await in_thread(partial(self._take, coming, page))
            self._emit(RecordsChanged(coming.scope.entity, None))
            self._emit(StatusChanged())
            came = True
        return came

    def _next(self) -> Coming | None:
        with self._store.read() as connection:
            coming = scopes.coming(connection)
        return coming[0] if coming else None

    def _known(self) -> str:
        with self._store.read() as connection:
            return known_row(connection)

    def _take(self, coming: Coming, page: SnapshotPage) -> None:
        rows = snapshot_rows(coming.scope.entity, page.rows)
        with self._store.write() as connection:
            if coming not in scopes.coming(connection):
                return  # withdrawn again while it was on its way
            put_page(connection, coming.scope.entity, rows)
            after = page.rows[-1].id if page.rows else coming.after
            scopes.fetched(connection, coming.scope, after, more=page.more)
            checkpoints.passed("client.granted.before_commit")
