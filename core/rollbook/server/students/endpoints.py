"""``/api/v1/students``: one record at a time, with ``Idempotency-Key`` and ``If-Match``."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from rollbook.domain.roles import Right
from rollbook.server.auth.caller import Caller
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.parts import Parts
from rollbook.server.students.reading import (
    CURSOR,
    VERSION_CURSOR,
    read_history,
    read_student,
    read_students,
)
from rollbook.server.students.service import StudentCalls
from rollbook.server.students.views import NewStudent, StudentChange
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/students", tags=["students"])
MAX_LISTED = 500
Key = Annotated[str | None, Header(alias="Idempotency-Key", description="Needed: 428 without it.")]
Seen = Annotated[str | None, Header(alias="If-Match", description="The ETag of the version that was read.")]
_NEXT = "The `next` of the page before."
Cursor = Annotated[str | None, Query(description=_NEXT, json_schema_extra={"pattern": CURSOR})]
VersionCursor = Annotated[str | None, Query(description=_NEXT, json_schema_extra={"pattern": VERSION_CURSOR})]
Limit = Annotated[int, Query(ge=1, le=MAX_LISTED)]


@router.get("", **described(gives="StudentsPage"))
def list_students(
    parts: ServerParts, caller: InSchool, cursor: Cursor = None, limit: Limit = 100, archived: bool = False
) -> Response:
    """Students in the order of their ids."""
    caller.require(Right.READ_STUDENTS)
    return json_response(
        parts.database.read(
            lambda connection: read_students(connection, caller.school_id, cursor, limit, archived)
        )
    )


@router.post("", **described(takes=NewStudent, gives="StudentView", status=201))
def register(parts: ServerParts, caller: InSchool, body: JsonBytes, key: Key = None) -> Response:
    """Register a student. The same key with the same body again is the same student."""
    student_id = StudentCalls(parts.push).register(caller, key, decoded(body, NewStudent))
    return _shown(parts, caller, student_id, status=201)


@router.get("/{student_id}", **described(gives="StudentView"))
def show(parts: ServerParts, caller: InSchool, student_id: str) -> Response:
    """One student, archived or not."""
    caller.require(Right.READ_STUDENTS)
    return _shown(parts, caller, student_id)


@router.patch("/{student_id}", **described(takes=StudentChange, gives="StudentView"))
def change(
    parts: ServerParts, caller: InSchool, student_id: str, body: JsonBytes, key: Key = None, seen: Seen = None
) -> Response:
    """Change fields of a student."""
    StudentCalls(parts.push).change(caller, key, student_id, decoded(body, StudentChange), seen)
    return _shown(parts, caller, student_id)


@router.delete("/{student_id}", **described(status=204))
def archive(
    parts: ServerParts, caller: InSchool, student_id: str, key: Key = None, seen: Seen = None
) -> Response:
    """Archive a student; it is kept (D3)."""
    StudentCalls(parts.push).archive(caller, key, student_id, seen)
    return Response(status_code=204)


@router.get("/{student_id}/history", **described(gives="HistoryPage"))
def show_history(
    parts: ServerParts, caller: InSchool, student_id: str, cursor: VersionCursor = None, limit: Limit = 100
) -> Response:
    """Who changed what from what to what, oldest first."""
    caller.require(Right.READ_STUDENTS)
    return json_response(
        parts.database.read(
            lambda connection: read_history(connection, caller.school_id, student_id, cursor, limit)
        )
    )


def _shown(parts: Parts, caller: Caller, student_id: str, status: int = 200) -> Response:
    view = parts.database.read(lambda connection: read_student(connection, caller.school_id, student_id))
    headers = {"ETag": f'"{view.version}"'}
    if status == 201:
        headers["Location"] = f"/api/v1/students/{view.id}"
    return json_response(view, status, headers)
