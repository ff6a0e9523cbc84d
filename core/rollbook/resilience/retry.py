"""Retry with full jitter, a deadline and a budget, on tenacity (R3). For calls that are idempotent."""

import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from rollbook.domain.clock import Clock
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings

_Result = TypeVar("_Result")
Sleep = Callable[[float], Awaitable[None]]

_MINUTE = 60.0


class RetryBudget:
    """Retries are at most a share of requests, with a floor for a quiet desk: an outage is not amplified."""

    def __init__(self, clock: Clock, ratio: float, floor_per_minute: int) -> None:
        self._clock = clock
        self._ratio = ratio
        self._floor = floor_per_minute
        self._requests: deque[float] = deque()
        self._retries: deque[float] = deque()

    def request_made(self) -> None:
        """Count a first attempt."""
        self._requests.append(self._clock.monotonic())

    def take(self) -> bool:
        """Whether one more retry may be made; if so, it is counted."""
        now = self._clock.monotonic()
        for moments in (self._requests, self._retries):
            while moments and moments[0] <= now - _MINUTE:
                moments.popleft()
        if len(self._retries) >= max(self._floor, int(self._ratio * len(self._requests))):
            return False
        self._retries.append(now)
        return True


class Retry:
    """Retries calls that may be repeated safely; the caller says so by using it."""

    def __init__(
        self, settings: ResilienceSettings, clock: Clock, chance: random.Random, sleep: Sleep
    ) -> None:
        self._settings = settings
        self._chance = chance
        self._sleep = sleep
        self._budget = RetryBudget(clock, settings.retry_budget_ratio, settings.retry_budget_floor_per_minute)

    async def call(self, attempt: Callable[[], Awaitable[_Result]], deadline: Deadline) -> _Result:
        """The first result; else the last failure, raised as it was. At least one attempt is made."""
        self._budget.request_made()
        # A fresh instance for each call: tenacity keeps the state of a call on the instance.
        retrying = AsyncRetrying(
            stop=lambda state: self._is_over(state, deadline),
            wait=self._wait,
            retry=retry_if_exception(_may_be_repeated),
            sleep=self._sleep,
            reraise=True,
        )

        async def one() -> _Result:  # tenacity awaits only what it sees is a coroutine function
            return await attempt()

        return await retrying(one)

    def _is_over(self, state: RetryCallState, deadline: Deadline) -> bool:
        if state.attempt_number >= max(1, self._settings.retry_attempts):
            return True
        if state.upcoming_sleep >= deadline.remaining():
            return True
        return not self._budget.take()

    def _wait(self, state: RetryCallState) -> float:
        """Anything between nothing and the ceiling (full jitter), but not before the server's own wish."""
        ceiling = min(
            self._settings.retry_cap_seconds,
            self._settings.retry_base_seconds * 2.0 ** (state.attempt_number - 1),
        )
        failure = state.outcome.exception() if state.outcome is not None else None
        wished = failure.retry_after if isinstance(failure, CallFailedError) else None
        return max(self._chance.uniform(0.0, ceiling), wished or 0.0)


def _may_be_repeated(error: BaseException) -> bool:
    return isinstance(error, CallFailedError) and error.kind in (FailureKind.TRANSIENT, FailureKind.SERVER)
