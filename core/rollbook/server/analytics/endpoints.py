"""``/api/v1/analytics``: what there is to say of one student or one class, each part by itself (R10)."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from rollbook.contract.dashboard import RiskAnalytics, SectionAnalytics, StudentAnalytics
from rollbook.domain import figures
from rollbook.domain.figure_records import Reading
from rollbook.domain.roles import Right
from rollbook.domain.student import STUDENT
from rollbook.domain.students_at_risk import Thresholds
from rollbook.server.analytics.records import SchoolReading
from rollbook.server.analytics.risk import AtRisk, ThresholdsAsked, page_of_students
from rollbook.server.analytics.student import changes_of, completeness
from rollbook.server.auth.caller import Caller
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.merged import person_of
from rollbook.server.openapi import described
from rollbook.server.parts import Parts
from rollbook.server.problems import ProblemError
from rollbook.server.records.reading import find_record
from rollbook.server.sync.incoming import RECORD_ID, is_record_id
from rollbook.server.telling import Source
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])
MAX_LOOKED_AT = 500
_BEHIND = Query(description="The `next` of the page before.", json_schema_extra={"pattern": f"^{RECORD_ID}$"})


@router.get("/students/{student_id}", **described(gives="StudentAnalytics"))
def of_student(
    parts: ServerParts, caller: InSchool, student_id: str, thresholds: ThresholdsAsked
) -> Response:
    """A student's attendance, averages, trends and risks, how complete the record is and how it changed."""
    _check(caller)
    school = caller.school_id
    found = parts.database.read(
        lambda connection: find_record(connection, school, STUDENT, person_of(connection, school, student_id))
    )
    # Nothing of one pupil is kept for later: a copy less that an erasure must reach (D3).
    at_risk = _at_risk(parts, caller, thresholds)
    told = parts.teller.tell(
        {
            "record": partial(completeness, school_id=school, student_id=found.id),
            "changes": partial(changes_of, school_id=school, student_id=found.id),
            "attendance": _reckoned(figures.student_attendance, school, found.id),
            "attendance_trend": _reckoned(figures.student_attendance_trend, school, found.id),
            "attendance_risk": partial(at_risk.attendance, students=[found.id]),
            "grades": _reckoned(figures.student_grades, school, found.id),
            "grades_trend": _reckoned(figures.student_grades_trend, school, found.id),
            "grades_risk": partial(at_risk.grades, students=[found.id]),
        }
    )
    return json_response(StudentAnalytics(found.id, told))


@router.get("/sections/{section_id}", **described(gives="SectionAnalytics"))
def of_section(
    parts: ServerParts, caller: InSchool, section_id: str, thresholds: ThresholdsAsked
) -> Response:
    """A class's attendance, how its students' averages are spread, trends, risks, its course's classes."""
    _check(caller)
    school = caller.school_id
    parts.database.read(lambda connection: _check_section(connection, school, section_id))
    at_risk = _at_risk(parts, caller, thresholds)
    told = parts.teller.tell(
        {
            "attendance": _reckoned(figures.section_attendance, school, section_id),
            "attendance_trend": _reckoned(figures.section_attendance_trend, school, section_id),
            "attendance_risk": partial(at_risk.attendance_in, section_id=section_id),
            "grades": _reckoned(figures.section_grades, school, section_id),
            "grades_trend": _reckoned(figures.section_grades_trend, school, section_id),
            "grades_risk": partial(at_risk.grades_in, section_id=section_id),
            "comparison": _reckoned(figures.section_comparison, school, section_id),
        }
    )
    return json_response(SectionAnalytics(section_id, told))


@router.get("/risk", **described(gives="RiskAnalytics"))
def of_school(
    parts: ServerParts,
    caller: InSchool,
    thresholds: ThresholdsAsked,
    cursor: Annotated[str | None, _BEHIND] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LOOKED_AT)] = 200,
    grade_level: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """Who is at risk among ``limit`` students; all are looked at page by page, in the order of their ids."""
    _check(caller)
    if cursor is not None and not is_record_id(cursor):
        raise ProblemError("validation-failed", "The cursor is not one that this list gave.")
    asked = (caller.school_id, cursor or "", limit, grade_level)
    students = parts.database.read(lambda connection: page_of_students(connection, *asked))
    at_risk = _at_risk(parts, caller, thresholds)
    told = parts.teller.tell(
        {
            "attendance_risk": partial(at_risk.attendance, students=students),
            "grades_risk": partial(at_risk.grades, students=students),
        }
    )
    more = students[-1] if len(students) == limit else None
    return json_response(RiskAnalytics(len(students), told, more))


def _check(caller: Caller) -> None:
    caller.require(Right.READ_STUDENTS)
    caller.require(Right.READ_MARKS)


def _check_section(connection: Connection, school_id: str, section_id: str) -> None:
    reading = SchoolReading(connection, school_id)
    if not is_record_id(section_id) or not reading.among("section", "id", [section_id]):
        raise ProblemError("not-found")


def _at_risk(parts: Parts, caller: Caller, thresholds: Thresholds) -> AtRisk:
    return AtRisk(caller.school_id, parts.clock.now().date().isoformat(), thresholds)


def _reckoned(reckon: Callable[[Reading, str], Any], school_id: str, record_id: str) -> Source:
    return lambda connection: reckon(SchoolReading(connection, school_id), record_id)
