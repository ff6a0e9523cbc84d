"""A second source for when the first is away, within the same deadline (R6)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import AVAILABILITY, CallFailedError, FailureKind

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Answered(Generic[_Result]):
    """A result, and whether it is the first source's. ``reason`` is the first source's failure's code."""

    value: _Result
    from_fallback: bool = False
    reason: str = ""


async def with_fallback(
    source: Callable[[], Awaitable[_Result]],
    fallback: Callable[[CallFailedError], Awaitable[_Result]],
    *,
    deadline: Deadline,
    kept_for_fallback_seconds: float,
) -> Answered[_Result]:
    """Ask ``source``; where it is unavailable or too slow, ``fallback``; both end by ``deadline``.

    A refusal (403, 404, 422) is an answer and is raised as it is. Where the fallback fails or runs out of
    time too, the source's failure is raised: it is what there is to be told. A defect in either is raised.
    """
    try:
        return Answered(await _timed(source, deadline.remaining() - kept_for_fallback_seconds))
    except CallFailedError as failure:
        if failure.kind not in AVAILABILITY:
            raise
        return Answered(await _second(failure, fallback, deadline), from_fallback=True, reason=failure.code)


async def _second(
    failure: CallFailedError,
    fallback: Callable[[CallFailedError], Awaitable[_Result]],
    deadline: Deadline,
) -> _Result:
    try:
        return await _timed(lambda: fallback(failure), deadline.remaining())
    except CallFailedError as second:
        raise failure from second


async def _timed(work: Callable[[], Awaitable[_Result]], seconds: float) -> _Result:
    limit = asyncio.timeout(max(0.0, seconds))
    try:
        async with limit:
            return await work()
    except TimeoutError as late:
        if not limit.expired():
            raise  # the work's own
        raise CallFailedError(FailureKind.TRANSIENT, "timeout", "There was no answer in time.") from late
