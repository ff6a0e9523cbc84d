"""``/api/v1/numbers``: blocks of numbers for desks that work offline (S16)."""

from fastapi import APIRouter
from starlette.responses import Response

from rollbook.contract.numbers import BlockRequest, LiveBlocks
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/numbers", tags=["numbers"])


@router.post("/blocks", **described(takes=BlockRequest, gives="NumberBlock"))
def reserve(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """Reserve the next numbers for this computer; the same id again gives the same ones."""
    return json_response(parts.numbers.reserve(caller, decoded(body, BlockRequest)))


@router.post("/blocks/live", **described(takes=LiveBlocks, status=204))
def report(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """Say which blocks this computer still gives out, after the server was restored."""
    parts.numbers.report(caller, decoded(body, LiveBlocks).blocks)
    return Response(status_code=204)
