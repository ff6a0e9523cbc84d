"""``GET /api/v1/audit``."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from rollbook.domain.roles import Right
from rollbook.server.audit import trail
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1", tags=["audit"])


@router.get("/audit", **described(gives="AuditPage"))
def list_audit(
    parts: ServerParts,
    caller: InSchool,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """What was done to accounts, computers and the school, the latest first."""
    caller.require(Right.ADMINISTER)
    return json_response(
        parts.database.read(lambda connection: trail.page(connection, caller.school_id, before, limit))
    )
