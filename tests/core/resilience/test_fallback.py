"""A fallback answers for a source that is away, and for nothing else (R6)."""

import asyncio
import time

import pytest

from rollbook.domain.clock import SystemClock
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.fallback import Answered, with_fallback


async def kept(_failure: CallFailedError) -> str:
    return "kept"


async def ask(failure: BaseException | None, fallback: object = kept, seconds: float = 1.0) -> Answered[str]:
    async def source() -> str:
        if failure is not None:
            raise failure
        return "fresh"

    return await with_fallback(
        source,
        fallback,  # type: ignore[arg-type]
        deadline=Deadline(SystemClock(), seconds),
        kept_for_fallback_seconds=0.1,
    )


async def test_r6_the_source_answers_where_it_can() -> None:
    assert await ask(None) == Answered("fresh")


@pytest.mark.parametrize("kind", [FailureKind.TRANSIENT, FailureKind.SERVER, FailureKind.LOCAL])
async def test_r6_a_source_that_is_away_is_answered_for_and_said_so(kind: FailureKind) -> None:
    assert await ask(CallFailedError(kind, "gone")) == Answered("kept", from_fallback=True, reason="gone")


@pytest.mark.parametrize("code", ["forbidden", "not-found", "validation-failed"])
async def test_r6_a_refusal_never_becomes_stale_data(code: str) -> None:
    with pytest.raises(CallFailedError) as caught:
        await ask(CallFailedError(FailureKind.CLIENT, code))
    assert caught.value.code == code


@pytest.mark.parametrize("defect", [ValueError(), TimeoutError("the work's own"), asyncio.CancelledError()])
async def test_r6_a_defect_or_a_cancelling_is_not_covered_up(defect: BaseException) -> None:
    with pytest.raises(type(defect)):
        await ask(defect)


async def test_r6_a_source_that_hangs_leaves_the_fallback_its_time() -> None:
    async def hang() -> str:
        await asyncio.Event().wait()
        return "never"

    began = time.monotonic()
    answered = await with_fallback(
        hang, kept, deadline=Deadline(SystemClock(), 0.15), kept_for_fallback_seconds=0.1
    )
    assert answered == Answered("kept", from_fallback=True, reason="timeout")
    assert time.monotonic() - began < 2.0


async def test_r6_the_fallback_has_a_time_limit_and_the_sources_failure_is_told() -> None:
    async def hang(_failure: CallFailedError) -> str:
        await asyncio.Event().wait()
        return "never"

    async with asyncio.timeout(5.0):
        with pytest.raises(CallFailedError) as caught:
            await ask(CallFailedError(FailureKind.SERVER, "internal-error"), hang, seconds=0.15)
    assert caught.value.code == "internal-error"


async def test_r6_a_fallback_that_has_nothing_tells_the_sources_failure() -> None:
    async def nothing(_failure: CallFailedError) -> str:
        raise CallFailedError(FailureKind.CLIENT, "nothing-kept")

    with pytest.raises(CallFailedError) as caught:
        await ask(CallFailedError(FailureKind.TRANSIENT, "unreachable"), nothing)
    assert caught.value.code == "unreachable"
