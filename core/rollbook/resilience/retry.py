"""Retry with full jitter, a deadline and a budget, on tenacity (R3)."""

import random
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tenacity import AsyncRetrying, RetryCallState, Retrying, retry_if_exception

from rollbook.domain.clock import Clock
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings

_Result = TypeVar("_Result")
Sleep = Callable[[float], Awaitable[None]]
"""Waits that many seconds."""

_MINUTE = 60.0
_LARGEST_EXPONENT = 30  # beyond any cap; a float would overflow at 1024


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """``attempts`` counts the first one too; below 1 it is taken as 1."""

    base_seconds: float = 1.0
    cap_seconds: float = 60.0
    attempts: int = 5


class RetryBudget:
    """Retries are at most a share of requests, with a floor for a quiet desk: an outage is not amplified."""

    def __init__(self, clock: Clock, ratio: float = 0.2, floor_per_minute: int = 10) -> None:
        self._clock = clock
        self._ratio = ratio
        self._floor = floor_per_minute
        self._lock = threading.Lock()
        self._requests: deque[float] = deque()
        self._retries: deque[float] = deque()

    def request_made(self) -> None:
        """Count a first attempt."""
        with self._lock:
            self._forget_old()
            self._requests.append(self._clock.monotonic())

    def take(self) -> bool:
        """Whether one more retry may be made; if so, it is counted."""
        with self._lock:
            self._forget_old()
            allowed = max(self._floor, int(self._ratio * len(self._requests)))
            if len(self._retries) >= allowed:
                return False
            self._retries.append(self._clock.monotonic())
            return True

    def _forget_old(self) -> None:
        old = self._clock.monotonic() - _MINUTE
        for moments in (self._requests, self._retries):
            while moments and moments[0] <= old:
                moments.popleft()


async def call_with_retry(
    attempt: Callable[[], Awaitable[_Result]],
    *,
    safe: bool,
    policy: RetryPolicy,
    budget: RetryBudget,
    deadline: Deadline,
    chance: random.Random,
    sleep: Sleep,
) -> _Result:
    """The first result; else the last failure, raised as it was. At least one attempt is made.

    ``safe``: the call may be made twice (it only reads, or carries an idempotency key); else it is made once.
    """
    budget.request_made()
    retrying = AsyncRetrying(sleep=sleep, **_conditions(safe, policy, budget, deadline, chance))

    async def one() -> _Result:  # tenacity awaits only what it sees is a coroutine function
        return await attempt()

    return await retrying(one)


def call_with_retry_blocking(
    attempt: Callable[[], _Result],
    *,
    safe: bool,
    policy: RetryPolicy,
    budget: RetryBudget,
    deadline: Deadline,
    chance: random.Random,
    sleep: Callable[[float], None],
) -> _Result:
    """The same for a thread. What must be fresh for each attempt (a session) is made inside ``attempt``."""
    budget.request_made()
    retrying = Retrying(sleep=sleep, **_conditions(safe, policy, budget, deadline, chance))
    return retrying(attempt)


class Retry:
    """The retries of one client: its policy and its one budget. For calls that are safe to repeat."""

    def __init__(
        self, settings: ResilienceSettings, clock: Clock, chance: random.Random, sleep: Sleep
    ) -> None:
        self._policy = RetryPolicy(
            settings.retry_base_seconds, settings.retry_cap_seconds, settings.retry_attempts
        )
        self._chance = chance
        self._sleep = sleep
        self._budget = RetryBudget(clock, settings.retry_budget_ratio, settings.retry_budget_floor_per_minute)

    async def call(self, attempt: Callable[[], Awaitable[_Result]], deadline: Deadline) -> _Result:
        """The first result; else the last failure, raised as it was."""
        return await call_with_retry(
            attempt,
            safe=True,
            policy=self._policy,
            budget=self._budget,
            deadline=deadline,
            chance=self._chance,
            sleep=self._sleep,
        )


def _conditions(
    safe: bool, policy: RetryPolicy, budget: RetryBudget, deadline: Deadline, chance: random.Random
) -> dict[str, Any]:
    """For a fresh instance each time: tenacity keeps the state of a call on the instance."""

    def is_over(state: RetryCallState) -> bool:
        if state.attempt_number >= policy.attempts or state.upcoming_sleep >= deadline.remaining():
            return True
        return not budget.take()  # asked last: what is not tried costs nothing

    return {
        "stop": is_over,
        "wait": lambda state: _pause(state, policy, chance),
        "retry": retry_if_exception(lambda error: safe and _may_be_repeated(error)),
        "reraise": True,
    }


def _pause(state: RetryCallState, policy: RetryPolicy, chance: random.Random) -> float:
    """Anything between nothing and the ceiling (full jitter), on top of what the server asked for."""
    exponent = min(state.attempt_number - 1, _LARGEST_EXPONENT)
    ceiling = min(policy.cap_seconds, policy.base_seconds * 2.0**exponent)
    failure = state.outcome.exception() if state.outcome is not None else None
    wished = failure.retry_after if isinstance(failure, CallFailedError) else None
    return chance.uniform(0.0, ceiling) + (wished or 0.0)


def _may_be_repeated(error: BaseException) -> bool:
    # Where no call was made (an open breaker), asking again at once only spends the budget.
    return isinstance(error, CallFailedError) and error.kind is FailureKind.TRANSIENT and error.was_made
