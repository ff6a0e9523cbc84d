"""The guide's mistakes in its breaker (R4): ours passes, the guide's code or ours mutilated fails."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from rollbook.resilience.breaker import BreakerOpenError, CircuitBreaker, Permit
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings
from support import guides_code
from support.mistakes import fails_with, ours_and_not
from support.settable_clock import SettableClock

RECOVERY = 60.0
REFUSALS = (BreakerOpenError, guides_code.CircuitBreakerOpen)
AWAY = CallFailedError(FailureKind.TRANSIENT, "unreachable")
NOT_FOUND = CallFailedError(FailureKind.CLIENT, "not-found")


class WallClock(SettableClock):
    """One whose wall time can be set by itself, as the network or a person sets it."""

    set_forward = timedelta()

    def now(self) -> datetime:
        return super().now() + self.set_forward


class Subject:
    """A breaker and its clock."""

    def __init__(self, breaker: Any, clock: WallClock) -> None:
        self.breaker = breaker
        self.clock = clock

    @property
    def state(self) -> str:
        return str(self.breaker.state.value)

    async def fail(self, times: int = 1, failure: Exception = AWAY) -> None:
        async def away() -> None:
            raise failure

        for _ in range(times):
            with contextlib.suppress(CallFailedError, *REFUSALS):
                await self.breaker.call(away)

    async def succeed(self) -> None:
        await self.breaker.call(answered)

    async def half_open(self) -> None:
        await self.fail(5)
        self.clock.advance(RECOVERY)


async def answered() -> str:
    return "answered"


async def begun(call: Awaitable[Any]) -> "asyncio.Task[Any]":
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0)
    return task  # type: ignore[return-value]


def ours() -> Subject:
    clock = WallClock()
    return Subject(CircuitBreaker("server", ResilienceSettings(), clock), clock)


def guides() -> Subject:
    clock = WallClock()
    return Subject(guides_code.CircuitBreaker(clock.now), clock)


@ours_and_not(ours, guides)
async def test_r4_a_failure_after_a_half_open_success_reopens(subject: Subject) -> None:
    await subject.half_open()
    await subject.succeed()
    await subject.fail()
    assert subject.state == "open"


@ours_and_not(ours, guides)
async def test_r4_of_fifty_that_ask_at_once_half_open_admits_few(subject: Subject) -> None:
    await subject.half_open()
    inside, end = 0, asyncio.Event()

    async def probe() -> None:
        nonlocal inside
        inside += 1
        await end.wait()

    asking = [await begun(subject.breaker.call(probe)) for _ in range(50)]
    end.set()
    await asyncio.gather(*asking, return_exceptions=True)
    assert inside <= ResilienceSettings().breaker_probes


@ours_and_not(ours, guides)
async def test_r4_what_is_not_found_does_not_open_it(subject: Subject) -> None:
    await subject.fail(10, NOT_FOUND)
    assert subject.state == "closed"


@ours_and_not(ours, guides)
async def test_r4_eighty_percent_failures_open_it(subject: Subject) -> None:
    for _ in range(5):
        await subject.fail(4)
        with contextlib.suppress(*REFUSALS):
            await subject.succeed()
    assert subject.state == "open"


@ours_and_not(ours, guides)
async def test_r4_late_successes_of_an_earlier_era_do_not_close_it(subject: Subject) -> None:
    end = asyncio.Event()
    late = [await begun(subject.breaker.call(end.wait)) for _ in range(2)]
    await subject.half_open()
    probe = await begun(subject.breaker.call(asyncio.Event().wait))
    assert subject.state == "half_open"
    end.set()
    await asyncio.gather(*late)
    state = subject.state
    probe.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await probe
    assert state == "half_open"


@ours_and_not(ours, guides)
async def test_r4_a_wall_clock_that_is_set_forward_does_not_let_calls_through(subject: Subject) -> None:
    await subject.fail(5)
    subject.clock.set_forward = timedelta(days=1)
    with pytest.raises(REFUSALS):
        await subject.succeed()


@ours_and_not(ours, guides, by=REFUSALS)
async def test_r4_a_wall_clock_that_is_set_back_does_not_keep_it_open(subject: Subject) -> None:
    await subject.fail(5)
    subject.clock.set_forward = -timedelta(days=1)
    subject.clock.advance(RECOVERY)
    await subject.succeed()


class MeetingClock(SettableClock):
    """Whoever reads it waits a moment for a second reader: under a lock none comes."""

    def __init__(self) -> None:
        super().__init__()
        self.meeting: threading.Barrier | None = None

    def monotonic(self) -> float:
        if self.meeting is not None:
            with contextlib.suppress(threading.BrokenBarrierError):
                self.meeting.wait(0.1)
        return super().monotonic()


def _two_threads_at_once(prepare: Callable[[CircuitBreaker], None]) -> None:
    clock = MeetingClock()
    breaker = CircuitBreaker("server", ResilienceSettings(breaker_probes=1), clock)
    prepare(breaker)
    for _ in range(5):
        breaker.acquire().failed(FailureKind.TRANSIENT, 0.1)
    clock.advance(RECOVERY)
    clock.meeting = threading.Barrier(2)
    admitted: list[Permit] = []

    def ask() -> None:
        with contextlib.suppress(BreakerOpenError):
            admitted.append(breaker.acquire())

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 1


def test_r4_a_lock_keeps_two_threads_from_being_the_one_probe() -> None:
    def without_its_lock(breaker: CircuitBreaker) -> None:
        breaker._lock = contextlib.nullcontext()  # type: ignore[assignment]

    _two_threads_at_once(lambda _breaker: None)
    fails_with(_two_threads_at_once, without_its_lock)


def _cancelled_probe() -> None:
    subject = ours()

    async def run() -> None:
        await subject.half_open()
        probe = await begun(subject.breaker.call(asyncio.Event().wait))
        probe.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await probe
        with contextlib.suppress(*REFUSALS):
            await subject.succeed()
            await subject.succeed()
        assert subject.state == "closed"

    asyncio.run(run())


def test_r4_a_cancelled_probe_gives_its_permit_back_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    _cancelled_probe()
    monkeypatch.setattr(Permit, "released", lambda _self: None)
    fails_with(_cancelled_probe)
