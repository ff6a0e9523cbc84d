"""Which students are at risk, by rules that are stated: each has a name, a threshold and its reason.

Nothing is weighed or guessed. Each rule looks at one thing, says nothing where too little is known, and tells
the figures that it goes by, so that whoever reads it can look for themselves. The defaults are the usual
ones: a tenth of the days missed is what school systems call chronic absence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from rollbook.domain.attendance_rate import Register, attendance_in
from rollbook.domain.entity import Values
from rollbook.domain.grade_average import average_of, shown
from rollbook.domain.trends import Stretch, due_in, latest_run


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a rule speaks. Rates, averages and points are per cent.

    A section whose grade scale has a pass mark goes by that, and by ``average`` where it has none.
    """

    attendance: Fraction = Fraction(90)
    least_registers: int = 10
    days_absent: int = 3
    average: Fraction = Fraction(50)
    least_results: int = 3
    missing: int = 3
    fall: Fraction = Fraction(15)
    recent_days: int = 28


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule speaks: ``figure`` against ``threshold``, as people read them; ``of`` how many it is made.

    ``section_id`` is that of the class which it is about, empty where it is about all of them. ``earlier`` is
    the figure before, where the rule compares two.
    """

    rule: str
    figure: str
    threshold: str
    of: int
    section_id: str = ""
    earlier: str | None = None


ATTENDANCE_LOW = "attendance_low"
DAYS_ABSENT = "days_absent"
AVERAGE_LOW = "average_low"
AVERAGE_FALLING = "average_falling"
WORK_MISSING = "work_missing"
RULES = {
    ATTENDANCE_LOW: "attended less than the threshold, of at least so many registers",
    DAYS_ABSENT: "absent in every register of each of their latest days, so many days in a row",
    AVERAGE_LOW: "an average in a class below its pass mark, from at least so many results",
    AVERAGE_FALLING: "what was due lately lies so many points below what was due before",
    WORK_MISSING: "so many line items are missing",
}


def attendance_reasons(
    registers: Mapping[Register, str | None], codes: Iterable[Values], thresholds: Thresholds
) -> list[Reason]:
    """What the student's registers (:func:`rollbook.domain.attendance_rate.codes_of`) give reason for."""
    known_codes = list(codes)
    found = []
    attended = attendance_in(registers.values(), known_codes)
    enough = attended.expected >= thresholds.least_registers
    if enough and attended.rate is not None and attended.rate < thresholds.attendance:
        least = shown(thresholds.attendance)
        found.append(Reason(ATTENDANCE_LOW, shown(attended.rate), least, attended.expected))
    away = _days_away(registers, known_codes)
    if thresholds.days_absent and len(away) >= thresholds.days_absent:
        found.append(Reason(DAYS_ABSENT, str(len(away)), str(thresholds.days_absent), len(away)))
    return found


def _days_away(registers: Mapping[Register, str | None], codes: list[Values]) -> list[str]:
    """The latest days on which they were expected, as far back as they were absent all day."""
    by_day: dict[str, list[str | None]] = {}
    for (_section, day, _period), key in registers.items():
        by_day.setdefault(day, []).append(key)
    attended = {day: attendance_in(keys, codes) for day, keys in by_day.items()}
    expected = {day: found for day, found in attended.items() if found.expected}
    return latest_run(expected, lambda day: expected[day].absent == expected[day].expected)


@dataclass(frozen=True, slots=True)
class Gradebook:
    """What one class graded: ``line_item`` and ``category`` records by id, and its ``grade_scale``."""

    line_items: Mapping[str, Values]
    categories: Mapping[str, Values]
    scale: Values


def grade_reasons(
    results: Iterable[Values], gradebooks: Mapping[str, Gradebook], today: str, thresholds: Thresholds
) -> list[Reason]:
    """What the student's ``result`` records give reason for. ``gradebooks``: by id of their classes."""
    own = list(results)
    known = {name for book in gradebooks.values() for name in book.line_items}
    found = []
    for section_id, book in gradebooks.items():
        found += _average_low(own, section_id, book, thresholds)
        found += _falling(own, section_id, book, today, thresholds)
    missing = sum(each.get("missing") == "yes" and each["line_item_id"] in known for each in own)
    if thresholds.missing and missing >= thresholds.missing:
        found.append(Reason(WORK_MISSING, str(missing), str(thresholds.missing), missing))
    return found


def pass_mark(scale: Values, otherwise: Fraction) -> Fraction:
    """The scale's pass mark in per cent of its length; ``otherwise`` where it has none."""
    if scale.get("pass_mark") is None:
        return otherwise
    mark = Fraction(scale["pass_mark"])
    if scale.get("kind") == "letters":  # its steps are per cent
        return mark
    lowest, highest = Fraction(scale.get("minimum") or 0), Fraction(scale.get("maximum") or 100)
    return (mark - lowest) * 100 / (highest - lowest) if highest > lowest else otherwise


def _average_low(
    results: list[Values], section_id: str, book: Gradebook, thresholds: Thresholds
) -> list[Reason]:
    average = average_of(results, book.line_items, book.categories)
    least = pass_mark(book.scale, thresholds.average)
    if average is None or average.counted < thresholds.least_results or average.percent >= least:
        return []
    return [Reason(AVERAGE_LOW, shown(average.percent), shown(least), average.counted, section_id)]


def _falling(
    results: list[Values], section_id: str, book: Gradebook, today: str, thresholds: Thresholds
) -> list[Reason]:
    since = date.fromisoformat(today) - timedelta(days=thresholds.recent_days)
    lately = Stretch((since + timedelta(days=1)).isoformat(), today)
    before = Stretch("", since.isoformat())
    late, early = (
        average_of(results, due_in(stretch, book.line_items), book.categories) for stretch in (lately, before)
    )
    if late is None or early is None or min(late.counted, early.counted) < thresholds.least_results:
        return []
    if early.percent - late.percent < thresholds.fall:
        return []
    fell = (shown(late.percent), shown(thresholds.fall), late.counted)
    return [Reason(AVERAGE_FALLING, *fell, section_id, shown(early.percent))]
