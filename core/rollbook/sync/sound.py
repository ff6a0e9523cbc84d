"""Looking, before anything is sent, whether the disk has damaged what waits (S28)."""

import structlog

from rollbook.store import damage
from rollbook.store.database import StoreDatabase
from rollbook.store.errors import StoreDamagedError
from rollbook.sync.in_thread import in_thread

log = structlog.get_logger("rollbook.sync")


class SoundCheck:
    """Looks once in the life of an engine, and again on doubt. A damaged index is made anew at once."""

    def __init__(self, store: StoreDatabase) -> None:
        self._store = store
        self._due = True

    def doubt(self) -> None:
        """Something is not as it should be: look again before the next entry is sent."""
        self._due = True

    async def look(self) -> None:
        """Look, if that is due. Raises :class:`StoreDamagedError`: it is set right at the next start."""
        if self._due:
            await in_thread(self._look)
            self._due = False

    async def explain(self, nonsense: Exception) -> None:
        """What was read made no sense. Raises :class:`StoreDamagedError` if it is the file's fault."""
        await in_thread(lambda: self._store.explain(nonsense))

    def _look(self) -> None:
        with self._store.read() as connection:
            bad = damage.unsound(connection)
        if not bad:
            return
        log.error("tables_unsound", tables=bad)
        with self._store.write() as connection:
            if damage.make_indexes_anew(connection, bad):
                raise StoreDamagedError("a part of it cannot be read")
        log.warning("indexes_made_anew", tables=bad)
