"""The guide's mistakes in its fallback and bulkhead (R6, R7, R8): ours passes, the guide's own code fails."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import pytest

from rollbook.domain.clock import SystemClock
from rollbook.resilience.breaker import CircuitBreaker
from rollbook.resilience.bulkhead import BulkheadFullError
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.fallback import with_fallback
from rollbook.resilience.settings import ResilienceSettings
from rollbook.resilience.thread_bulkhead import ThreadBulkhead
from support import guides_code
from support.mistakes import ours_and_not

Work = Callable[[], Awaitable[Any]]
SECONDS = 0.1
FORBIDDEN = CallFailedError(FailureKind.CLIENT, "forbidden")
NOT_FOUND = CallFailedError(FailureKind.CLIENT, "not-found")
AWAY = CallFailedError(FailureKind.TRANSIENT, "unreachable")
who: ContextVar[str] = ContextVar("who", default="nobody")


class Ours:
    """Our fallback, and our breaker before it."""

    async def ask(self, source: Work, fallback: Work) -> Any:
        answered = await with_fallback(
            source,
            lambda _failure: fallback(),
            deadline=Deadline(SystemClock(), SECONDS),
            kept_for_fallback_seconds=SECONDS / 2,
        )
        return answered.value

    async def weather(self, fetch: Work, kept: str) -> Any:
        breaker = CircuitBreaker("weather", ResilienceSettings(), SystemClock())
        return await self.ask(lambda: breaker.call(fetch), lambda: giving(kept))


class Guides:
    """The guide's."""

    async def ask(self, source: Work, fallback: Work) -> Any:
        return await guides_code.get_with_timeout_and_fallback(source, fallback, SECONDS)

    async def weather(self, fetch: Work, kept: str) -> Any:
        breaker = guides_code.CircuitBreaker(SystemClock().now)
        return (await guides_code.get_weather(breaker, fetch, lambda: kept))["data"]


async def giving(value: Any) -> Any:
    return value


def failing(failure: BaseException) -> Work:
    async def fail() -> Any:
        raise failure

    return fail


async def hang() -> Any:
    await asyncio.Event().wait()


@ours_and_not(Ours, Guides)
async def test_r6_a_forbidden_answer_never_becomes_stale_data(subject: Ours) -> None:
    with pytest.raises(CallFailedError) as caught:
        await subject.ask(failing(FORBIDDEN), lambda: giving("what was kept"))
    assert caught.value is FORBIDDEN


@ours_and_not(Ours, Guides)
async def test_r6_what_is_not_found_never_becomes_an_answer(subject: Ours) -> None:
    with pytest.raises(CallFailedError) as caught:
        await subject.ask(failing(NOT_FOUND), lambda: giving({"status": "degraded", "id": 7}))
    assert caught.value is NOT_FOUND


@ours_and_not(Ours, Guides)
async def test_r6_a_defect_is_not_covered_up(subject: Ours) -> None:
    with pytest.raises(ZeroDivisionError):
        await subject.ask(failing(ZeroDivisionError()), lambda: giving("what was kept"))


@ours_and_not(Ours, Guides, by=TimeoutError)
async def test_r6_the_fallback_has_a_time_limit_too(subject: Ours) -> None:
    async with asyncio.timeout(5 * SECONDS):
        with pytest.raises(CallFailedError) as caught:
            await subject.ask(failing(AWAY), hang)
    assert caught.value is AWAY


@ours_and_not(Ours, Guides, by=CallFailedError)
async def test_r6_the_first_failure_is_answered_from_what_is_kept(subject: Ours) -> None:
    """Not only once the breaker is open: five people would have met an error before."""
    assert await subject.weather(failing(AWAY), "sunny") == "sunny"


class OurRoom:
    """Our bulkhead of one thread, with room for two that wait."""

    def __init__(self) -> None:
        self._room = ThreadBulkhead("reports", concurrent=1, queue=2, retry_after_seconds=3.0)

    async def run(self, work: Callable[[], Any]) -> Any:
        return await self._room.run(work)

    def close(self) -> None:
        self._room.close()


class GuidesRoom(OurRoom):
    """The guide's."""

    def __init__(self) -> None:
        self._executor = guides_code.BulkheadExecutor("reports", max_workers=1)

    async def run(self, work: Callable[[], Any]) -> Any:
        return await self._executor.execute(work)

    def close(self) -> None:
        self._executor.executor.shutdown()


@ours_and_not(OurRoom, GuidesRoom)
async def test_r7_a_full_queue_turns_away_with_a_time_to_come_back(subject: OurRoom) -> None:
    end = threading.Event()
    with contextlib.closing(subject):
        asking = [asyncio.ensure_future(subject.run(lambda: end.wait(10))) for _ in range(50)]
        await asyncio.sleep(0)
        end.set()
        answers = await asyncio.gather(*asking, return_exceptions=True)
    turned_away = [each for each in answers if isinstance(each, BulkheadFullError)]
    assert len(turned_away) == 47
    assert {each.retry_after for each in turned_away} == {3.0}


@ours_and_not(OurRoom, GuidesRoom)
async def test_r7_the_context_goes_into_the_thread(subject: OurRoom) -> None:
    with contextlib.closing(subject):
        who.set("request-7")
        assert await subject.run(who.get) == "request-7"
