"""How attendance (D1) and averages (D2) go over weeks and terms; what is not known of one stays unknown."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from rollbook.domain.attendance_rate import Attendance, Register, attendance_in
from rollbook.domain.entity import Values
from rollbook.domain.grade_average import Average, average_of

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Days (ISO 8601) from the first to the last, both among them."""

    first: str
    last: str
    title: str = ""

    def has(self, day: str | None) -> bool:
        """Whether the day is one of them; one that is not known is not."""
        return day is not None and self.first <= day <= self.last


def weeks_of(days: Iterable[str]) -> list[Stretch]:
    """The weeks, Monday to Sunday, from the first of the days to the last; those without any too."""
    known = sorted(days)
    if not known:
        return []
    monday = _monday(known[0])
    weeks = []
    while monday.isoformat() <= known[-1]:
        weeks.append(Stretch(monday.isoformat(), (monday + _WEEK - timedelta(days=1)).isoformat()))
        monday += _WEEK
    return weeks


def sessions_of(sessions: Iterable[Values], *types: str) -> list[Stretch]:
    """The ``academic_session`` records of those types, in their order."""
    return sorted(
        Stretch(each["start_date"], each["end_date"], each["title"] or "")
        for each in sessions
        if each["type"] in types and each["start_date"] and each["end_date"]
    )


def attendance_over(
    stretches: Iterable[Stretch], registers: Mapping[Register, str | None], codes: Iterable[Values]
) -> list[tuple[Stretch, Attendance]]:
    """The attendance in each stretch; ``registers`` are :func:`rollbook.domain.attendance_rate.codes_of`."""
    known_codes = list(codes)
    return [
        (each, attendance_in((key for (_, day, _p), key in registers.items() if each.has(day)), known_codes))
        for each in stretches
    ]


def averages_over(
    stretches: Iterable[Stretch],
    results: Iterable[Values],
    line_items: Mapping[str, Values],
    categories: Mapping[str, Values],
) -> list[tuple[Stretch, Average | None]]:
    """A student's average of what was due in each stretch. What has no due date is in none."""
    own = list(results)
    return [(each, average_of(own, due_in(each, line_items), categories)) for each in stretches]


def due_in(stretch: Stretch, line_items: Mapping[str, Values]) -> dict[str, Values]:
    """The line items that were due on a day of the stretch, by id."""
    return {name: item for name, item in line_items.items() if stretch.has(item.get("due_date"))}


def change_in(figures: Iterable[Fraction | None]) -> Fraction | None:
    """By how many points the last known figure differs from the known one before; ``None`` without two."""
    known = [figure for figure in figures if figure is not None]
    return known[-1] - known[-2] if len(known) > 1 else None


def latest_run(days: Iterable[str], holds: Callable[[str], bool]) -> list[str]:
    """The last of the days, as far back as it holds without a gap; the earliest first."""
    run: list[str] = []
    for day in sorted(set(days), reverse=True):
        if not holds(day):
            break
        run.insert(0, day)
    return run


def _monday(day: str) -> date:
    found = date.fromisoformat(day)
    return found - timedelta(days=found.weekday())
