"""``/api/v1/students/match``: who may be the person that somebody is about to register (D4)."""

from fastapi import APIRouter
from starlette.responses import Response

from rollbook.contract.matching import MatchRequest
from rollbook.domain.canonical import canonical_values
from rollbook.domain.scope import Act
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.matching.reading import STUDENT, candidates
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError, field_problems
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/students", tags=["students"])


@router.post("/match", **described(takes=MatchRequest, gives="Matches"))
def match(parts: ServerParts, caller: InSchool, body: JsonBytes) -> Response:
    """Who of the school may be the person of these values, and why. Nothing is written."""
    if not caller.may(Act.READ, STUDENT.name):
        raise ProblemError("forbidden")
    values, breaches = canonical_values(STUDENT, decoded(body, MatchRequest).values)
    if breaches:
        raise ProblemError("validation-failed", errors=field_problems(breaches))
    return json_response(parts.database.read(lambda connection: candidates(connection, caller, values)))
