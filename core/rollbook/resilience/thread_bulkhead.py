"""A bulkhead for work that blocks: its own few threads and its own short queue (R7)."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from rollbook.resilience.bulkhead import BulkheadClosedError, BulkheadFullError

_Result = TypeVar("_Result")


class ThreadBulkhead:
    """Safe for threads. Work sees the context (request ID, deadline) of whoever handed it in."""

    def __init__(self, name: str, *, concurrent: int, queue: int, retry_after_seconds: float) -> None:
        self.name = name
        self.room = concurrent + queue
        self._retry_after = retry_after_seconds
        self._threads = ThreadPoolExecutor(concurrent, thread_name_prefix=f"rollbook-{name}")
        self._lock = threading.Lock()
        self._inside = 0
        self._closed = False
        self.rejected = 0

    @property
    def inside(self) -> int:
        """How many pieces of work run or wait."""
        with self._lock:
            return self._inside

    def submit(self, work: Callable[[], _Result]) -> "Future[_Result]":
        """Hand ``work`` in. Raises :class:`BulkheadFullError` or :class:`BulkheadClosedError` at once."""
        with self._lock:
            if self._closed:
                raise BulkheadClosedError(self.name)
            if self._inside >= self.room:
                self.rejected += 1
                raise BulkheadFullError(self.name, self._retry_after)
            self._inside += 1
            future = self._threads.submit(copy_context().run, work)
        future.add_done_callback(self._left)  # outside the lock: it may be done already
        return future

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """The same, awaited: the loop goes on meanwhile.

        Raises :class:`BulkheadClosedError` too when it is turned away at a shutdown while it waits.
        """
        future = self.submit(work)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if _was_cancelled():
                raise
            raise BulkheadClosedError(
                self.name
            ) from None  # else it would look as if the caller were cancelled

    def close(self, *, cancel_waiting: bool = True) -> None:
        """Admit nothing more, turn away what waits (its future is cancelled), wait for what runs."""
        with self._lock:
            self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=cancel_waiting)

    def _left(self, _future: "Future[_Result]") -> None:
        with self._lock:
            self._inside -= 1


def _was_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
