"""A loop of its own for calls to the outside, so that no thread of the server waits on a foreign socket.

It is the process's: one connection pool, one bulkhead, one flight for each question, whichever request asks.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from rollbook.resilience.bulkhead import BulkheadClosedError

T = TypeVar("T")
_NAME = "outside"


class OutsideLoop:
    """Begins at its first need: a server that asks nobody outside has no such thread. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, work: Callable[[], Coroutine[Any, Any, T]]) -> "Future[T]":
        """Begin ``work`` there, in the caller's context. Raises :class:`BulkheadClosedError` at the end."""
        with self._lock:
            if self._closed:
                raise BulkheadClosedError(_NAME)
            return asyncio.run_coroutine_threadsafe(work(), self._running())

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Cancel what runs, do ``last``, and end the thread. What comes later is turned away."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_end(last), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name=f"rollbook-{_NAME}", daemon=True
            )
            self._thread.start()
        return self._loop


async def _end(last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    running = asyncio.all_tasks() - {asyncio.current_task()}
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await last()
