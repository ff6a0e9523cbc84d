"""The circuit breaker (R4), and the mistakes that it must not repeat."""

import asyncio
import threading
from typing import Any

import pytest

from rollbook.resilience.breaker import BreakerEvent, BreakerOpenError, BreakerState, CircuitBreaker
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings
from support.settable_clock import SettableClock

TRANSIENT = FailureKind.TRANSIENT


class Desk:
    """A breaker and its clock."""

    def __init__(self, **settings: Any) -> None:
        self.clock = SettableClock()
        self.breaker = CircuitBreaker("server", ResilienceSettings(**settings), self.clock)

    def fail(self, times: int = 1, kind: FailureKind = TRANSIENT) -> None:
        for _ in range(times):
            self.breaker.acquire().failed(kind, 0.1)

    def succeed(self, times: int = 1, seconds: float = 0.1) -> None:
        for _ in range(times):
            self.breaker.acquire().succeeded(seconds)

    def half_open(self) -> None:
        self.fail(5)
        self.clock.advance(60.0)


def test_r4_five_consecutive_failures_open_it_for_sixty_seconds() -> None:
    desk = Desk()
    desk.fail(4)
    assert desk.breaker.state is BreakerState.CLOSED
    desk.fail()
    assert desk.breaker.state is BreakerState.OPEN
    desk.clock.advance(59.0)
    with pytest.raises(BreakerOpenError) as refused:
        desk.breaker.acquire()
    assert (refused.value.retry_in, refused.value.was_made) == (1.0, False)
    desk.clock.advance(1.0)
    desk.breaker.acquire().released()


def test_r4_a_success_between_ends_the_row_of_failures() -> None:
    desk = Desk(breaker_minimum_calls=50)
    for _ in range(5):
        desk.fail(4)
        desk.succeed()
    assert desk.breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize("kind", [FailureKind.CLIENT, FailureKind.LOCAL, FailureKind.CANCELLED])
def test_r4_what_says_nothing_about_the_server_never_counts(kind: FailureKind) -> None:
    desk = Desk()
    desk.fail(4)
    desk.fail(100, kind)
    assert desk.breaker.state is BreakerState.CLOSED
    desk.fail()  # it neither counted nor cleared what was counted
    assert desk.breaker.state is BreakerState.OPEN


def test_r4_eighty_percent_failures_open_it_although_never_five_in_a_row() -> None:
    desk = Desk()
    for _ in range(4):
        desk.fail(4)
        assert desk.breaker.state is BreakerState.CLOSED
        desk.succeed()
    assert desk.breaker.state is BreakerState.OPEN  # at the twentieth call: 16 of 20


def test_r4_the_rate_looks_at_the_last_calls_only() -> None:
    desk = Desk(breaker_failures=1000, breaker_window_calls=20)
    desk.succeed(500)
    desk.fail(9)
    assert desk.breaker.state is BreakerState.CLOSED
    desk.fail()
    assert desk.breaker.state is BreakerState.OPEN


def test_r4_slow_answers_open_it() -> None:
    desk = Desk()
    desk.succeed(19, seconds=11.0)
    assert desk.breaker.state is BreakerState.CLOSED
    desk.succeed(1, seconds=11.0)
    assert desk.breaker.state is BreakerState.OPEN


def test_r4_two_successes_close_it() -> None:
    desk = Desk()
    desk.half_open()
    desk.succeed()
    assert desk.breaker.state is BreakerState.HALF_OPEN
    desk.succeed()
    assert desk.breaker.state is BreakerState.CLOSED


def test_r4_half_open_failure_reopens_even_after_a_success() -> None:
    desk = Desk()
    desk.half_open()
    desk.succeed()
    desk.fail()
    assert desk.breaker.state is BreakerState.OPEN


def test_r4_the_interval_grows_up_to_its_cap_and_is_forgotten_on_closing() -> None:
    desk = Desk(breaker_recovery_growth=2.0, breaker_recovery_cap_factor=3.0)
    desk.half_open()
    waits = []
    for _ in range(3):
        desk.fail()
        waits.append(desk.breaker.retry_in())
        desk.clock.advance(waits[-1] or 0.0)
    assert waits == [120.0, 180.0, 180.0]
    desk.succeed(2)
    desk.fail(5)
    assert desk.breaker.retry_in() == 60.0


def test_r4_half_open_admits_a_bounded_number_of_probes() -> None:
    desk = Desk(breaker_probes=3)
    desk.half_open()
    admitted, refused = [], 0
    for _ in range(50):
        try:
            admitted.append(desk.breaker.acquire())
        except BreakerOpenError:
            refused += 1
    assert (len(admitted), refused) == (3, 47)


