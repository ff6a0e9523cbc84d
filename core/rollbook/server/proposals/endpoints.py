"""``/api/v1/sync/proposals``: handed over by a desk; listed and decided by a registrar (S23)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from rollbook.contract.feed import START
from rollbook.contract.proposals import Decision, ProposalState, ProposeRequest
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.parts import Parts
from rollbook.server.proposals import showing
from rollbook.server.proposals.deciding import Deciding
from rollbook.server.proposals.taking import take
from rollbook.server.sync.endpoints import Fence, Known
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/sync/proposals", tags=["proposals"])
MAX_LISTED = 500
_MAX_NUMBER = 2**53
Number = Annotated[int, Path(ge=1, le=_MAX_NUMBER)]


@router.post("", **described(takes=ProposeRequest, gives="ProposeResponse"))
def propose(
    parts: ServerParts, caller: InSchool, body: JsonBytes, known: Known = START, fence: Fence = None
) -> Response:
    """Take entries that their owner may not write any more; one result each, in their order."""
    asked = decoded(body, ProposeRequest)
    return json_response(take(parts.database, parts.clock, caller, asked, known, fence))


@router.get("", **described(gives="ProposalsPage"))
def list_proposals(
    parts: ServerParts,
    caller: InSchool,
    after: Annotated[int, Query(ge=0, le=_MAX_NUMBER, description="The `next` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 100,
    state: Annotated[ProposalState | None, Query(description="All without.")] = None,
) -> Response:
    """Proposals in the order in which they came."""
    return json_response(
        parts.database.read(lambda connection: showing.page(connection, caller, after, limit, state))
    )


@router.get("/{number}", **described(gives="Proposal"))
def show_proposal(parts: ServerParts, caller: InSchool, number: Number) -> Response:
    """What was entered, and what the school has now."""
    return json_response(parts.database.read(lambda connection: showing.one(connection, caller, number)))


@router.post("/{number}/accept", **described(takes=Decision, gives="Proposal"))
def accept(parts: ServerParts, caller: InSchool, number: Number, body: JsonBytes) -> Response:
    """Apply it, with a choice for each field that others have changed since."""
    return json_response(_deciding(parts).accept(caller, number, decoded(body, Decision)))


@router.post("/{number}/decline", **described(takes=Decision, gives="Proposal"))
def decline(parts: ServerParts, caller: InSchool, number: Number, body: JsonBytes) -> Response:
    """Leave the school as it is."""
    return json_response(_deciding(parts).decline(caller, number, decoded(body, Decision)))


def _deciding(parts: Parts) -> Deciding:
    return Deciding(parts.database, parts.push, parts.clock, parts.wakeups.committed)
