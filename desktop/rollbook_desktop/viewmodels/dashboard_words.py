"""Each part of the dashboard in words: what it tells, and how old that is or why there is nothing (R10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QCoreApplication, QLocale

from rollbook_desktop.viewmodels import moments, reason_words
from rollbook_desktop.viewmodels.labels import QT_TRANSLATE_NOOP

translate = QCoreApplication.translate
PARTS = ("students", "weather", "grade_levels")
"""The parts that the window knows, in their order."""

FRESH_SECONDS = 300
"""How long a part is called up to date that was so when it was told: while nobody looks, nobody asks."""


class PartLike(Protocol):
    """A part as the facade tells it; ``age_seconds`` is of when it was told."""

    @property
    def status(self) -> str: ...
    @property
    def data(self) -> Any: ...
    @property
    def reason(self) -> str: ...
    @property
    def as_of(self) -> str: ...
    @property
    def age_seconds(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Told:
    """What a part tells. ``headline`` stands large; a bar is its label, its number, its share of the most."""

    title: str
    headline: str = ""
    caption: str = ""
    picture: str = ""
    lines: tuple[str, ...] = ()
    bars: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PartWords:
    """A part as it is shown. ``fresh`` is its age or that it is not there; ``why`` is empty if all is well.

    ``tone`` and ``icon`` say the same as ``fresh``.
    """

    told: Told
    tone: str
    icon: str
    fresh: str
    why: str = ""

    @property
    def spoken(self) -> str:
        """All of it, as a screen reader says it."""
        told = self.told
        bars = [f"{name}: {number}" for name, number, _share in told.bars]
        large = f"{told.headline} {told.caption}".strip()
        parts = (told.title, large, *told.lines, *bars, self.fresh, self.why)
        return ". ".join(part.rstrip(".") for part in parts if part) + "."


def words_of(name: str, part: PartLike, since_told: float, server_away: bool = False) -> PartWords:
    """A part ``since_told`` seconds after it was told here.

    ``server_away``: the whole is what this computer kept; why is said once, of all parts.
    """
    told = _told(name, part.data) if part.status != "unavailable" else None
    if told is None:
        code = "unreadable-answer" if part.status != "unavailable" else part.reason
        absent = translate("dashboard", "Not available")
        return PartWords(Told(_title(name)), "quiet", "offline", absent, reason_words.part_words(name, code))
    age = part.age_seconds + since_told
    if part.status == "ok" and age <= FRESH_SECONDS:
        return PartWords(told, "good", "check", _fresh(age))
    fresh = translate("dashboard", "As it was {ago} ({at})").format(
        ago=moments.ago_by(age), at=moments.at(part.as_of)
    )
    why = "" if server_away or not part.reason else reason_words.part_words(name, part.reason)
    return PartWords(told, "warn", "waiting", fresh, why)


def summary_of(parts: tuple[PartWords, ...], away: str = "") -> str:
    """How much of it is as it is now, in one line; ``away`` is the code of why the server did not answer."""
    old = sum(part.tone == "warn" for part in parts)
    absent = sum(part.tone == "quiet" for part in parts)
    told = [reason_words.connection_words(away)] if away else []
    if old:
        told.append(translate("dashboard", "%n part(s) are older.", "", old))
    if absent:
        told.append(translate("dashboard", "%n part(s) are not available.", "", absent))
    return " ".join(told) or translate("dashboard", "All of it is up to date.")


def _fresh(age: float) -> str:
    if age < moments.MINUTE:
        return translate("dashboard", "Up to date")
    return translate("dashboard", "Up to date {ago}").format(ago=moments.ago_by(age))


def _title(name: str) -> str:
    return translate("dashboard", _TITLES[name])


def _told(name: str, data: Any) -> Told | None:
    """What the data say; ``None`` for what another version of the server may mean by them."""
    try:
        return _TELLERS[name](data)
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def _students(data: Any) -> Told:
    caption = translate("dashboard", "at the school, archived ones not counted")
    return Told(_title("students"), _number(int(data["count"])), caption)


def _grade_levels(data: Any) -> Told:
    rows = sorted(((row["grade_level"], int(row["count"])) for row in data), key=_by_grade)
    if not rows:
        return Told(_title("grade_levels"), lines=(translate("dashboard", "There are no students yet."),))
    most = max(count for _grade, count in rows)
    bars = tuple((_grade(grade), _number(count), count / most if most else 0.0) for grade, count in rows)
    return Told(_title("grade_levels"), bars=bars)


def _weather(data: Any) -> Told:
    place = str(data["place"])
    title = _title("weather")
    if place and place != "school":
        title = translate("dashboard", "Weather in {place}").format(place=place)
    degrees, condition = data.get("temperature"), data.get("condition")
    headline = translate("dashboard", "– °C") if degrees is None else _degrees(degrees)
    sky = _SKY.get(condition or "")
    caption = translate("sky", sky[0]) if sky else translate("dashboard", "The sky is not known")
    return Told(title, headline, caption, sky[1] if sky else "sky-cloud", _weather_lines(data))


def _weather_lines(data: Mapping[str, Any]) -> tuple[str, ...]:
    lines = []
    if data.get("temperature") is None:
        lines.append(translate("dashboard", "The temperature is not known."))
    least, most = data.get("temperature_least"), data.get("temperature_most")
    if least is not None and most is not None:
        words = translate("dashboard", "Today {least} to {most}")
        lines.append(words.format(least=_degrees(least), most=_degrees(most)))
    wind, fell = data.get("wind_speed"), data.get("precipitation")
    if wind is not None:
        lines.append(translate("dashboard", "Wind {speed} km/h").format(speed=_number(round(wind))))
    if fell:
        amount = QLocale().toString(float(fell), "f", 1)
        lines.append(translate("dashboard", "{amount} mm fell in a quarter of an hour").format(amount=amount))
    return tuple(lines)


def _degrees(value: float) -> str:
    return f"{_number(round(value))} °C"


def _number(value: int) -> str:
    return QLocale().toString(value)


def _grade(grade: str | None) -> str:
    return grade if grade else translate("dashboard", "Grade not given")


def _by_grade(row: tuple[str | None, int]) -> tuple[bool, float, str]:
    """Numbers by their value, then words, then none."""
    grade = row[0] or ""
    return not grade, float(grade) if grade.isascii() and grade.isdecimal() else float("inf"), grade


_TITLES = {
    "students": QT_TRANSLATE_NOOP("dashboard", "Students"),
    "grade_levels": QT_TRANSLATE_NOOP("dashboard", "Students by grade"),
    "weather": QT_TRANSLATE_NOOP("dashboard", "Weather"),
}
_TELLERS = {"students": _students, "grade_levels": _grade_levels, "weather": _weather}
_SKY: dict[str, tuple[str, str]] = {
    "clear": (QT_TRANSLATE_NOOP("sky", "Clear sky"), "sky-clear"),
    "partly-cloudy": (QT_TRANSLATE_NOOP("sky", "Partly cloudy"), "sky-cloud"),
    "overcast": (QT_TRANSLATE_NOOP("sky", "Overcast"), "sky-cloud"),
    "fog": (QT_TRANSLATE_NOOP("sky", "Fog"), "sky-fog"),
    "drizzle": (QT_TRANSLATE_NOOP("sky", "Drizzle"), "sky-rain"),
    "rain": (QT_TRANSLATE_NOOP("sky", "Rain"), "sky-rain"),
    "freezing-rain": (QT_TRANSLATE_NOOP("sky", "Freezing rain"), "sky-rain"),
    "snow": (QT_TRANSLATE_NOOP("sky", "Snow"), "sky-snow"),
    "showers": (QT_TRANSLATE_NOOP("sky", "Showers"), "sky-rain"),
    "snow-showers": (QT_TRANSLATE_NOOP("sky", "Snow showers"), "sky-snow"),
    "thunderstorm": (QT_TRANSLATE_NOOP("sky", "Thunderstorm"), "sky-storm"),
}
"""What a condition is called, and its picture."""
