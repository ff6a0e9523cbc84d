"""The weather service against a real server that misbehaves (R12, R6, R7, R8, R2, R3, R4)."""

import asyncio
import json
import random
import threading
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from rollbook.contract.weather import CONDITIONS
from rollbook.resilience.deadline import Deadline, under
from rollbook.resilience.failures import CallFailedError
from rollbook.server.metrics import Metrics
from rollbook.server.outside import open_meteo
from rollbook.server.outside.door import Door
from rollbook.server.outside.places import Place
from rollbook.server.outside.weather import WeatherService
from rollbook.server.settings import Settings
from support.faulty_server import (
    Answering,
    FaultyServer,
    answer,
    raw,
    response,
    slow_drip,
    then_hang,
)
from support.settable_clock import SettableClock
from support.weather_service import (
    ATHENS,
    ENOUGH_SECONDS,
    GOOD,
    LASTING,
    REFUSED,
    TRANSIENT,
    WHOLE_SECONDS,
    asked,
    seen,
)

# ---- what goes out, and what comes in


async def test_r12_the_weather_is_told_with_when_it_was_true() -> None:
    async with asked(FaultyServer(answer(value=GOOD))) as service:
        part = await service.told(ATHENS)
    assert (part.status, part.reason, part.age_seconds) == ("ok", "", 0)
    assert part.as_of == "2026-09-01T08:00:00+00:00"
    weather = part.data
    assert (weather.place, weather.observed_at) == ("Athens", "2026-09-01T07:45:00Z")
    assert (weather.condition, weather.temperature) == ("rain", 21.4)
    assert (weather.temperature_least, weather.temperature_most) == (17.2, 27.9)
    assert (weather.wind_speed, weather.precipitation) == (0.0, 0.3)
    assert weather.notes == {}


