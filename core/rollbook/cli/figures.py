"""`rollbookctl figures student|section|risk`: attendance, averages and who is at risk (D1, D2)."""

import argparse
from argparse import Namespace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from rollbook.cli import words
from rollbook.cli.answers import Answer, CommandProblemError
from rollbook.client.facade import Client
from rollbook.client.figures import Thresholds
from rollbook.client.values import RefusedEntryError

Told = dict[str, Any]

THRESHOLDS = {
    "attendance": "per cent attended below which attendance is low",
    "least_registers": "registers below which nothing is said of attendance",
    "days_absent": "days in a row",
    "average": "per cent below which an average is low, where the class's scale has no pass mark",
    "least_results": "results below which nothing is said of an average",
    "missing": "line items missing",
    "fall": "points by which an average falls",
    "recent_days": "days that are lately",
}
_UNKNOWN = "unknown"


def per_cent(text: str) -> Fraction:
    """A number from 0 to 100, with a point or a comma. Raises ``argparse.ArgumentTypeError``."""
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number from 0 to 100")
    return Fraction(value)


def at_least_one(text: str) -> int:
    """A whole number from 1 up. Raises ``argparse.ArgumentTypeError``."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number from 1 up")
    return int(text)


def run(client: Client, arguments: Namespace) -> Answer:
    """Do the verb. Raises :class:`CommandProblemError`."""
    thresholds = Thresholds(**{name: getattr(arguments, name) for name in THRESHOLDS})
    try:
        return {"student": _student, "section": _section, "risk": _risk}[arguments.verb](
            client, arguments, thresholds
        )
    except RefusedEntryError as refused:  # nothing was to be saved
        first = refused.breaches[0]
        code = "not-found" if first.code == "no-such-record" else first.code
        raise CommandProblemError(f"{first.message} {first.suggestion}", code=code) from refused


def _student(client: Client, arguments: Namespace, thresholds: Thresholds) -> Answer:
    told = client.figures.student(arguments.id, thresholds)
    lines = [_attendance(told), *_terms(told["attendance_trend"], "rate")]
    for grade, trend in zip(told["grades"], told["grades_trend"], strict=True):
        average = _known(grade["average"])
        lines.append(f"{grade['title']}  {average} ({_percent(grade['percent'])}, {_of(grade['counted'])})")
        lines += _terms(trend, "percent")
    return Answer(told, lines, _reasons(told))


def _section(client: Client, arguments: Namespace, thresholds: Thresholds) -> Answer:
    told = client.figures.section(arguments.id, thresholds)
    grades = told["grades"]
    lines = [_attendance(told), *_terms(told["attendance_trend"], "rate")]
    lines.append(
        f"Averages  median {_percent(grades['median'])}, half between {_percent(grades['lower_quartile'])} "
        f"and {_percent(grades['upper_quartile'])}; {grades['graded']} graded, {grades['ungraded']} not"
    )
    lines += [f"  {band * 10:>2} %  {'█' * number} {number}" for band, number in enumerate(grades["bands"])]
    lines += _terms(told["grades_trend"], "median")
    beside = [
        (each["title"], each["graded"], _percent(each["median"]), _known(each["from_all"]))
        for each in told["comparison"]
    ]
    lines += words.aligned(("class", "graded", "median", "points from all"), beside)
    return Answer(told, lines, _reasons(told))


def _risk(client: Client, arguments: Namespace, thresholds: Thresholds) -> Answer:
    told = client.figures.risk(thresholds, section_id=arguments.section, grade_level=arguments.grade)
    return Answer(told, _reasons(told), [f"Looked at {words.counted(told['looked_at'], 'student')}."])


def _attendance(told: Told) -> str:
    found = told["attendance"]
    return (
        f"Attendance  {_percent(found['rate'])} of {found['expected']}: {found['absent']} absent "
        f"({found['excused']} excused), {found['partial']} in part, {found['late']} late"
    )


def _terms(trend: Told, figure: str) -> list[str]:
    return [f"  {each['title']}  {_percent(each[figure])}" for each in trend["terms"]]


def _reasons(told: Told) -> list[str]:
    """A line for each reason, under the student's name."""
    found = [
        (each["label"], reason["rule"].replace("_", " "), _figures(reason))
        for part in ("attendance_risk", "grades_risk")
        for each in told[part]
        for reason in each["reasons"]
    ]
    return words.aligned(("at risk", "rule", "figures"), sorted(found))


def _figures(reason: Told) -> str:
    earlier = f", {reason['earlier']} before" if reason["earlier"] is not None else ""
    return f"{reason['figure']}{earlier} (threshold {reason['threshold']}, of {reason['of']})"


def _percent(figure: str | None) -> str:
    return _UNKNOWN if figure is None else f"{figure} %"


def _known(figure: str | None) -> str:
    return _UNKNOWN if figure is None else figure


def _of(number: int) -> str:
    return words.counted(number, "result")
