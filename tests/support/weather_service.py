"""The weather service in front of a server of the test's own, and what that server may answer."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rollbook.contract.dashboard import DashboardPart
from rollbook.server.metrics import Metrics
from rollbook.server.outside.places import Place
from rollbook.server.outside.weather import WeatherService
from rollbook.server.settings import Settings
from support.faulty_server import (
    Answering,
    FaultyServer,
    answer,
    cut_short,
    hang_up,
    html_page,
    raw,
    reset,
    response,
    slow_drip,
    then_hang,
    truncated,
)
from support.settable_clock import SettableClock

ATHENS = Place("Athens", 37.98376, 23.72784)
GOOD: dict[str, Any] = {
    "latitude": 37.98,
    "current": {
        "time": "2026-09-01T07:45",
        "interval": 900,
        "temperature_2m": 21.4,
        "weather_code": 61,
        "wind_speed_10m": 0.0,
        "precipitation": 0.3,
    },
    "daily": {"time": ["2026-09-01"], "temperature_2m_min": [17.2], "temperature_2m_max": [27.9]},
}
WHOLE_SECONDS = 1.0  # of a question in tests that wait for its end
ENOUGH_SECONDS = 30.0


@asynccontextmanager
async def asked(
    server: FaultyServer, clock: SettableClock | None = None, **settings: Any
) -> AsyncIterator[WeatherService]:
    """The service in front of ``server``, closed at the end."""
    async with server:
        service = service_at(server.url, clock, **settings)
        try:
            yield service
        finally:
            await asyncio.to_thread(service.close)


def service_at(url: str, clock: SettableClock | None = None, **settings: Any) -> WeatherService:
    # Time enough, lest a busy machine look like a slow service.
    made = Settings(weather_url=url, **({"weather_seconds": ENOUGH_SECONDS} | settings))
    return WeatherService(made, clock or SettableClock(), Metrics(), random.Random(1))


def seen(part: DashboardPart) -> tuple[str, str]:
    assert (part.data is None) == (part.status == "unavailable")
    return part.status.value, part.reason


def changed(**current: Any) -> Answering:
    """The good answer with other values of now."""
    return answer(value=GOOD | {"current": GOOD["current"] | current})


TRANSIENT: list[tuple[Answering, str]] = [
    (answer(503), "service-failing"),
    (html_page(502), "service-failing"),
    (answer(504), "service-failing"),
    (answer(408), "service-failing"),
    (cut_short(GOOD), "unreadable-answer"),
    (reset, "unreachable"),
    (hang_up, "unreadable-answer"),
    (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "unreadable-answer"),
]
LASTING: list[tuple[Answering, str]] = [
    (answer(500), "service-failing"),
    (html_page(), "unreadable-answer"),
    (truncated(GOOD), "unreadable-answer"),
    (answer(value=[]), "unreadable-answer"),
    (answer(value={}), "unreadable-answer"),
    (answer(value={"current": None}), "unreadable-answer"),
    (answer(value={"current": {"temperature_2m": 21.4}}), "unreadable-answer"),
    (answer(value={"error": True, "reason": "no such place"}), "unreadable-answer"),
    (changed(time="yesterday"), "unreadable-answer"),
    (changed(temperature_2m="mild"), "unreadable-answer"),
    (changed(temperature_2m=9_999), "unreadable-answer"),
    (raw(response(body=b'{"current": NaN}')), "unreadable-answer"),
    (raw(response(body=b"\xff\xfe\x00")), "unreadable-answer"),
    (raw(response(body=b"[" * 60_000)), "unreadable-answer"),
    (raw(response(204, b"")), "unreadable-answer"),
    (raw(response(body=b"\x1f\x8b", Content_Encoding="gzip")), "unreadable-answer"),
    (raw(response(302, b"", Location="/v1/forecast")), "redirected"),
    (raw(response(301, b"", Location="http://169.254.169.254/latest")), "redirected"),
    (raw(response(body=b" " * 70_000)), "answer-too-large"),
    (raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b" " * 70_000), "answer-too-large"),
]
REFUSED: list[tuple[Answering, str]] = [
    (answer(400, {"error": True}), "service-refused"),
    (answer(404), "service-refused"),
    (html_page(403), "service-refused"),
]
SLOW: list[tuple[Answering, str]] = [
    (then_hang(), "timeout"),
    (then_hang(response(body=b"{", length=900)), "timeout"),
    (slow_drip(GOOD, 0.02), "timeout"),
]


def seconds_for(reason: str) -> float:
    return WHOLE_SECONDS if reason == "timeout" else ENOUGH_SECONDS
