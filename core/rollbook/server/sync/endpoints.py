"""``/api/v1/sync``: push, receipts, changes."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from rollbook.contract.feed import MAX_PAGE, START
from rollbook.contract.operations import PushRequest, ReceiptsRequest
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.sync.feed import page_of_changes
from rollbook.server.sync.push import encoded
from rollbook.server.sync.receipts import receipts_of
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/sync", tags=["sync"])


@router.post("/push", **described(takes=PushRequest, gives="PushResponse"))
def push(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """Take up to 500 operations; one result each, in their order."""
    return Response(encoded(parts.push.push(caller, body)), media_type="application/json")


@router.post("/receipts", **described(takes=ReceiptsRequest, gives="ReceiptsResponse"))
def receipts(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """Tell which of these operations were applied."""
    return json_response(receipts_of(parts.database, caller, decoded(body, ReceiptsRequest).op_ids))


@router.get("/changes", **described(gives="ChangesPage"))
def changes(
    parts: ServerParts,
    caller: InSchool,
    cursor: Annotated[str, Query(description="Where the last page ended; 0 is the start.")] = START,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1_000,
) -> Response:
    """The changes behind a cursor, in the order of their commits."""
    page = page_of_changes(parts.database, caller, cursor, limit)
    return Response(page, media_type="application/json")
