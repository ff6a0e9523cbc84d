"""A section's register over some days, filled in or to be filled in by hand (D13, D1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rollbook.domain.attendance_rate import Attendance, attendance_of
from rollbook.domain.calendar import lasts_on
from rollbook.domain.entity import Values
from rollbook.domain.grade_average import shown
from rollbook.exchange.paper_words import UNKNOWN, date_in, number_in, words_in
from rollbook.exchange.papers import Paper, Printing, head, listed_name, text_of

_PRESENT = "•"
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class RegisterRecords:
    """What is recorded of one section and one period of the day: records by their entities."""

    title: str
    students: Sequence[Values]
    enrolments: Sequence[Values]
    taken: Sequence[Values]
    marks: Sequence[Values]
    codes: Sequence[Values]


def school_days(first: date, last: date, records: RegisterRecords) -> list[str]:
    """The days (ISO 8601) from Monday to Friday, and others on which a register was taken or marked."""
    used = {each["date"] for each in (*records.taken, *records.marks)}
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day.isoformat() for day in every if day.weekday() < _SATURDAY or day.isoformat() in used]


def register_sheet(
    printing: Printing, records: RegisterRecords, days: Sequence[str], *, empty: bool = False
) -> Paper:
    """Students by days. What was not taken is told from who was present; a coming day is left free.

    ``empty``: nothing of what is recorded, to be filled in by hand.
    """
    words, language = words_in(printing.language), printing.language
    span = f"{date_in(language, days[0])} – {date_in(language, days[-1])}"
    totals = ("absent", "excused", "late", "attended_in")
    return head(printing, words["register"], records.title) | {
        "span": span,
        "days": [_day(language, day) for day in days],
        "totals": [words[name] for name in totals],
        "students": [_line(printing, records, student, days, empty) for student in records.students],
        "legend": [] if empty else _legend(records),
        "note": words["register_empty_note" if empty else "register_note"],
    }


def _day(language: str, day: str) -> list[str]:
    known = date.fromisoformat(day)
    return [words_in(language)["weekdays"][known.weekday()], str(known.day)]


def _line(
    printing: Printing, records: RegisterRecords, student: Values, days: Sequence[str], empty: bool
) -> Paper:
    own = {each["date"]: each for each in records.marks if each["student_id"] == student["id"]}
    spans = [each for each in records.enrolments if each["student_id"] == student["id"]]
    taken = {each["date"] for each in records.taken}
    cells = []
    for day in days:
        inside = any(lasts_on(span, day) for span in spans)
        said = "" if empty else _said(day, own.get(day), taken, printing.day.isoformat())
        # A mark of their own stands whatever the dates say: somebody wrote it.
        outside = not inside and (empty or day not in own)
        cells.append({"said": "" if outside else said, "outside": outside})
    found = attendance_of(student["id"], spans, records.taken, records.marks, records.codes)
    return {
        "number": text_of(student, "student_number"),
        "name": listed_name(student),
        "cells": cells,
        "totals": [""] * 4 if empty else _totals(printing.language, found),
    }


def _said(day: str, mark: Values | None, taken: set[str], today: str) -> str:
    if mark is not None:
        return text_of(mark, "office_code") or text_of(mark, "teacher_code")
    if day in taken:
        return _PRESENT
    return UNKNOWN if day <= today else ""


def _totals(language: str, found: Attendance) -> list[str]:
    rate = found.rate
    if rate is None:
        return [UNKNOWN] * 4
    return [str(found.absent), str(found.excused), str(found.late), number_in(language, shown(rate))]


def _legend(records: RegisterRecords) -> list[str]:
    codes = sorted(records.codes, key=lambda code: text_of(code, "key"))
    return [f"{text_of(code, 'key')} {text_of(code, 'title')}" for code in codes]
