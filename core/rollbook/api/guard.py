"""What every attempt passes: the server's wish to wait, the breaker, a note of how it went (R4, R5, S9)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from rollbook.api.health import Health
from rollbook.domain.clock import Clock
from rollbook.resilience.breaker import CircuitBreaker
from rollbook.resilience.failures import CallFailedError
from rollbook.resilience.hold import Hold

_Result = TypeVar("_Result")


class Guard:
    """Makes attempts under one breaker and one hold."""

    def __init__(self, clock: Clock, breaker: CircuitBreaker, hold: Hold, health: Health) -> None:
        self._clock = clock
        self._breaker = breaker
        self._hold = hold
        self._health = health

    async def call(self, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
        """Make the attempt. Raises its failure, or that none was made."""
        self._hold.check()
        try:
            return await self.call_for_person(attempt)
        except CallFailedError as failure:
            if failure.was_made and _asks_to_wait(failure):
                self._hold.take(failure)
            raise

    async def call_for_person(self, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
        """The same for a sign-in: its limit is that name's own and holds nobody else."""
        began = self._clock.monotonic()
        try:
            result = await self._breaker.call(attempt)
        except CallFailedError as failure:
            self._health.failed(failure)
            raise
        self._health.answered(self._clock.monotonic() - began)
        return result


def _asks_to_wait(failure: CallFailedError) -> bool:
    return failure.problem is not None and failure.retry_after is not None