def test_r4_half_open_admits_a_bounded_number_of_threads() -> None:
    desk = Desk(breaker_probes=3)
    desk.half_open()
    together, admitted = threading.Barrier(20), []

    def ask() -> None:
        together.wait()
        try:
            admitted.append(desk.breaker.acquire())
        except BreakerOpenError:
            return

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 3


@pytest.mark.parametrize("kind", [FailureKind.CLIENT, FailureKind.LOCAL, FailureKind.CANCELLED])
def test_r4_a_probe_that_says_nothing_gives_its_permit_back(kind: FailureKind) -> None:
    desk = Desk()
    desk.half_open()
    desk.fail(10, kind)
    assert desk.breaker.state is BreakerState.HALF_OPEN
    desk.succeed(2)
    assert desk.breaker.state is BreakerState.CLOSED


async def test_r4_a_cancelled_probe_gives_its_permit_back() -> None:
    desk = Desk()
    desk.half_open()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await desk.breaker.call(asyncio.Event().wait)
    desk.succeed(2)
    assert desk.breaker.state is BreakerState.CLOSED


def test_r4_a_late_success_of_an_earlier_era_is_dropped() -> None:
    desk = Desk()
    late = desk.breaker.acquire()
    desk.half_open()
    desk.succeed()
    late.succeeded(59.0)
    assert desk.breaker.state is BreakerState.HALF_OPEN


def test_r4_a_late_failure_of_an_earlier_era_does_not_reopen() -> None:
    desk = Desk()
    late = [desk.breaker.acquire() for _ in range(5)]
    desk.half_open()
    desk.succeed(2)
    for permit in late:
        permit.failed(TRANSIENT, 60.0)
    assert desk.breaker.state is BreakerState.CLOSED


def test_r4_a_call_has_one_end() -> None:
    desk = Desk()
    permit = desk.breaker.acquire()
    for _ in range(10):
        permit.failed(TRANSIENT, 0.1)
    assert desk.breaker.state is BreakerState.CLOSED


def test_r4_forced_open_and_disabled_stay_until_reset() -> None:
    desk = Desk()
    desk.breaker.force_open()
    desk.clock.advance(10_000.0)
    with pytest.raises(BreakerOpenError) as refused:
        desk.breaker.acquire()
    assert refused.value.retry_in is None
    desk.breaker.disable()
    desk.fail(100)
    assert desk.breaker.state is BreakerState.DISABLED
    desk.breaker.reset()
    desk.fail(4)
    assert desk.breaker.state is BreakerState.CLOSED


def test_r4_after_a_long_sleep_it_probes_once() -> None:
    desk = Desk()
    desk.fail(5)
    desk.clock.advance(8 * 3600.0)
    desk.breaker.acquire()
    with pytest.raises(BreakerOpenError):
        desk.breaker.acquire()


def test_r4_observers_are_told_without_the_lock_and_cannot_break_a_call() -> None:
    desk = Desk()
    told: list[tuple[BreakerEvent, BreakerState]] = []

    def broken(_event: BreakerEvent) -> None:
        raise RuntimeError

    def ask_in_another_thread(event: BreakerEvent) -> None:
        asker = threading.Thread(target=lambda: told.append((event, desk.breaker.state)), daemon=True)
        asker.start()
        asker.join(5.0)

    desk.breaker.observe(broken)
    desk.breaker.observe(ask_in_another_thread)
    desk.half_open()
    desk.succeed(2)
    closed, opened, half = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
    assert [(event.before, event.after, seen) for event, seen in told] == [
        (closed, opened, opened),
        (opened, half, half),
        (half, closed, closed),
    ]


async def test_r4_the_lock_is_not_held_during_the_call() -> None:
    desk = Desk()

    async def call() -> BreakerState:
        return await asyncio.to_thread(lambda: desk.breaker.state)

    async with asyncio.timeout(5.0):
        assert await desk.breaker.call(call) is BreakerState.CLOSED


def test_r4_calls_of_a_thread_are_counted_the_same() -> None:
    desk = Desk()

    def fail() -> None:
        raise CallFailedError(FailureKind.SERVER, "internal-error")

    for _ in range(5):
        with pytest.raises(CallFailedError):
            desk.breaker.call_blocking(fail)
    assert desk.breaker.state is BreakerState.OPEN
    with pytest.raises(BreakerOpenError):
        desk.breaker.call_blocking(lambda: 1)


def test_r4_a_defect_on_this_side_is_not_the_servers() -> None:
    desk = Desk()
    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            desk.breaker.call_blocking(lambda: 1 / 0)
    assert desk.breaker.state is BreakerState.CLOSED
