"""``/api/v1/dashboard``: what there is, each part by itself (R10)."""

from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from rollbook.contract.dashboard import Dashboard
from rollbook.domain.roles import Right
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.dashboard.counts import count_of_students, counts_by_grade_level
from rollbook.server.openapi import described
from rollbook.server.telling import Source
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1", tags=["dashboard"])


@router.get("/dashboard", **described(gives="Dashboard"))
def dashboard(parts: ServerParts, caller: InSchool) -> Response:
    """The school's numbers; a part that fails says so and leaves the others alone."""
    caller.require(Right.READ_STUDENTS)
    return json_response(Dashboard(parts.teller.tell(sources_of(caller.school_id), caller.school_id)))


def sources_of(school_id: str) -> dict[str, Source]:
    """The parts of a school that are counted in the database. The same for all who may read its students."""
    return {
        "students": partial(count_of_students, school_id=school_id),
        "grade_levels": partial(counts_by_grade_level, school_id=school_id),
    }
