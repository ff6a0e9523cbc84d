"""What a call pays for its breaker and its retries, beside other libraries' and beside the bare call.

Each is used as its own guide shows. The open breakers were opened by failures, not by hand, and look each
time whether their time has come. pybreaker's async calls need Tornado, so it is measured without them.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import circuitbreaker  # type: ignore[import-untyped]
import pybreaker
import tenacity

from benchmarks.figures import Figure
from rollbook.domain.clock import SystemClock
from rollbook.resilience.breaker import BreakerOpenError, BreakerState, CircuitBreaker
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.retry import RetryBudget, RetryPolicy, call_with_retry, call_with_retry_blocking
from rollbook.resilience.settings import ResilienceSettings

_CALLS = 2_000
_ROUNDS = 9
_LONG = 3_600
"""Seconds: no open breaker lets a probe through meanwhile."""
_REFUSED = (BreakerOpenError, pybreaker.CircuitBreakerError, circuitbreaker.CircuitBreakerError)
_BARE = "bare call"


@dataclass(frozen=True)
class _Contender:
    """One way to make the call; ``refused`` says that it must not be made at all."""

    name: str
    call: Callable[[], Any]
    awaited: bool
    refused: bool = False

    @property
    def kind(self) -> str:
        return "async" if self.awaited else "sync"


def figures() -> Iterator[Figure]:
    """Microseconds a call (median of some rounds); an async call beside the bare async one."""
    found = asyncio.run(_measured())
    bare = {each.awaited: took for each, took in found if each.name == _BARE}
    for each, took in found:
        limit = None if each.name == _BARE else bare[each.awaited]
        yield Figure(f"{each.name}, {each.kind}", took, "µs a call", limit, f"{_BARE}, {each.kind}", 3)


async def _measured() -> list[tuple[_Contender, float]]:
    contenders = [*_bare(), *_own_breakers(), *_pybreakers(), *_circuitbreakers(), *_retries()]
    rounds: list[list[float]] = [[] for _ in contenders]
    for number in range(_ROUNDS + 1):  # by turns, so that a busy machine falls on all alike
        for each, found in zip(contenders, rounds, strict=True):
            took = await _microseconds(each)
            if number:  # the first round only warms them up
                found.append(took)
    return [(each, statistics.median(found)) for each, found in zip(contenders, rounds, strict=True)]


async def _microseconds(contender: _Contender) -> float:
    began = time.perf_counter()
    refused = await _refused_awaited(contender.call) if contender.awaited else _refused(contender.call)
    took = time.perf_counter() - began
    assert refused == (_CALLS if contender.refused else 0), contender.name
    return took / _CALLS * 1e6


def _refused(call: Callable[[], object]) -> int:
    """Make the calls; says how many were refused."""
    refused = 0
    for _ in range(_CALLS):
        try:
            call()
        except _REFUSED:
            refused += 1
    return refused


async def _refused_awaited(call: Callable[[], Awaitable[object]]) -> int:
    refused = 0
    for _ in range(_CALLS):
        try:
            await call()
        except _REFUSED:
            refused += 1
    return refused


def _nothing() -> None:
    return None


async def _nothing_awaited() -> None:
    return None


def _fails() -> None:
    raise ConnectionError


def _bare() -> Iterator[_Contender]:
    yield _Contender(_BARE, _nothing, False)
    yield _Contender(_BARE, _nothing_awaited, True)


def _own_breakers() -> Iterator[_Contender]:
    for state in ("closed", "open"):
        refused = state == "open"
        breaker = CircuitBreaker("bench", ResilienceSettings(breaker_recovery_seconds=_LONG), SystemClock())
        while refused and breaker.state is not BreakerState.OPEN:
            breaker.acquire().failed(FailureKind.TRANSIENT, 0.0)
        name = f"our breaker, {state}"
        yield _Contender(name, partial(breaker.call_blocking, _nothing), False, refused)
        yield _Contender(name, partial(breaker.call, _nothing_awaited), True, refused)


def _pybreakers() -> Iterator[_Contender]:
    for state in ("closed", "open"):
        refused = state == "open"
        breaker = pybreaker.CircuitBreaker(reset_timeout=_LONG)
        while refused and breaker.current_state != pybreaker.STATE_OPEN:
            _failing(partial(breaker.call, _fails))
        yield _Contender(f"pybreaker, {state}", partial(breaker.call, _nothing), False, refused)


def _circuitbreakers() -> Iterator[_Contender]:
    for state in ("closed", "open"):
        refused = state == "open"
        breaker = circuitbreaker.CircuitBreaker(recovery_timeout=_LONG)
        while refused and not breaker.opened:
            _failing(breaker(_fails))
        name = f"circuitbreaker, {state}"
        yield _Contender(name, breaker(_nothing), False, refused)
        yield _Contender(name, breaker(_nothing_awaited), True, refused)


def _failing(call: Callable[[], object]) -> None:
    try:
        call()
    except (ConnectionError, *_REFUSED):
        return


def _retries() -> Iterator[_Contender]:
    """Around a call that succeeds at once: what a retry costs where none is needed."""
    clock, policy = SystemClock(), RetryPolicy()
    given: dict[str, Any] = {"safe": True, "policy": policy, "chance": random.Random(1)}
    given |= {"budget": RetryBudget(clock), "deadline": Deadline(clock, _LONG)}
    blocking = partial(call_with_retry_blocking, _nothing, sleep=time.sleep, **given)
    yield _Contender("our retry", blocking, False)
    yield _Contender(
        "our retry", partial(call_with_retry, _nothing_awaited, sleep=asyncio.sleep, **given), True
    )
    same: dict[str, Any] = {
        "stop": tenacity.stop_after_attempt(policy.attempts),
        "wait": tenacity.wait_random_exponential(policy.base_seconds, policy.cap_seconds),
        "retry": tenacity.retry_if_exception_type(CallFailedError),
        "reraise": True,
    }
    yield _Contender("tenacity", tenacity.retry(**same)(_nothing), False)
    yield _Contender("tenacity", tenacity.retry(**same)(_nothing_awaited), True)
