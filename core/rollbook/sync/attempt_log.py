"""Remembers each request with the entries it carried, in the transaction that settles them (R16, R17)."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection

from rollbook.api.exchange import Exchange
from rollbook.store import attempts
from rollbook.store.attempts import AttemptRow
from rollbook.store.database import StoreDatabase

_carried: ContextVar[tuple[str, ...]] = ContextVar("carried", default=())


class AttemptLog:
    """Collects what the API client observes until it is written, from the loop or from a thread beside it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unwritten: list[AttemptRow] = []

    @contextmanager
    def carrying(self, op_ids: Sequence[str]) -> Iterator[None]:
        """Requests made inside carry these entries."""
        token = _carried.set(tuple(op_ids))
        try:
            yield
        finally:
            _carried.reset(token)

    def observe(self, exchange: Exchange) -> None:
        """Take one request; an answered read that went well has no story to tell and is passed over."""
        op_ids = _carried.get()
        if exchange.outcome == "ok" and not op_ids:
            return
        self._note(
            AttemptRow(
                request_id=exchange.request_id,
                action_id=exchange.action_id,
                method=exchange.method,
                route=exchange.route,
                started_at=exchange.started_at,
                duration_ms=exchange.duration_ms,
                status=exchange.status,
                outcome=exchange.outcome,
                error=exchange.error,
                op_ids=op_ids,
            )
        )

    def _note(self, row: AttemptRow) -> None:
        with self._lock:
            self._unwritten.append(row)

    def write(self, connection: Connection) -> None:
        """Write what was collected, in the caller's transaction."""
        with self._lock:
            taken, self._unwritten = self._unwritten, []
        attempts.add(connection, taken)

    def flush(self, store: StoreDatabase) -> None:
        """Write what was collected, if anything."""
        if self._unwritten:
            with store.write() as connection:
                self.write(connection)
