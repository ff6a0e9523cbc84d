"""The weather at the school's place, as the server tells it (R12)."""

import msgspec

CONDITIONS = (
    "clear",
    "partly-cloudy",
    "overcast",
    "fog",
    "drizzle",
    "rain",
    "freezing-rain",
    "snow",
    "showers",
    "snow-showers",
    "thunderstorm",
)
"""The conditions of the sky, by stable words."""


class Weather(msgspec.Struct, frozen=True):
    """Now, and the least and most of today. What is not known is ``None``, and ``notes`` says why (a code).

    ``observed_at`` is ISO 8601 in UTC. Temperatures are in degrees Celsius, the wind in km/h, the rain that
    fell in the last quarter of an hour in mm. ``condition`` is a word of :data:`CONDITIONS`.
    """

    place: str
    observed_at: str | None = None
    condition: str | None = None
    temperature: float | None = None
    temperature_least: float | None = None
    temperature_most: float | None = None
    wind_speed: float | None = None
    precipitation: float | None = None
    notes: dict[str, str] = {}
