"""``/api/v1/erasures``: a person is erased on request; and what computers ask and tell of it (D3)."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.responses import Response

from rollbook.contract.erasure import MAX_ERASED, ErasureAsked, ErasureRequest, ToldErased
from rollbook.contract.snapshot import FIRST
from rollbook.domain.roles import Right
from rollbook.resilience.deadline import current_deadline
from rollbook.resilience.where_it_broke import where_it_broke
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.erasure.reading import people
from rollbook.server.erasure.service import Asker
from rollbook.server.openapi import described
from rollbook.server.parts import Parts
from rollbook.server.problems import ProblemError
from rollbook.server.wire import JsonBytes, decoded, json_response

log = structlog.get_logger("rollbook.server.erasure")
router = APIRouter(prefix="/api/v1", tags=["erasures"])


@router.post("/erasures/preview", **described(takes=ErasureAsked, gives="ErasurePreview"))
def preview(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """What would go with a person. Changes nothing."""
    caller.require(Right.ADMINISTER)
    asked = decoded(body, ErasureAsked)
    return json_response(parts.erasures.preview(caller.school_id, asked.person, asked.also))


@router.post("/erasures", **described(takes=ErasureRequest, gives="Erasure"))
def erase(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """Erase a person, for good. Asked again, the answer is the problem `erased`."""
    caller.require(Right.ADMINISTER)
    asker = Asker(caller.user_id, caller.user_name)
    done = parts.erasures.erase(caller.school_id, asker, decoded(body, ErasureRequest))
    answer = json_response(done)
    answer.background = BackgroundTask(_scrub, parts)
    return answer


@router.get("/sync/erased", **described(gives="ErasedPage"))
def erased(
    parts: ServerParts,
    caller: InSchool,
    after: Annotated[str, Query(description="The last id of the page before.", max_length=200)] = FIRST,
    limit: Annotated[int, Query(ge=1, le=MAX_ERASED)] = MAX_ERASED,
) -> Response:
    """The people that were erased, by their ids alone: for a computer that has not followed the feed."""
    if "\x00" in after:  # PostgreSQL takes no such text, and no id has it
        raise ProblemError("not-found")
    return json_response(
        parts.database.read(lambda connection: people(connection, caller.school_id, after, limit))
    )


@router.post("/recovery/erased", **described(takes=ToldErased, status=204))
def told(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """Tell a server that was put back whom it had erased. What it did not make itself, it passes over."""
    parts.erasures.told(caller.school_id, decoded(body, ToldErased).erased)
    return Response(status_code=204, background=BackgroundTask(_scrub, parts))


def _scrub(parts: Parts) -> None:
    """Behind the answer, which its caller waits for; what fails is done by the next upkeep."""
    current_deadline.set(None)
    try:
        parts.erasures.scrub()
    except ProblemError as problem:
        parts.alerts.note(problem.code, "erasures", "")
    except Exception as error:
        log.error("background_failed", work="erasures", **where_it_broke(error))
        parts.alerts.note("internal-error", "erasures", "")
