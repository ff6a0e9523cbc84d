"""Retry (R3) and deadline (R2), and the mistakes that they must not repeat."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rollbook.resilience.breaker import BreakerOpenError
from rollbook.resilience.deadline import Deadline, current_deadline, under
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.retry import RetryBudget, RetryPolicy, call_with_retry, call_with_retry_blocking
from support.settable_clock import SettableClock


def transient(**given: Any) -> CallFailedError:
    return CallFailedError(FailureKind.TRANSIENT, "unreachable", **given)


class Highest(random.Random):
    """Chance that always gives the most."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


class Caller:
    """Calls under a settable clock; sleeping passes its time."""

    def __init__(self, *outcomes: object, deadline: float = 1e9, **given: Any) -> None:
        self.clock = SettableClock()
        self.outcomes = list(outcomes)
        self.attempts = 0
        self.slept: list[float] = []
        self.chance: random.Random = given.pop("chance", random.Random(3))
        self.safe = given.pop("safe", True)
        self.budget = given.pop("budget", None) or RetryBudget(self.clock, floor_per_minute=1000)
        self.policy = RetryPolicy(**given)
        self.deadline = Deadline(self.clock, deadline)

    def outcome(self) -> object:
        self.attempts += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def attempt(self) -> object:
        return self.outcome()

    async def sleep(self, seconds: float) -> None:
        self.nap(seconds)

    def nap(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    async def call(self) -> object:
        return await call_with_retry(self.attempt, sleep=self.sleep, **self.terms())

    def call_blocking(self) -> object:
        return call_with_retry_blocking(self.outcome, sleep=self.nap, **self.terms())

    def terms(self) -> dict[str, Any]:
        return {
            "safe": self.safe,
            "policy": self.policy,
            "budget": self.budget,
            "deadline": self.deadline,
            "chance": self.chance,
        }


Way = Callable[[Caller], Awaitable[object]]


async def awaited(caller: Caller) -> object:
    return await caller.call()


async def blocking(caller: Caller) -> object:
    return caller.call_blocking()


BOTH_WAYS = pytest.mark.parametrize("way", [awaited, blocking])


@BOTH_WAYS
async def test_r3_five_attempts_then_the_last_failure_itself(way: Way) -> None:
    last = transient()
    caller = Caller(transient(), transient(), transient(), transient(), last)
    with pytest.raises(CallFailedError) as caught:
        await way(caller)
    assert caught.value is last
    assert caller.attempts == 5


@BOTH_WAYS
@pytest.mark.parametrize("attempts", [-1, 0, 1])
async def test_r3_zero_retries_never_returns_none(way: Way, attempts: int) -> None:
    failing = Caller(transient(), attempts=attempts)
    with pytest.raises(CallFailedError):
        await way(failing)
    assert failing.attempts == 1
    assert await way(Caller("answer", attempts=attempts)) == "answer"


@BOTH_WAYS
async def test_r3_a_call_that_is_not_safe_is_made_once(way: Way) -> None:
    caller = Caller(transient(), "done", safe=False)
    with pytest.raises(CallFailedError):
        await way(caller)
    assert caller.attempts == 1


@pytest.mark.parametrize(
    "failure",
    [
        CallFailedError(FailureKind.CLIENT, "forbidden"),
        CallFailedError(FailureKind.SERVER, "internal-error"),
        CallFailedError(FailureKind.LOCAL, "no-network"),
        CallFailedError(FailureKind.CANCELLED, "shutting-down"),
        BreakerOpenError("server", 1.0),
        ValueError("a defect"),
        asyncio.CancelledError(),
    ],
)
async def test_r3_only_what_is_transient_is_tried_again(failure: BaseException) -> None:
    caller = Caller(failure, "answer")
    with pytest.raises(type(failure)):
        await caller.call()
    assert (caller.attempts, caller.slept) == (1, [])


async def test_r3_full_jitter_spreads_from_nothing_to_the_ceiling() -> None:
    pauses: list[list[float]] = [[], [], [], []]
    for seed in range(200):
        caller = Caller(transient(), chance=random.Random(seed))
        with pytest.raises(CallFailedError):
            await caller.call()
        for number, seconds in enumerate(caller.slept):
            pauses[number].append(seconds)
    for number, ceiling in enumerate([1.0, 2.0, 4.0, 8.0]):
        assert min(pauses[number]) < 0.1 * ceiling
        assert 0.9 * ceiling < max(pauses[number]) <= ceiling


async def test_r3_the_cap_is_the_most_that_jitter_gives() -> None:
    caller = Caller(transient(), attempts=1200, chance=Highest())
    with pytest.raises(CallFailedError):
        await caller.call()
    assert caller.attempts > 1000
    assert max(caller.slept) == 60.0


async def test_r3_retry_after_is_waited_for_and_desks_do_not_return_together() -> None:
    returns = set()
    for seed in range(5):
        caller = Caller(transient(retry_after=7.0), "answer", chance=random.Random(seed))
        assert await caller.call() == "answer"
        returns.add(caller.slept[0])
    assert min(returns) >= 7.0
    assert len(returns) == 5


@BOTH_WAYS
async def test_r2_nothing_is_tried_that_would_begin_after_the_deadline(way: Way) -> None:
    caller = Caller(transient(), deadline=6.0, chance=Highest())  # pauses 1, 2, then 4: too late
    with pytest.raises(CallFailedError):
        await way(caller)
    assert caller.slept == [1.0, 2.0]
    assert not caller.deadline.expired


async def test_r2_a_retry_after_beyond_the_deadline_is_told_at_once() -> None:
    caller = Caller(transient(retry_after=100.0), deadline=30.0)
    with pytest.raises(CallFailedError):
        await caller.call()
    assert (caller.attempts, caller.slept) == (1, [])


async def test_r3_an_outage_is_not_amplified() -> None:
    """A thousand requests within a minute, all failing: at most a fifth more are made."""
    clock = SettableClock()
    budget = RetryBudget(clock, ratio=0.2, floor_per_minute=10)
    made = 0
    for _ in range(1000):
        caller = Caller(transient(), budget=budget)
        with pytest.raises(CallFailedError):
            await caller.call()
        made += caller.attempts
    assert 1000 < made <= 1200


def test_r3_a_quiet_desk_has_its_floor_each_minute() -> None:
    clock = SettableClock()
    budget = RetryBudget(clock, ratio=0.2, floor_per_minute=10)
    budget.request_made()
    assert [budget.take() for _ in range(11)] == [True] * 10 + [False]
    clock.advance(60.0)
    assert budget.take()


def test_r3_the_budget_does_not_grow_without_end() -> None:
    clock = SettableClock()
    budget = RetryBudget(clock)
    for _ in range(1000):
        budget.request_made()
        clock.advance(1.0)
    assert len(budget._requests) <= 61


async def test_r3_concurrent_calls_share_no_state() -> None:
    callers = [Caller(*[transient()] * number, number) for number in range(1, 5)]
    assert await asyncio.gather(*(caller.call() for caller in callers)) == [1, 2, 3, 4]
    assert [caller.attempts for caller in callers] == [2, 3, 4, 5]


def test_r3_each_attempt_makes_what_must_be_fresh() -> None:
    sessions: list[object] = []

    def attempt() -> object:
        sessions.append(object())
        if len(sessions) < 3:
            raise transient()
        return sessions[-1]

    caller = Caller(None)
    assert call_with_retry_blocking(attempt, sleep=caller.nap, **caller.terms()) is sessions[2]
    assert len(set(map(id, sessions))) == 3


def test_r2_an_inner_deadline_is_never_later_than_the_outer_one() -> None:
    clock = SettableClock()
    with under(Deadline(clock, 10.0)):
        assert Deadline.after(clock, 30.0).remaining() == 10.0
        assert Deadline.after(clock, 3.0).remaining() == 3.0
        clock.advance(12.0)
        late = Deadline.after(clock, 30.0)
        assert (late.remaining(), late.expired) == (0.0, True)
    assert current_deadline.get() is None
    assert Deadline.after(clock, 30.0).remaining() == 30.0


async def test_r2_the_deadline_follows_into_tasks_and_threads() -> None:
    clock = SettableClock()
    with under(Deadline(clock, 10.0)) as deadline:
        assert await asyncio.create_task(asyncio.to_thread(current_deadline.get)) is deadline
