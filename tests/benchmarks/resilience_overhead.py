"""What a call pays for its breaker, beside the bare call: ratios, of the same run on the same machine."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from rollbook.domain.clock import SystemClock
from rollbook.resilience.breaker import BreakerOpenError, CircuitBreaker
from rollbook.resilience.settings import ResilienceSettings

_CALLS = 2_000
_ROUNDS = 7


def measure() -> dict[str, float]:
    """Microseconds a call (median of some rounds), and how many bare calls each costs."""
    return asyncio.run(_measured())


async def _measured() -> dict[str, float]:
    closed = CircuitBreaker("bench", ResilienceSettings(), SystemClock())
    opened = CircuitBreaker("bench", ResilienceSettings(), SystemClock())
    opened.force_open()

    async def bare() -> None:
        await _nothing()

    async def guarded() -> None:
        await closed.call(_nothing)

    async def refused() -> None:
        try:
            await opened.call(_nothing)
        except BreakerOpenError:
            return

    found = {"bare": [], "closed": [], "open": []}  # type: dict[str, list[float]]
    for _ in range(_ROUNDS):  # by turns, so that a busy machine falls on all alike
        found["bare"].append(await _microseconds(bare))
        found["closed"].append(await _microseconds(guarded))
        found["open"].append(await _microseconds(refused))
    medians = {name: statistics.median(rounds) for name, rounds in found.items()}
    return {
        "bare_call_microseconds": medians["bare"],
        "closed_breaker_microseconds": medians["closed"],
        "open_breaker_microseconds": medians["open"],
        "closed_breaker_to_bare": medians["closed"] / medians["bare"],
        "open_breaker_to_bare": medians["open"] / medians["bare"],
    }


async def _nothing() -> None:
    return None


async def _microseconds(call: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    for _ in range(_CALLS):
        await call()
    return (time.perf_counter() - began) / _CALLS * 1e6


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:<32} {value:8.2f}")