async def test_r12_nothing_but_the_question_goes_out() -> None:
    good = response(body=json.dumps(GOOD).encode(), Set_Cookie="who=42; Path=/")
    clock, server = SettableClock(), FaultyServer(raw(good))
    async with asked(server, clock) as service:
        await service.told(ATHENS)
        clock.advance(1_000)
        await service.told(ATHENS)
    for request in server.requests:
        assert (request.method, request.body) == ("GET", b"")
        assert request.target.startswith("/v1/forecast?latitude=37.98&longitude=23.73&")  # no address
        assert set(request.headers) == {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert len(server.requests) == 2


def test_r12_every_word_for_the_sky_is_of_the_contract() -> None:
    assert set(open_meteo._CONDITIONS.values()) == set(CONDITIONS)


async def test_r10_what_the_service_does_not_say_is_null_with_a_note_and_never_zero() -> None:
    partly = {"current": {"time": "2026-09-01T07:45", "temperature_2m": None, "weather_code": 4}}
    async with asked(FaultyServer(answer(value=partly))) as service:
        part = await service.told(ATHENS)
    assert part.status == "ok"
    unknown = ("temperature", "temperature_least", "temperature_most", "wind_speed", "precipitation")
    assert [getattr(part.data, name) for name in (*unknown, "condition")] == [None] * 6
    assert part.data.notes == dict.fromkeys(unknown, "not-told") | {"condition": "word-not-known"}


# ---- how often it is asked


@pytest.mark.parametrize(
    ("fault", "times"),
    [*((each, 2) for each, _ in TRANSIENT), *((each, 1) for each, _ in [*LASTING, *REFUSED])],
)
async def test_r3_only_what_may_pass_is_asked_again(fault: Answering, times: int) -> None:
    server = FaultyServer(fault)
    async with asked(server) as service:
        await service.told(ATHENS)
    assert len(server.requests) == times


async def test_r3_a_fault_that_passes_is_not_seen() -> None:
    async with asked(FaultyServer(answer(503), answer(value=GOOD))) as service:
        assert seen(await service.told(ATHENS)) == ("ok", "")


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_r12_a_service_that_asks_to_wait_is_not_asked_meanwhile(form: str) -> None:
    clock = SettableClock()
    wait = "120" if form == "seconds" else format_datetime(clock.now() + timedelta(seconds=120), usegmt=True)
    server = FaultyServer(answer(429, Retry_After=wait))
    async with asked(server, clock) as service:
        assert seen(await service.told(ATHENS)) == ("unavailable", "too-many-requests")
        server.then(answer(value=GOOD))
        clock.advance(119)
        assert seen(await service.told(ATHENS)) == ("unavailable", "too-many-requests")
        assert len(server.requests) == 1  # nor tried again within the first question
        clock.advance(2)
        assert seen(await service.told(ATHENS)) == ("ok", "")


async def test_r12_an_absurd_wish_to_wait_ends_after_an_hour() -> None:
    clock = SettableClock()
    server = FaultyServer(answer(429, Retry_After="999999999"))
    async with asked(server, clock) as service:
        await service.told(ATHENS)
        server.then(answer(value=GOOD))
        clock.advance(3_601)
        assert seen(await service.told(ATHENS)) == ("ok", "")


async def test_r4_waiting_as_asked_does_not_open_the_breaker() -> None:
    server = FaultyServer(answer(429, Retry_After="1000"))
    async with asked(server) as service:
        for _ in range(20):
            await service.told(ATHENS)
        assert service.breaker.state == "closed"


async def test_r4_after_five_failures_nobody_is_asked_until_it_is_time_for_one_question() -> None:
    clock, server = SettableClock(), FaultyServer(answer(500))
    async with asked(server, clock) as service:
        for _ in range(5):
            assert seen(await service.told(ATHENS)) == ("unavailable", "service-failing")
        for _ in range(5):
            assert seen(await service.told(ATHENS)) == ("unavailable", "breaker-open")
        assert len(server.requests) == 5
        server.then(answer(value=GOOD))
        clock.advance(61)
        assert seen(await service.told(ATHENS)) == ("ok", "")
        assert len(server.requests) == 6


async def test_r4_an_open_breaker_still_tells_the_weather_as_it_was() -> None:
    clock, server = SettableClock(), FaultyServer(answer(value=GOOD))
    async with asked(server, clock) as service:
        await service.told(ATHENS)
        server.then(answer(500))
        clock.advance(200)
        for _ in range(6):
            part = await service.told(ATHENS)
        assert seen(part) == ("stale", "breaker-open")


async def test_r8_within_two_minutes_it_is_not_asked_again_and_says_its_age() -> None:
    clock, server = SettableClock(), FaultyServer(answer(value=GOOD))
    async with asked(server, clock) as service:
        first = await service.told(ATHENS)
        clock.advance(119)
        part = await service.told(ATHENS)
        assert (*seen(part), part.as_of, part.age_seconds) == ("ok", "", first.as_of, 119)
        assert len(server.requests) == 1
        clock.advance(2)
        await service.told(ATHENS)
        assert len(server.requests) == 2


async def test_r8_many_who_ask_at_once_are_one_question() -> None:
    server = FaultyServer(answer(value=GOOD))
    async with asked(server) as service:
        told = await asyncio.gather(*(service.told(ATHENS) for _ in range(30)))
    assert {seen(part) for part in told} == {("ok", "")}
    assert len(server.requests) == 1


async def test_r8_the_cache_is_bounded() -> None:
    server = FaultyServer(answer(value=GOOD))
    async with asked(server) as service:
        for number in range(40):
            await service.told(Place(str(number), 1.0, float(number)))
        assert len(service._known._kept) == 16


async def test_r2_one_in_a_hurry_takes_nothing_from_the_others() -> None:
    """Who has no time left goes without; the question goes on for whoever waits, and for the next."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def when_told(writer: asyncio.StreamWriter) -> None:
        begun.set()
        await go.wait()
        await answer(value=GOOD)(writer)

    clock, server = SettableClock(), FaultyServer(when_told)
    async with asked(server, clock, weather_seconds=30.0) as service:
        with under(Deadline(clock, 0.0)):
            hurried = asyncio.create_task(service.told(ATHENS))
        await begun.wait()
        patient = asyncio.create_task(service.told(ATHENS))
        assert seen(await hurried) == ("unavailable", "timeout")
        go.set()
        assert seen(await patient) == ("ok", "")
    assert len(server.requests) == 1


async def test_r2_the_question_itself_ends_in_time_however_slowly_its_answer_comes() -> None:
    """No single read of it is ever late."""
    clock = SettableClock()
    door = Door(clock, 64 * 1024, WHOLE_SECONDS)
    async with FaultyServer(slow_drip(GOOD, 0.02)) as server:
        with pytest.raises(CallFailedError) as caught:
            await door.get(server.url, {}, Deadline(clock, WHOLE_SECONDS))
        await door.close()
    assert (caught.value.code, caught.value.kind) == ("timeout", "transient")


async def test_r7_the_outside_has_its_room_and_no_more() -> None:
    """Two places run, one waits in vain, and more are turned away at once; none of them holds a thread."""
    server = FaultyServer(then_hang())
    room = {"outside_concurrent": 2, "outside_queue": 1, "outside_wait_seconds": 0.1, "weather_seconds": 1.0}
    async with asked(server, **room) as service:
        before = threading.active_count()
        places = [Place(str(number), 1.0, float(number)) for number in range(6)]
        told = await asyncio.gather(*(service.told(place) for place in places))
        assert threading.active_count() <= before + 2  # the loop's own, and a look-up of a name
    reasons = sorted(part.reason for part in told)
    assert reasons == ["overloaded"] * 4 + ["timeout"] * 2
    assert service.breaker.state == "closed"  # being turned away here says nothing of the service


async def test_r12_after_the_end_nobody_is_asked(tmp_path: Path) -> None:
    server = FaultyServer(answer(value=GOOD))
    async with asked(server) as service:
        await asyncio.to_thread(service.close)
        assert seen(await service.told(ATHENS)) == ("unavailable", "shutting-down")
    assert server.requests == []


async def test_r19_the_outside_is_counted() -> None:
    metrics = Metrics()
    async with FaultyServer(answer(500)) as server:
        service = WeatherService(
            Settings(weather_url=server.url, weather_seconds=ENOUGH_SECONDS),
            SettableClock(),
            metrics,
            random.Random(1),
        )
        for _ in range(6):
            await service.told(ATHENS)
        await asyncio.to_thread(service.close)
    counted = {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics._registry.collect()
        for sample in family.samples
    }
    assert counted["rollbook_outside_calls_total", "weather", "service-failing"] == 5
    assert counted["rollbook_outside_calls_total", "weather", "breaker-open"] == 1
    assert counted["rollbook_breaker_state", "weather"] == 2
