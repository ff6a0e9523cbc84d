"""``/api/v1/sync``: push, receipts, changes, snapshot."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from rollbook.contract.feed import MAX_PAGE, START
from rollbook.contract.operations import MAX_FENCE, PushRequest, ReceiptsRequest
from rollbook.contract.snapshot import FIRST, MAX_SNAPSHOT_PAGE
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.sync.feed import page_of_changes
from rollbook.server.sync.push import encoded
from rollbook.server.sync.receipts import receipts_of
from rollbook.server.sync.snapshot import snapshot_page, snapshot_plan
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/sync", tags=["sync"])

Known = Annotated[str, Query(description="The last row of the feed that the sender has been told of.")]

Fence = Annotated[
    int | None, Query(ge=0, le=MAX_FENCE, description="How often this computer has given up on an answer.")
]


@router.post("/push", **described(takes=PushRequest, gives="PushResponse"))
def push(
    parts: ServerParts,
    caller: InSchool,
    body: JsonBytes,
    known: Known = START,
    fence: Fence = None,
) -> Response:
    """Take up to 500 operations; one result each, in their order."""
    answer = parts.push.push(caller, body, known, fence)
    return Response(encoded(answer), media_type="application/json")


@router.post("/receipts", **described(takes=ReceiptsRequest, gives="ReceiptsResponse"))
def receipts(parts: ServerParts, caller: InSchool, body: JsonBytes, known: Known = START) -> Response:
    """Tell which of these operations were applied."""
    return json_response(receipts_of(parts.database, caller, decoded(body, ReceiptsRequest), known))


@router.get("/changes", **described(gives="ChangesPage"))
def changes(
    parts: ServerParts,
    caller: InSchool,
    cursor: Annotated[str, Query(description="Where the last page ended; 0 is the start.")] = START,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1_000,
    known: Known = START,
) -> Response:
    """The changes behind a cursor, in the order of their commits."""
    page = page_of_changes(parts.database, caller, cursor, limit, known)
    return Response(page, media_type="application/json")


@router.get("/snapshot", **described(gives="SnapshotPlan"))
def plan_of_snapshot(parts: ServerParts, caller: InSchool) -> Response:
    """Where the feed is now, and how many records of each kind there are to read."""
    return json_response(snapshot_plan(parts.database, caller))


@router.get("/snapshot/{entity}", **described(gives="SnapshotPage"))
def page_of_snapshot(
    parts: ServerParts,
    caller: InSchool,
    entity: str,
    after: Annotated[str, Query(description="The last id of the page before.", max_length=200)] = FIRST,
    limit: Annotated[int, Query(ge=1, le=MAX_SNAPSHOT_PAGE)] = 2_000,
    known: Known = START,
) -> Response:
    """The records as they are now, in the order of their ids."""
    page = snapshot_page(parts.database, caller, entity, after, limit, known)
    return Response(page, media_type="application/json")
