"""The guide's mistakes in its retry (R2, R3): ours passes each test, the guide's own code fails it."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.retry import RetryBudget, RetryPolicy, call_with_retry
from support import guides_code
from support.api_clients import PAGE, SERVER_INFO, api_client
from support.faulty_server import FaultyServer, answer, reset
from support.mistakes import ours_and_not
from support.settable_clock import SettableClock

CAP = 60.0


class PassingError(CallFailedError, guides_code.TransientError):
    """One that both take for transient."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__(FailureKind.TRANSIENT, "unreachable", retry_after=retry_after)


class Line:
    """A call whose attempts end as told; the last end is repeated."""

    def __init__(self, *ends: object) -> None:
        self._ends = list(ends)
        self.attempts = 0

    async def __call__(self) -> object:
        self.attempts += 1
        end = self._ends.pop(0) if len(self._ends) > 1 else self._ends[0]
        if isinstance(end, BaseException):
            raise end
        return end


class Ours:
    """Our retry under a clock that sleeping moves."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.slept: list[float] = []
        self._budget = RetryBudget(self.clock, ratio=0.2, floor_per_minute=10)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    async def call(
        self,
        attempt: Callable[[], Awaitable[object]],
        attempts: int = 5,
        *,
        safe: bool = True,
        seconds: float = 1e9,
        one_budget: bool = False,
        chance: random.Random | None = None,
    ) -> object:
        return await call_with_retry(
            attempt,
            safe=safe,
            policy=RetryPolicy(attempts=attempts),
            budget=self._budget if one_budget else RetryBudget(self.clock, floor_per_minute=10_000),
            deadline=Deadline(self.clock, seconds),
            chance=chance or random.Random(3),
            sleep=self.sleep,
        )

    async def read_of(self, url: str) -> None:
        """A read through our client, over a socket."""
        client = api_client(url)
        try:
            await client.probe()
            await client.changes("0", 1)
        finally:
            await client.close()


class Guides(Ours):
    """The guide's, which knows nothing of a key, a deadline or a budget."""

    random: Any = random

    async def call(
        self, attempt: Callable[[], Awaitable[object]], attempts: int = 5, **_given: Any
    ) -> object:
        return await guides_code.retry_with_backoff(attempt, attempts, sleep=self.sleep, random=self.random)

    async def read_of(self, url: str) -> None:
        async with httpx.AsyncClient(base_url=url) as client:

            async def read() -> httpx.Response:
                return await client.get("/api/v1/sync/changes")

            await client.get("/api/v1/server")
            await guides_code.retry_with_backoff(read, sleep=self.sleep)


class NeverImported:
    """What ``random`` is in the guide's module."""

    def __getattr__(self, _name: str) -> object:
        raise NameError("name 'random' is not defined")


class GuidesAsPrinted(Guides):
    """Without the import that its reader must add."""

    random = NeverImported()


@ours_and_not(Ours, GuidesAsPrinted, by=NameError)
async def test_r3_jitter_comes_from_a_chance_that_is_there(subject: Ours) -> None:
    assert await subject.call(Line(PassingError(), "answer")) == "answer"


@ours_and_not(Ours, Guides, by=TypeError)
async def test_r3_zero_retries_raise_the_failure_and_not_none(subject: Ours) -> None:
    with pytest.raises(PassingError):
        await subject.call(Line(PassingError()), attempts=0)


@ours_and_not(Ours, Guides)
async def test_r3_jitter_never_goes_over_the_cap(subject: Ours) -> None:
    with pytest.raises(PassingError):
        await subject.call(Line(PassingError()), attempts=100)
    assert len(subject.slept) == 99
    assert max(subject.slept) <= CAP


@ours_and_not(Ours, Guides)
async def test_r3_desks_that_failed_together_do_not_come_back_together(subject: Ours) -> None:
    """Full jitter: the first pauses of 200 desks fill the whole second, not a tenth around it."""
    for seed in range(200):
        await subject.call(Line(PassingError(), "answer"), chance=random.Random(seed))
    assert min(subject.slept) < 0.1
    assert sum(1 for pause in subject.slept if pause < 0.5) > 60


@ours_and_not(Ours, Guides)
async def test_r2_retries_end_with_the_deadline(subject: Ours) -> None:
    began = subject.clock.monotonic()
    with pytest.raises(PassingError):
        await subject.call(Line(PassingError()), seconds=5.0)
    assert subject.clock.monotonic() - began <= 5.0


@ours_and_not(Ours, Guides)
async def test_r3_retry_after_is_waited_for(subject: Ours) -> None:
    await subject.call(Line(PassingError(retry_after=30.0), "answer"))
    assert subject.slept[0] >= 30.0


@ours_and_not(Ours, Guides)
async def test_r3_a_budget_keeps_an_outage_from_being_amplified(subject: Ours) -> None:
    made = 0
    for _ in range(100):
        line = Line(PassingError())
        with pytest.raises(PassingError):
            # No time passes between them, as when a hundred are asked at once.
            await subject.call(line, one_budget=True, seconds=0.5, chance=random.Random(1))
        made += line.attempts
    assert made <= 120


@ours_and_not(Ours, Guides)
async def test_r3_what_writes_without_a_key_is_sent_once(subject: Ours) -> None:
    line = Line(PassingError(), "registered twice")
    with pytest.raises(PassingError):
        await subject.call(line, safe=False)
    assert line.attempts == 1


@ours_and_not(Ours, Guides, by=httpx.TransportError)
async def test_r1_what_the_network_really_says_is_known_as_transient(subject: Ours) -> None:
    """The guide retries on a class of its own that nothing raises; a connection that is reset is httpx's."""
    async with FaultyServer(answer(value=SERVER_INFO), reset, answer(value=PAGE)) as server:
        await subject.read_of(server.url)
        assert len(server.requests) == 3
