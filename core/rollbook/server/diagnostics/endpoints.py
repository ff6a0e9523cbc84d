"""``/api/v1/diagnostics``: for those who may diagnose, and for everyone about their own requests."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from rollbook.domain.roles import Right
from rollbook.server.auth.caller import User, rights_of
from rollbook.server.auth.endpoints import ServerParts, SignedIn
from rollbook.server.diagnostics.story import find_story
from rollbook.server.middleware.request_id import is_request_id
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1/diagnostics", tags=["diagnostics"])
_LOOKING = frozenset({Right.DIAGNOSE, Right.ADMINISTER})


class RequestStory(msgspec.Struct, frozen=True):
    """What the server's logs tell of one request or action. ``complete`` is false where not all was read."""

    id: str
    lines: list[dict[str, Any]]
    complete: bool


@router.get("/requests/{request_id}", **described(gives="RequestStory"))
def request_story(parts: ServerParts, user: SignedIn, request_id: str) -> Response:
    """The log lines of a request, found by its ID or by its action's."""
    if not is_request_id(request_id):
        raise ProblemError("not-found", "This is not a request ID.")
    story = find_story(Path(parts.settings.log_dir), request_id)
    lines = may_see(user, story.lines)
    if not lines:
        raise ProblemError("not-found", "The logs hold no such request that you may see.")
    return json_response(RequestStory(request_id, lines, story.complete))


def may_see(user: User, lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of requests that ``user`` made, or that were made for a school where they may look.

    A request without a school (a failed sign-in) is for whoever may look in any.
    """
    kept = list(lines)
    schools = {item.school_id for item in user.memberships if rights_of(item.role) & _LOOKING}
    seen: set[str] = set()
    for line in kept:
        if line.get("event") == "request" and _is_for(user, schools, line):
            seen.add(str(line.get("request_id")))
    return [line for line in kept if line.get("request_id") in seen]


def _is_for(user: User, schools: set[str], line: dict[str, Any]) -> bool:
    school_id = line.get("school_id")
    looks = school_id in schools if school_id else bool(schools)
    return looks or line.get("user_id") == user.id
