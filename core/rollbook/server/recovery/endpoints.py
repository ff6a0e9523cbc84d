"""``/api/v1/recovery``: desks give back what a server that was put back has lost (S22)."""

from fastapi import APIRouter
from starlette.responses import Response

from rollbook.contract.feed import START
from rollbook.contract.recovery import MissingRequest, OfferRequest, RecoveryAnswer
from rollbook.domain.roles import Right
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.request_context import current
from rollbook.server.sync.endpoints import Known
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/recovery", tags=["recovery"])


@router.post("/missing", **described(takes=MissingRequest, gives="MissingResponse"))
def missing(parts: ServerParts, caller: InSchool, body: JsonBytes, known: Known = START) -> Response:
    """Tell which of these versions the server has lost."""
    return json_response(parts.recovery.missing(caller, decoded(body, MissingRequest), known))


@router.post("/offer", **described(takes=OfferRequest, gives="OfferResponse"))
def offer(parts: ServerParts, caller: InSchool, body: JsonBytes, known: Known = START) -> Response:
    """Take versions back; one result each, in their order. It may be asked again at any time."""
    offers = decoded(body, OfferRequest)
    return json_response(parts.recovery.offer(caller, current().device, offers, known))


@router.get("", **described(gives="RecoveryAnswer"))
def latest(parts: ServerParts, caller: InSchool) -> Response:
    """The latest recovery: who gave back what, and what waits."""
    caller.require(Right.ADMINISTER)
    seen, back = parts.recovery.seen(caller.school_id), parts.recovery.put_back(caller.school_id)
    return json_response(RecoveryAnswer(seen, back))


@router.post("/end", **described(gives="RecoveryAnswer"))
def end(parts: ServerParts, caller: InSchool) -> Response:
    """End it: nobody is waited for any longer."""
    caller.require(Right.ADMINISTER)
    ended = parts.recovery.end(caller.school_id, caller.user_name)
    return json_response(RecoveryAnswer(ended, parts.recovery.put_back(caller.school_id)))
