"""Who is at risk among some students, and why (:mod:`rollbook.domain.students_at_risk`), from records."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from rollbook.domain.attendance_rate import codes_of
from rollbook.domain.calendar import lasts_on
from rollbook.domain.enrolment_status import EnrolmentStatus, status_on
from rollbook.domain.entity import Values
from rollbook.domain.figure_records import (
    GradeRecords,
    Reading,
    attendance_of_students,
    grades_of_students,
    inside_of,
    stays_of,
)
from rollbook.domain.figures import grouped
from rollbook.domain.labels import label_of
from rollbook.domain.students_at_risk import (
    Gradebook,
    Reason,
    Thresholds,
    attendance_reasons,
    grade_reasons,
)
from rollbook.domain.trends import Stretch, sessions_of

_AT_SCHOOL = (EnrolmentStatus.CURRENT, None)
"""Of whom no stay was entered, it is not known that they left."""

Told = dict[str, Any]
"""``student_id``, ``label`` and ``reasons``."""


def of_attendance(
    reading: Reading, students: Collection[str], today: str, thresholds: Thresholds
) -> list[Told]:
    """Those with a reason from their registers of this school year, up to today."""
    year = school_year(reading, today)
    records = attendance_of_students(reading, students)
    taken = [each for each in records.taken if year.has(each["date"])]
    marks = grouped(each for each in records.marks if year.has(each["date"]))
    enrolments = grouped(records.enrolments)
    by_section: dict[str, list[Values]] = {}
    for each in taken:
        by_section.setdefault(each["section_id"], []).append(each)
    found = {}
    for student in students:
        spans = enrolments.get(student, [])
        sections = {each["section_id"] for each in spans}
        own = [each for section in sections for each in by_section.get(section, ())]
        registers = codes_of(student, spans, own, marks.get(student, ()))
        found[student] = attendance_reasons(registers, records.codes, thresholds)
    return _told(reading, found, today)


def of_grades(reading: Reading, students: Collection[str], today: str, thresholds: Thresholds) -> list[Told]:
    """Those with a reason from their results of this school year: what was due in it, or has no due date
    and belongs to a class that they are in today."""
    year = school_year(reading, today)
    records = grades_of_students(reading, students)
    inside: dict[str, set[str]] = {}
    for each in inside_of(reading, records.sections.keys()):
        if lasts_on(each, today):
            inside.setdefault(each["student_id"], set()).add(each["section_id"])
    books = _gradebooks(records, year)
    results = grouped(records.results)
    found = {}
    for student in students:
        own = results.get(student, [])
        now = sorted(inside.get(student, set()) & books.keys())
        found[student] = grade_reasons(own, {name: books[name] for name in now}, today, thresholds)
    return _told(reading, found, today)


def inside_on(reading: Reading, section_id: str, today: str) -> list[str]:
    """The students who are in the class today, in the order of their ids."""
    spans = inside_of(reading, [section_id])
    return sorted({each["student_id"] for each in spans if lasts_on(each, today)})


def school_year(reading: Reading, today: str) -> Stretch:
    """The school year's days up to today; without one that has today in it, all days."""
    years = sessions_of(reading.every("academic_session").values(), "school_year")
    first = [each.first for each in years if each.has(today)]
    return Stretch(max(first, default=""), today)


def _gradebooks(records: GradeRecords, year: Stretch) -> dict[str, Gradebook]:
    items: dict[str, dict[str, Values]] = {}
    for name, item in records.line_items.items():
        if item.get("due_date") is None or year.has(item["due_date"]):
            items.setdefault(item["section_id"], {})[name] = item
    scales = {name: each["grade_scale_id"] or "" for name, each in records.sections.items()}
    return {
        name: Gradebook(own, records.categories, records.scales.get(scales.get(name, ""), {}))
        for name, own in items.items()
    }


def _told(reading: Reading, found: dict[str, list[Reason]], today: str) -> list[Told]:
    """Those with reasons, who are at the school and not archived, in the order of their names."""
    wanted = [student for student, reasons in found.items() if reasons]
    stays = grouped(stays_of(reading, wanted))
    here = [each for each in wanted if status_on(today, stays.get(each, ())) in _AT_SCHOOL]
    live = reading.among("student", "id", here)
    told = [
        {
            "student_id": student,
            "label": label_of(values),
            "reasons": [asdict(reason) for reason in found[student]],
        }
        for student, values in live.items()
    ]
    return sorted(told, key=lambda each: (each["label"], each["student_id"]))
