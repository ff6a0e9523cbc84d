"""Noticing that an entry is due, the server is there, and still nothing sends it (S25)."""

from collections.abc import Collection, Sequence

import structlog

from rollbook.domain.clock import Clock
from rollbook.store.database import StoreDatabase
from rollbook.store.unexplained import without_a_reason

log = structlog.get_logger("rollbook.sync")


class OverdueWatch:
    """Looks after each whole cycle. What is found twice, ``patience`` seconds apart, is a defect of ours."""

    def __init__(self, store: StoreDatabase, clock: Clock, patience: float) -> None:
        self._store = store
        self._clock = clock
        self._patience = patience
        self._since: dict[str, float] = {}
        self.overdue: tuple[str, ...] = ()

    def look(self, waiting_lanes: Collection[str]) -> bool:
        """Look now, after everything due was sent; whether one more entry has become overdue."""
        with self._store.read() as connection:
            found = without_a_reason(connection, waiting_lanes)
        now = self._clock.monotonic()
        self._since = {op_id: self._since.get(op_id, now) for op_id in found}
        overdue = tuple(op_id for op_id, since in self._since.items() if now - since >= self._patience)
        new = [op_id for op_id in overdue if op_id not in self.overdue]
        self.overdue = overdue
        self._report(new)
        return bool(new)

    def _report(self, op_ids: Sequence[str]) -> None:
        for op_id in op_ids:
            waited = round(self._clock.monotonic() - self._since[op_id], 1)
            log.error("entry_overdue", op_id=op_id, seconds=waited)
