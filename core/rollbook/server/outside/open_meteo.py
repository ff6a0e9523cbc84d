"""Open-Meteo's question and answer (https://open-meteo.com/en/docs); it needs no key."""

from typing import Annotated

import msgspec

from rollbook.contract.weather import Weather
from rollbook.server.outside import translate

PATH = "/v1/forecast"
_NOT_TOLD = "not-told"
_NOT_KNOWN = "word-not-known"
_MINUTES = 16  # "2026-11-28T10:15"

_CONDITIONS = {
    0: "clear",
    1: "partly-cloudy",
    2: "partly-cloudy",
    3: "overcast",
    45: "fog",
    48: "fog",
    51: "drizzle",
    53: "drizzle",
    55: "drizzle",
    56: "freezing-rain",
    57: "freezing-rain",
    61: "rain",
    63: "rain",
    65: "rain",
    66: "freezing-rain",
    67: "freezing-rain",
    71: "snow",
    73: "snow",
    75: "snow",
    77: "snow",
    80: "showers",
    81: "showers",
    82: "showers",
    85: "snow-showers",
    86: "snow-showers",
    95: "thunderstorm",
    96: "thunderstorm",
    99: "thunderstorm",
}
"""By the code of the World Meteorological Organization, as Open-Meteo gives it."""

_Degrees = Annotated[float, msgspec.Meta(ge=-100, le=70)]
_Amount = Annotated[float, msgspec.Meta(ge=0, le=1_000)]
_Minute = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$")]


class _Now(msgspec.Struct, frozen=True):
    time: _Minute
    temperature_2m: _Degrees | None = None
    weather_code: int | None = None
    wind_speed_10m: _Amount | None = None
    precipitation: _Amount | None = None


class _Days(msgspec.Struct, frozen=True):
    temperature_2m_min: list[_Degrees | None] = []
    temperature_2m_max: list[_Degrees | None] = []


class _Answer(msgspec.Struct, frozen=True):
    current: _Now
    daily: _Days = _Days()


def question(latitude: float, longitude: float) -> dict[str, str]:
    """The parameters that ask for the weather there. Two decimals are a kilometre: no address is told."""
    return {
        "latitude": f"{latitude:.2f}",
        "longitude": f"{longitude:.2f}",
        "current": "temperature_2m,weather_code,wind_speed_10m,precipitation",
        "daily": "temperature_2m_min,temperature_2m_max",
        "forecast_days": "1",
        "timezone": "UTC",
    }


def understood(body: bytes, place: str) -> Weather:
    """What the answer says. Raises :class:`CallFailedError` for anything that is no weather."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise translate.unreadable() from error
    now = answer.current
    told = {
        "condition": _CONDITIONS.get(-1 if now.weather_code is None else now.weather_code),
        "temperature": now.temperature_2m,
        "temperature_least": _first(answer.daily.temperature_2m_min),
        "temperature_most": _first(answer.daily.temperature_2m_max),
        "wind_speed": now.wind_speed_10m,
        "precipitation": now.precipitation,
    }
    notes = {name: _NOT_TOLD for name, value in told.items() if value is None}
    if now.weather_code is not None and "condition" in notes:
        notes["condition"] = _NOT_KNOWN
    return msgspec.convert(
        {"place": place, "observed_at": f"{now.time[:_MINUTES]}:00Z", **told, "notes": notes}, Weather
    )


def _first(values: list[float | None]) -> float | None:
    return values[0] if values else None
