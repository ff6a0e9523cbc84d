"""Whatever the weather service does wrong costs its part alone (R12, R6, R8)."""

import asyncio
import time

import pytest

from support.faulty_server import (
    Answering,
    FaultyServer,
    answer,
)
from support.settable_clock import SettableClock
from support.weather_service import (
    ATHENS,
    ENOUGH_SECONDS,
    GOOD,
    LASTING,
    REFUSED,
    SLOW,
    TRANSIENT,
    asked,
    seconds_for,
    seen,
    service_at,
)


@pytest.mark.parametrize(("fault", "reason"), [*TRANSIENT, *LASTING, *REFUSED, *SLOW])
async def test_r12_a_fault_at_the_first_call_is_unavailable_with_its_reason(
    fault: Answering, reason: str
) -> None:
    began = time.monotonic()
    async with asked(FaultyServer(fault), weather_seconds=seconds_for(reason)) as service:
        assert seen(await service.told(ATHENS)) == ("unavailable", reason)
    assert time.monotonic() - began < ENOUGH_SECONDS


@pytest.mark.parametrize(("fault", "reason"), [*TRANSIENT, *LASTING, *SLOW])
async def test_r12_a_fault_later_is_the_weather_as_it_was_with_its_age(fault: Answering, reason: str) -> None:
    clock, server = SettableClock(), FaultyServer(answer(value=GOOD))
    async with asked(server, clock, weather_seconds=seconds_for(reason)) as service:
        first = await service.told(ATHENS)
        server.then(fault)
        clock.advance(299)
        part = await service.told(ATHENS)
        assert seen(part) == ("stale", reason)
        assert (part.data, part.as_of, part.age_seconds) == (first.data, first.as_of, 299)


@pytest.mark.parametrize(("fault", "reason"), REFUSED)
async def test_r6_a_refusal_is_not_covered_with_what_was(fault: Answering, reason: str) -> None:
    clock, server = SettableClock(), FaultyServer(answer(value=GOOD))
    async with asked(server, clock) as service:
        await service.told(ATHENS)
        server.then(fault)
        clock.advance(200)
        assert seen(await service.told(ATHENS)) == ("unavailable", reason)


async def test_r8_the_weather_is_refused_past_its_limit() -> None:
    clock, server = SettableClock(), FaultyServer(answer(value=GOOD))
    async with asked(server, clock) as service:
        await service.told(ATHENS)
        server.then(answer(503))
        clock.advance(300.5)
        assert seen(await service.told(ATHENS)) == ("unavailable", "service-failing")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1", "unreachable"),
        ("http://no-such-host.invalid", "name-not-found"),
        ("ftp://127.0.0.1", "address-invalid"),
        ("nonsense", "address-invalid"),
        ("http://", "address-invalid"),
    ],
)
async def test_r12_nobody_there_from_the_first_call(url: str, reason: str) -> None:
    service = service_at(url)
    try:
        part = await service.told(ATHENS)
    finally:
        await asyncio.to_thread(service.close)
    assert part.status == "unavailable"
    assert part.reason in {reason, "unreachable"} if reason == "name-not-found" else part.reason == reason
