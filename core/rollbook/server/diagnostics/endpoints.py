"""``/api/v1/diagnostics``: for those who may diagnose, and for everyone about their own requests."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from rollbook.domain.roles import Right
from rollbook.server.auth.caller import User, rights_of
from rollbook.server.auth.endpoints import ServerParts, SignedIn
from rollbook.server.auth.repository import members_of
from rollbook.server.diagnostics.story import find_story
from rollbook.server.middleware.request_id import is_request_id
from rollbook.server.openapi import described
from rollbook.server.parts import Parts
from rollbook.server.problems import ProblemError
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1/diagnostics", tags=["diagnostics"])
_LOOKING = frozenset({Right.DIAGNOSE, Right.ADMINISTER})
_BY_REQUEST = "request"  # the event of the one line that every request writes


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
    lines = may_see(user, story.lines, _colleagues(parts, user, story.lines))
    if not lines:
        raise ProblemError("not-found", "The logs hold no such request that you may see.")
    return json_response(RequestStory(request_id, lines, story.complete))


def may_see(
    user: User, lines: Iterable[dict[str, Any]], colleagues: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The lines of requests that ``user`` made, or that were made for a school where they may look.

    A request's ID and its action's are the caller's to choose, so they open nothing: each line is judged by
    its own school and user. A line without either (before the sign-in was checked) goes with the request
    that it was written in, by the number that the server gave that one. Those without a school are for
    whoever may look in a school of the user (``colleagues``), or in any where no user is known.
    """
    kept = list(lines)
    schools = _looking_in(user)
    own = [line for line in kept if _says_whose(line) and _is_for(user, schools, colleagues, line)]
    opened = {line["serving"] for line in own if line.get("event") == _BY_REQUEST and line.get("serving")}
    return [line for line in kept if (line in own if _says_whose(line) else line.get("serving") in opened)]


def _says_whose(line: dict[str, Any]) -> bool:
    return bool(line.get("school_id") or line.get("user_id")) or line.get("event") == _BY_REQUEST


def _is_for(user: User, schools: set[str], colleagues: Collection[str], line: dict[str, Any]) -> bool:
    school_id, user_id = line.get("school_id"), line.get("user_id")
    if user_id == user.id:
        return True
    if school_id:
        return school_id in schools
    return user_id in colleagues if user_id else bool(schools)


def _looking_in(user: User) -> set[str]:
    return {item.school_id for item in user.memberships if rights_of(item.role) & _LOOKING}


def _colleagues(parts: Parts, user: User, lines: Iterable[dict[str, Any]]) -> set[str]:
    """Those whom lines without a school name, and who belong to a school where ``user`` may look."""
    named = {str(line["user_id"]) for line in lines if line.get("user_id") and not line.get("school_id")}
    schools = _looking_in(user)

    def read(connection: Connection) -> set[str]:
        return members_of(connection, schools, named)

    return parts.database.read(read) if named and schools else set()
