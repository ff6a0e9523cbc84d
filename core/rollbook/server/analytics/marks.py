"""A student's attendance (D1) and grades (D2), as parts of what is told of them."""

from typing import Any

from sqlalchemy import Connection

from rollbook.domain.attendance_rate import Attendance, attendance_of
from rollbook.domain.entity import Values
from rollbook.domain.grade_average import Average, average_of, on_scale, shown
from rollbook.server.analytics.records import Records, among_those, live
from rollbook.server.merged import all_ids

_COUNTS = ("present", "partial", "absent", "late", "excused", "not_expected", "unknown")


def attendance_part(connection: Connection, school_id: str, student_id: str) -> dict[str, Any]:
    """The rate in per cent, ``None`` where nothing was expected, and the registers that it is made of."""
    ids = all_ids(connection, school_id, student_id)
    enrolments = among_those(connection, school_id, "section_enrolment", "student_id", ids)
    marks = among_those(connection, school_id, "attendance_mark", "student_id", ids)
    sections = {each["section_id"] for each in (*enrolments.values(), *marks.values())}
    taken = among_those(connection, school_id, "register_taken", "section_id", sections)
    codes = live(connection, school_id, "attendance_code")
    found = attendance_of(
        student_id, _of(student_id, enrolments), taken.values(), _of(student_id, marks), codes.values()
    )
    return attendance_told(found)


def attendance_told(found: Attendance) -> dict[str, Any]:
    """The figures of an attendance as they are told."""
    rate = None if found.rate is None else shown(found.rate)
    return {"rate": rate, "expected": found.expected, **{name: getattr(found, name) for name in _COUNTS}}


def grades_part(connection: Connection, school_id: str, student_id: str) -> list[dict[str, Any]]:
    """The average in each section in which the student has results, in the order of the titles."""
    ids = all_ids(connection, school_id, student_id)
    results = among_those(connection, school_id, "result", "student_id", ids)
    wanted = {each["line_item_id"] for each in results.values()}
    items = among_those(connection, school_id, "line_item", "id", wanted)
    in_sections = {each["section_id"] for each in items.values()}
    sections = among_those(connection, school_id, "section", "id", in_sections)
    categories = among_those(connection, school_id, "category", "section_id", sections.keys())
    scales = live(connection, school_id, "grade_scale")
    told = []
    for section_id, section in sorted(sections.items(), key=lambda each: str(each[1]["title"])):
        own = {key: item for key, item in items.items() if item["section_id"] == section_id}
        average = average_of(results.values(), own, categories)
        scale = scales.get(section["grade_scale_id"] or "", {})
        told.append({"section_id": section_id, "title": section["title"], **average_told(average, scale)})
    return told


def average_told(average: Average | None, scale: Values) -> dict[str, Any]:
    """The figures of an average as they are told; ``None`` where there is none."""
    if average is None:
        return {"percent": None, "average": None, "counted": 0}
    percent = average.percent
    return {"percent": shown(percent), "average": on_scale(percent, scale), "counted": average.counted}


def _of(student_id: str, records: Records) -> list[dict[str, Any]]:
    """Under the one id that is meant: some may name the student by another (D4)."""
    return [{**each, "student_id": student_id} for each in records.values()]
