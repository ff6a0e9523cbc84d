"""A bulkhead: a kind of work may fill its own room and no more (R7)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

from rollbook.domain.clock import Clock
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind

_Result = TypeVar("_Result")


class BulkheadFullError(CallFailedError):
    """Nothing was begun: all places are taken and the queue is full, or waiting took too long."""

    was_made = False

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(
            FailureKind.TRANSIENT,
            "overloaded",
            f"{name}: all places are taken. Try again in {retry_after:.0f} seconds.",
            retry_after=retry_after,
        )


class BulkheadClosedError(CallFailedError):
    """Nothing was begun: the program is shutting down."""

    was_made = False

    def __init__(self, name: str) -> None:
        super().__init__(FailureKind.CANCELLED, "shutting-down", f"{name} is being shut down.")


class Bulkhead:
    """For work in one asyncio loop. The work runs in the caller's task, so its context is the caller's."""

    def __init__(self, name: str, clock: Clock, *, concurrent: int, queue: int, wait_seconds: float) -> None:
        self.name = name
        self._clock = clock
        self._places = asyncio.Semaphore(concurrent)
        self._concurrent = concurrent
        self._queue = queue
        self._wait_seconds = wait_seconds
        self._waiting: set[asyncio.Task[object]] = set()
        self._running: set[asyncio.Task[object]] = set()
        self._closed = False
        self.rejected = 0

    @property
    def running(self) -> int:
        """How many pieces of work run now."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    @property
    def room(self) -> int:
        """How many may run or wait."""
        return self._concurrent + self._queue

    async def run(self, work: Callable[[], Awaitable[_Result]]) -> _Result:
        """Do ``work`` once there is a place for it, within the current deadline.

        Raises what it raises, :class:`BulkheadFullError` or :class:`BulkheadClosedError`.
        """
        task = _this_task()
        await self._enter(task)
        self._running.add(task)
        try:
            return await work()
        finally:
            self._running.discard(task)
            self._places.release()

    async def close(self, seconds: float) -> None:
        """Admit nothing more, turn away what waits, give what runs ``seconds``, then cancel it."""
        self._closed = True
        for task in tuple(self._waiting):
            task.cancel()
        running = {task for task in self._running if task is not asyncio.current_task()}
        if not running:
            return
        _ended, late = await asyncio.wait(running, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _enter(self, task: "asyncio.Task[object]") -> None:
        self._check_open()
        if self._places.locked() and self.waiting >= self._queue:
            self._reject()
        self._waiting.add(task)
        try:
            async with asyncio.timeout(Deadline.after(self._clock, self._wait_seconds).remaining()):
                await self._places.acquire()
        except TimeoutError:
            self._reject()
        except asyncio.CancelledError:
            self._turn_away(task)
            raise
        finally:
            self._waiting.discard(task)
        try:
            self._check_open()
        except BulkheadClosedError:
            self._places.release()
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise BulkheadClosedError(self.name)

    def _turn_away(self, task: "asyncio.Task[object]") -> None:
        """Our own cancelling of one who waits is told as what it is; anybody else's goes on."""
        if self._closed and task.cancelling() == 1:
            task.uncancel()
            raise BulkheadClosedError(self.name) from None

    def _reject(self) -> NoReturn:
        self.rejected += 1
        raise BulkheadFullError(self.name, self._wait_seconds) from None


def _this_task() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    assert task is not None
    return task
