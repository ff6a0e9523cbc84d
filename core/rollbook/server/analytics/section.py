"""A section's attendance (D1) and how its students' averages are spread (D2)."""

from collections.abc import Iterable
from dataclasses import fields
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from rollbook.domain.attendance_rate import Attendance, attendance_of
from rollbook.domain.grade_average import average_of, shown
from rollbook.server.analytics.marks import attendance_told
from rollbook.server.analytics.records import among_those, live, meant
from rollbook.server.problems import ProblemError
from rollbook.server.sync.incoming import is_record_id

_BAND = 10
"""Per cent: how wide a band of the distribution is."""


def check_section(connection: Connection, school_id: str, section_id: str) -> None:
    """Raises :class:`ProblemError` ``not-found`` where there is no such section."""
    if not is_record_id(section_id) or not live(connection, school_id, "section", id=section_id):
        raise ProblemError("not-found")


def attendance_part(connection: Connection, school_id: str, section_id: str) -> dict[str, Any]:
    """The attendance of all that are or were in the section, together."""
    enrolments = meant(
        connection, school_id, live(connection, school_id, "section_enrolment", section_id=section_id)
    )
    marks = meant(
        connection, school_id, live(connection, school_id, "attendance_mark", section_id=section_id)
    )
    taken = live(connection, school_id, "register_taken", section_id=section_id)
    codes = live(connection, school_id, "attendance_code")
    students = {each["student_id"] for each in (*enrolments, *marks)}
    by_student = (
        attendance_of(student, enrolments, taken.values(), marks, codes.values()) for student in students
    )
    return {"students": len(students), **attendance_told(_together(by_student))}


def grades_part(connection: Connection, school_id: str, section_id: str) -> dict[str, Any]:
    """The middle of the students' averages in per cent, and how many lie in each band of ten."""
    items = live(connection, school_id, "line_item", section_id=section_id)
    categories = live(connection, school_id, "category", section_id=section_id)
    results = among_those(connection, school_id, "result", "line_item_id", items.keys())
    by_student: dict[str, list[dict[str, Any]]] = {}
    for result in meant(connection, school_id, results):
        by_student.setdefault(result["student_id"], []).append(result)
    averages = (average_of(own, items, categories) for own in by_student.values())
    percents = sorted(average.percent for average in averages if average is not None)
    middle = shown(_median(percents)) if percents else None
    return {"graded": len(percents), "median": middle, "bands": _bands(percents)}


def _together(found: Iterable[Attendance]) -> Attendance:
    total = dict.fromkeys((each.name for each in fields(Attendance)), 0)
    for one in found:
        for name in total:
            total[name] += getattr(one, name)
    return Attendance(**total)


def _median(in_order: list[Fraction]) -> Fraction:
    middle = len(in_order) // 2
    if len(in_order) % 2:
        return in_order[middle]
    return (in_order[middle - 1] + in_order[middle]) / 2


def _bands(percents: Iterable[Fraction]) -> list[int]:
    """From 0 to under 10, …, from 90 to 100."""
    bands = [0] * (100 // _BAND)
    for percent in percents:
        bands[min(int(percent) // _BAND, len(bands) - 1)] += 1
    return bands
