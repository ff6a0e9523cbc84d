"""``/api/v1/analytics``: what there is to say of one student or one class, each part by itself (R10)."""

from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from rollbook.contract.dashboard import SectionAnalytics, StudentAnalytics
from rollbook.domain.roles import Right
from rollbook.domain.student import STUDENT
from rollbook.server.analytics import marks, section
from rollbook.server.analytics.student import changes_of, completeness
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.merged import person_of
from rollbook.server.openapi import described
from rollbook.server.records.reading import find_record
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])


@router.get("/students/{student_id}", **described(gives="StudentAnalytics"))
def of_student(parts: ServerParts, caller: InSchool, student_id: str) -> Response:
    """A student's attendance and averages, how complete the record is and how it changed."""
    caller.require(Right.READ_STUDENTS)
    caller.require(Right.READ_MARKS)
    school = caller.school_id
    found = parts.database.read(
        lambda connection: find_record(connection, school, STUDENT, person_of(connection, school, student_id))
    )
    # Nothing of one pupil is kept for later: a copy less that an erasure must reach (D3).
    told = parts.teller.tell(
        {
            "record": partial(completeness, school_id=school, student_id=found.id),
            "changes": partial(changes_of, school_id=school, student_id=found.id),
            "attendance": partial(marks.attendance_part, school_id=school, student_id=found.id),
            "grades": partial(marks.grades_part, school_id=school, student_id=found.id),
        }
    )
    return json_response(StudentAnalytics(found.id, told))


@router.get("/sections/{section_id}", **described(gives="SectionAnalytics"))
def of_section(parts: ServerParts, caller: InSchool, section_id: str) -> Response:
    """A class's attendance, and how its students' averages are spread."""
    caller.require(Right.READ_STUDENTS)
    caller.require(Right.READ_MARKS)
    school = caller.school_id
    parts.database.read(lambda connection: section.check_section(connection, school, section_id))
    told = parts.teller.tell(
        {
            "attendance": partial(section.attendance_part, school_id=school, section_id=section_id),
            "grades": partial(section.grades_part, school_id=school, section_id=section_id),
        }
    )
    return json_response(SectionAnalytics(section_id, told))
