"""``/api/v1/analytics``: what there is to say of one student or one class, each part by itself (R10)."""

from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from rollbook.contract.dashboard import NOT_KEPT_YET, StudentAnalytics
from rollbook.domain.roles import Right
from rollbook.server.analytics.student import changes_of, completeness
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.students.reading import read_student
from rollbook.server.telling import unavailable
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])


@router.get("/students/{student_id}", **described(gives="StudentAnalytics"))
def student(parts: ServerParts, caller: InSchool, student_id: str) -> Response:
    """How complete a student's record is and how it changed; what is not kept yet says so."""
    caller.require(Right.READ_STUDENTS)
    school = caller.school_id
    found = parts.database.read(lambda connection: read_student(connection, school, student_id))
    # Nothing of one pupil is kept for later: a copy less that an erasure must reach (D3).
    told = parts.teller.tell(
        {
            "record": partial(completeness, school_id=school, student_id=found.id),
            "changes": partial(changes_of, school_id=school, student_id=found.id),
        }
    )
    told |= {name: unavailable(NOT_KEPT_YET) for name in ("attendance", "grades")}
    return json_response(StudentAnalytics(found.id, told))


@router.get("/sections/{section_id}", **described())
def section(caller: InSchool, section_id: str) -> Response:
    """The same of a class, once the school keeps classes: until then there is none of any id."""
    caller.require(Right.READ_STUDENTS)
    raise ProblemError("not-found", "This version of the server keeps no classes yet.")
