"""Forgetting what was kept long enough, now and then (S22)."""

from datetime import timedelta

from rollbook.domain.clock import Clock
from rollbook.store import recovery, retention, set_aside_files
from rollbook.store.database import StoreDatabase
from rollbook.sync.settings import SyncSettings

_BETWEEN_SECONDS = 3_600.0


class Tidying:
    """Looks once an hour at most, and never while a server that was put back still gets something back."""

    def __init__(self, store: StoreDatabase, clock: Clock, settings: SyncSettings) -> None:
        self._store = store
        self._clock = clock
        self._kept = timedelta(days=settings.sync_acknowledged_days)
        self._next = 0.0

    def look(self) -> None:
        """Called after a whole sync that went well: what is forgotten then is at the school."""
        if self._clock.monotonic() < self._next:
            return
        self._next = self._clock.monotonic() + _BETWEEN_SECONDS
        set_aside_files.wipe_what_was_left(self._store)
        with self._store.write() as connection:
            if recovery.step(connection) is None:
                retention.forget_before(connection, (self._clock.now() - self._kept).isoformat())
