"""The places whose weather may be asked for: the school's own, and none that a caller names."""

from dataclasses import dataclass

from rollbook.server.settings import Settings

OWN = "school"
"""What every school's own place may be called by."""


@dataclass(frozen=True, slots=True)
class Place:
    """A name for people, and where it lies in degrees."""

    name: str
    latitude: float
    longitude: float


def place_of(settings: Settings) -> Place | None:
    """The school's place; ``None`` where the weather is not set up.

    No school lies in the Gulf of Guinea, at 0 degrees of either: that is a place that was not given.
    """
    given = settings.weather_latitude or settings.weather_longitude
    if not settings.weather_url or not given:
        return None
    return Place(settings.weather_place or OWN, settings.weather_latitude, settings.weather_longitude)


def is_called(place: Place, location: str) -> bool:
    """Whether ``location`` means ``place``."""
    return location.strip().casefold() in {OWN, place.name.strip().casefold()}
