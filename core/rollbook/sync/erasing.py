"""Who was erased at the school is erased here, and told to a school that has lost it (D3, S22)."""

from collections.abc import Awaitable, Callable

from rollbook.api.client import ApiClient
from rollbook.contract.erasure import MAX_ERASED
from rollbook.contract.snapshot import FIRST
from rollbook.domain import checkpoints
from rollbook.resilience.failures import CallFailedError
from rollbook.store import erasing
from rollbook.store.database import StoreDatabase
from rollbook.store.errors import StoreError
from rollbook.sync.events import Emit, RecordsChanged, StatusChanged
from rollbook.sync.in_thread import in_thread

_EARLIER_SERVER = ("not-found", "method-not-allowed")
"""What one answers that knows of no erasures yet: there are none."""


class Erasing:
    """What the feed does not tell: it begins later, or this program's earlier release passed it over."""

    def __init__(self, store: StoreDatabase, api: ApiClient, emit: Emit) -> None:
        self._store = store
        self._api = api
        self._emit = emit

    async def learn(self) -> None:
        """Ask for all who were erased, where that is due. Raises :class:`CallFailedError`."""
        with self._store.read() as connection:
            if not erasing.is_to_ask(connection):
                return
        after, more = FIRST, True
        while more:
            try:
                page = await self._api.erased(after, MAX_ERASED)
            except CallFailedError as failure:
                if failure.code not in _EARLIER_SERVER:
                    raise
                break
            with self._store.write() as connection:
                gone = erasing.take(connection, page.erased)
            self._told(gone)
            more = page.more and bool(page.erased)
            after = page.erased[-1].id if page.erased else after
        with self._store.write() as connection:
            erasing.to_ask(connection, wanted=False)

    async def tell(self) -> None:
        """Before anything is given back to a school that was put back. Raises :class:`CallFailedError`."""
        with self._store.read() as connection:
            known = erasing.known(connection)
        for start in range(0, len(known), MAX_ERASED):
            try:
                await self._api.tell_erased(known[start : start + MAX_ERASED])
            except CallFailedError as failure:
                if failure.code not in _EARLIER_SERVER:
                    raise
                return

    async def wipe(self, forget: Callable[[], Awaitable[None]]) -> None:
        """Leave no byte of them, where that is due; what is in the way now is tried again next time."""
        with self._store.read() as connection:
            if not erasing.is_to_wipe(connection):
                return
        await forget()
        try:
            checkpoints.passed("client.erasing.before_wipe")
            await in_thread(lambda: erasing.wipe(self._store))
        except (StoreError, OSError):
            return  # a full disk, or a file that somebody holds: the rows are gone, the bytes follow

    def _told(self, gone: erasing.Gone) -> None:
        for entity in gone:
            self._emit(RecordsChanged(entity, None))
        self._emit(StatusChanged())
