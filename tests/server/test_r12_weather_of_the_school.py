"""The weather in the application: its own address, a part of the dashboard, and who may ask (R12, R10)."""

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rollbook.domain.roles import Role
from rollbook.server.settings import SettingError, read_settings
from support.faulty_server import Answering, FaultyServer, answer, then_hang
from support.school_server import SchoolServer

GOOD = {"current": {"time": "2026-09-01T07:45", "temperature_2m": 21.4, "weather_code": 0}}
PLACE = {
    "weather_place": "Athens",
    "weather_latitude": 37.98,
    "weather_longitude": 23.73,
    "weather_seconds": 30.0,
}
NOBODY = "http://127.0.0.1:1"
MakeSchool = Callable[..., SchoolServer]


@pytest.fixture
def make_school(sqlite_template: Path, tmp_path: Path) -> Iterator[MakeSchool]:
    """Makes schools whose settings the test gives."""
    made: list[SchoolServer] = []

    def make(**settings: Any) -> SchoolServer:
        file = tmp_path / f"school-{len(made)}.sqlite3"
        shutil.copy(sqlite_template, file)
        made.append(SchoolServer(f"sqlite:///{file}", tmp_path, **settings))
        return made[-1]

    yield make
    for school in made:
        school.close()


async def called(
    make_school: MakeSchool,
    fault: Answering,
    path: str,
    headers: dict[str, str] | None = None,
    role: Role = Role.VIEWER,
    **settings: Any,
) -> tuple[httpx.Response, FaultyServer]:
    """What the school answers while the weather's server answers so."""
    async with FaultyServer(fault) as server:
        school = make_school(weather_url=server.url, **(PLACE | settings))
        desk = await asyncio.to_thread(school.desk, role)
        answer_ = await asyncio.to_thread(desk.call, "GET", path, headers)
        await asyncio.to_thread(school.parts.weather.close)
    return answer_, server


@pytest.mark.parametrize("location", ["school", "School", "Athens", "athens"])
async def test_r12_the_weather_has_an_address_of_its_own(make_school: MakeSchool, location: str) -> None:
    given, _server = await called(make_school, answer(value=GOOD), f"/api/v1/weather/{location}")
    assert given.status_code == 200
    part = given.json()
    assert (part["status"], part["data"]["place"], part["data"]["temperature"]) == ("ok", "Athens", 21.4)
    assert (part["data"]["wind_speed"], part["data"]["notes"]["wind_speed"]) == (None, "not-told")


async def test_r12_the_weather_is_a_part_of_the_dashboard(make_school: MakeSchool) -> None:
    given, _server = await called(make_school, answer(value=GOOD), "/api/v1/dashboard")
    parts = given.json()["parts"]
    assert {name: part["status"] for name, part in parts.items()} == {
        "students": "ok",
        "grade_levels": "ok",
        "weather": "ok",
    }
    assert parts["weather"]["data"]["condition"] == "clear"


@pytest.mark.parametrize("path", ["/api/v1/dashboard", "/api/v1/weather/school"])
def test_r12_a_service_that_was_never_there_degrades_its_part_alone(
    make_school: MakeSchool, path: str
) -> None:
    school = make_school(weather_url=NOBODY, **PLACE)
    given = school.desk().call("GET", path)
    assert given.status_code == 200
    parts = given.json().get("parts", {})
    weather = parts.pop("weather", given.json())
    assert (weather["status"], weather["data"], weather["reason"]) == ("unavailable", None, "unreachable")
    assert {part["status"] for part in parts.values()} <= {"ok"}


async def test_r2_a_service_that_hangs_holds_the_dashboard_no_longer_than_its_caller_waits(
    make_school: MakeSchool,
) -> None:
    began = time.monotonic()
    given, server = await called(
        make_school,
        then_hang(),
        "/api/v1/dashboard",
        {"X-Rollbook-Deadline-Ms": "2000"},
        weather_seconds=60.0,
    )
    assert time.monotonic() - began < 20
    parts = given.json()["parts"]
    assert (parts["students"]["status"], parts["grade_levels"]["status"]) == ("ok", "ok")
    assert (parts["weather"]["status"], parts["weather"]["reason"]) == ("unavailable", "timeout")
    assert len(server.requests) == 1


async def test_r12_nothing_of_the_caller_goes_out(make_school: MakeSchool) -> None:
    secrets = {
        "X-Request-ID": "secret-request",
        "X-Rollbook-Action-Id": "secret-action",
        "traceparent": "00-0000000000000000000000005ec2e700-0000000000000001-01",
        "Cookie": "secret=1",
        "X-Forwarded-For": "192.0.2.77",
        "Accept-Language": "secret",
    }
    given, server = await called(make_school, answer(value=GOOD), "/api/v1/weather/Athens?secret=1", secrets)
    assert given.json()["status"] == "ok"
    [request] = server.requests
    sent = json.dumps([request.target, dict(request.headers)]).lower()
    for word in ("secret", "authorization", "bearer", "rollbook-", "traceparent", "192.0.2.77", "5ec2e7"):
        assert word not in sent
    assert "athens" not in sent


async def test_r12_a_place_that_is_not_the_schools_is_not_asked_for(make_school: MakeSchool) -> None:
    given, server = await called(make_school, answer(value=GOOD), "/api/v1/weather/52.52,13.41")
    assert (given.status_code, given.json()["error"]) == (404, "not-found")
    assert server.requests == []


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"weather_url": "http://127.0.0.1:1"},
        PLACE,
        {"weather_url": "http://127.0.0.1:1", "weather_place": "A"},
    ],
)
def test_r12_without_an_address_and_a_place_nobody_is_asked(
    make_school: MakeSchool, settings: dict[str, Any]
) -> None:
    school = make_school(**settings)
    desk = school.desk()
    parts = desk.call("GET", "/api/v1/dashboard").json()["parts"]
    for part in (parts["weather"], desk.call("GET", "/api/v1/weather/school").json()):
        assert (part["status"], part["reason"]) == ("unavailable", "not-set-up")
    assert school.parts.weather._loop._thread is None


def test_r12_the_weather_is_for_those_who_are_signed_in(make_school: MakeSchool) -> None:
    school = make_school()
    assert school.client.get("/api/v1/weather/school").status_code == 401
    assert school.desk(Role.SUPPORT).call("GET", "/api/v1/weather/school").status_code == 200
    assert school.desk(Role.SUPPORT).call("GET", "/api/v1/dashboard").status_code == 403


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WEATHER_LATITUDE", "91", "at most 90"),
        ("WEATHER_LATITUDE", "-90.5", "at least -90"),
        ("WEATHER_LONGITUDE", "181", "at most 180"),
        ("WEATHER_LONGITUDE", "east", "must be a number"),
    ],
)
def test_r12_a_place_that_is_none_is_refused_at_the_start(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        read_settings(None, {f"ROLLBOOK_{name}": value})


def test_r12_a_place_in_the_south_west_is_taken() -> None:
    read = read_settings(None, {"ROLLBOOK_WEATHER_LATITUDE": "-22.9", "ROLLBOOK_WEATHER_LONGITUDE": "-43.2"})
    assert (read.weather_latitude, read.weather_longitude) == (-22.9, -43.2)
