"""``GET /api/v1/users``: who belongs to the school. Accounts are made and closed by ``rollbook-server``."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection, select
from starlette.responses import Response

from rollbook.contract.users import MemberView, UsersPage
from rollbook.domain.roles import Right
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.sync.incoming import RECORD_ID, is_record_id
from rollbook.server.tables import app_user, membership
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1/users", tags=["users"])
_KIND = "user"
Cursor = Annotated[
    str | None,
    Query(
        description="The `next` of the page before.",
        json_schema_extra={"pattern": f"^{_KIND}:{RECORD_ID}$"},
    ),
]


@router.get("", **described(gives="UsersPage"))
def list_users(
    parts: ServerParts,
    caller: InSchool,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """The school's users with their roles, those of closed accounts too."""
    caller.require(Right.ADMINISTER)
    return json_response(
        parts.database.read(lambda connection: _page(connection, caller.school_id, cursor, limit))
    )


def _page(connection: Connection, school_id: str, cursor: str | None, limit: int) -> UsersPage:
    kind, _, after = (f"{_KIND}:" if cursor is None else cursor).partition(":")
    if kind != _KIND or not (cursor is None or is_record_id(after)):
        raise ProblemError("validation-failed", "The cursor is not one that this list gave.")
    query = (
        select(
            app_user.c.id, app_user.c.name, membership.c.role, app_user.c.created_at, app_user.c.disabled_at
        )
        .join(membership, membership.c.user_id == app_user.c.id)
        .where(membership.c.school_id == school_id, app_user.c.id > after)
        .order_by(app_user.c.id)
        .limit(limit + 1)
    )
    found = [MemberView(*row) for row in connection.execute(query)]
    page = found[:limit]
    return UsersPage(page, f"{_KIND}:{page[-1].id}" if len(found) > limit else None)
