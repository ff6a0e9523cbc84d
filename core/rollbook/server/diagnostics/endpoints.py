"""``/api/v1/diagnostics``: for those who may diagnose, and for everyone about their own requests."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from rollbook.domain.roles import Right, rights_of
from rollbook.server.auth.caller import User
from rollbook.server.auth.endpoints import ServerParts, SignedIn
from rollbook.server.auth.repository import members_of, school_ids
from rollbook.server.devices.repository import only_of
from rollbook.server.diagnostics.story import find_story
from rollbook.server.middleware.request_id import is_request_id
from rollbook.server.openapi import described
from rollbook.server.parts import Parts
from rollbook.server.problems import ProblemError
from rollbook.server.wire import json_response

router = APIRouter(prefix="/api/v1/diagnostics", tags=["diagnostics"])
_LOOKING = frozenset({Right.DIAGNOSE, Right.ADMINISTER})
MAX_LINES_TOLD = 500
_BY_REQUEST = "request"  # the event of the one line that every request writes


@dataclass(frozen=True, slots=True)
class Insight:
    """Where someone may look: in ``schools``; and of what was written before a school was known, at what
    ``colleagues`` did (they belong to those schools) and at what came from ``computers`` that report to no
    other school. ``everywhere``: they may look in each school that there is.
    """

    schools: frozenset[str] = frozenset()
    colleagues: Collection[str] = ()
    computers: Collection[str] = ()
    everywhere: bool = False


class RequestStory(msgspec.Struct, frozen=True):
    """What the server's logs tell of one request or action. ``complete`` is false where not all was read."""

    id: str
    lines: list[dict[str, Any]]
    complete: bool


_Also = Annotated[str, Query(max_length=4_000, description="IDs that belong to the same story, with commas.")]


@router.get("/requests/{request_id}", **described(gives="RequestStory"))
def request_story(parts: ServerParts, user: SignedIn, request_id: str, also: _Also = "") -> Response:
    """The log lines of a request, found by its ID, by its action's or by that of an entry that it carried."""
    if not is_request_id(request_id):
        raise ProblemError("not-found", "This is not a request ID.")
    wanted = {request_id, *filter(is_request_id, also.split(","))}
    story = find_story(Path(parts.settings.log_dir), wanted)
    lines = may_see(user, story.lines, _insight(parts, user, story.lines))
    if not lines:
        raise ProblemError("not-found", "The logs hold no such request that you may see.")
    complete = story.complete and len(lines) <= MAX_LINES_TOLD
    return json_response(RequestStory(request_id, lines[-MAX_LINES_TOLD:], complete))


def may_see(user: User, lines: Iterable[dict[str, Any]], insight: Insight) -> list[dict[str, Any]]:
    """The lines of requests that ``user`` made, or that were made for a school where they may look.

    A request's ID and its action's are the caller's to choose, so they open nothing: each line is judged by
    its own school, user and computer. A line without any (before the sign-in was checked) goes with the
    request that it was written in, by the number that the server gave that one.
    """
    kept = list(lines)
    own = [line for line in kept if _says_whose(line) and _is_for(user, insight, line)]
    opened = {line["serving"] for line in own if line.get("event") == _BY_REQUEST and line.get("serving")}
    return [line for line in kept if (line in own if _says_whose(line) else line.get("serving") in opened)]


def _says_whose(line: dict[str, Any]) -> bool:
    return bool(line.get("school_id") or line.get("user_id")) or line.get("event") == _BY_REQUEST


def _is_for(user: User, insight: Insight, line: dict[str, Any]) -> bool:
    school_id, user_id = line.get("school_id"), line.get("user_id")
    if user_id == user.id:
        return True
    if school_id:
        return school_id in insight.schools
    if user_id:
        return user_id in insight.colleagues
    return insight.everywhere or line.get("device") in insight.computers


def _insight(parts: Parts, user: User, lines: Iterable[dict[str, Any]]) -> Insight:
    schools = frozenset(item.school_id for item in user.memberships if rights_of(item.role) & _LOOKING)
    unplaced = [line for line in lines if not line.get("school_id")]
    named = {str(line["user_id"]) for line in unplaced if line.get("user_id")}
    devices = {str(line["device"]) for line in unplaced if line.get("device") and not line.get("user_id")}

    def read(connection: Connection) -> Insight:
        return Insight(
            schools,
            members_of(connection, schools, named),
            only_of(connection, schools, devices),
            everywhere=schools >= school_ids(connection),
        )

    return parts.database.read(read) if schools and unplaced else Insight(schools)
