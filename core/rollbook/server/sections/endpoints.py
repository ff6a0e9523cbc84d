"""``/api/v1/sections/{id}/registers/{date}/{period}`` and ``…/results``: whole, all or nothing (S8)."""

import hashlib
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from rollbook.contract.problems import FieldProblem
from rollbook.contract.sections import RegisterEntry, RegisterView, ResultsEntry, ResultsView
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError
from rollbook.server.records.endpoints import Key, Seen
from rollbook.server.records.service import operation_id_of, version_of_tag
from rollbook.server.sections.registers import RegisterId, plan_register, show_register
from rollbook.server.sections.results import plan_results, show_results
from rollbook.server.sync.incoming import RECORD_ID
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/sections", tags=["sections"])
_REGISTER = "/{section_id}/registers/{date}/{period}"
Day = Annotated[str, Path(json_schema_extra={"format": "date"})]
Period = Annotated[str, Path(json_schema_extra={"minLength": 1, "maxLength": 20})]
OneItem = Annotated[
    str | None,
    Query(
        description="Of this line item alone, its version too.",
        json_schema_extra={"pattern": f"^{RECORD_ID}$"},
    ),
]


@router.get(_REGISTER, **described(gives="RegisterView"))
def show_one_register(
    parts: ServerParts, caller: InSchool, section_id: str, date: Day, period: Period
) -> Response:
    """Who is in the section on that day, by name, with their marks. A day's only period is `day`."""
    asked = RegisterId(section_id, date, period)
    return _shown(parts.database.read(lambda connection: show_register(connection, caller, asked)))


@router.put(_REGISTER, **described(takes=RegisterEntry, gives="RegisterView"))
def take_register(
    parts: ServerParts,
    caller: InSchool,
    request: Request,
    section_id: str,
    date: Day,
    period: Period,
    body: JsonBytes,
    key: Key = None,
    seen: Seen = None,
) -> Response:
    """Take the register: exceptions are given, who is not among them is present. All of it, or nothing."""
    op_id, version = operation_id_of(key), _version(seen)
    entry, asked = decoded(body, RegisterEntry), RegisterId(section_id, date, period)
    plan = partial(plan_register, caller=caller, asked=asked, entry=entry, seen_version=version)
    parts.push.together(caller, op_id, _digest(request, body), plan)
    return _shown(parts.database.read(lambda connection: show_register(connection, caller, asked)))


@router.get("/{section_id}/results", **described(gives="ResultsView"))
def show_all_results(
    parts: ServerParts, caller: InSchool, section_id: str, line_item_id: OneItem = None
) -> Response:
    """The section's students by name with their results, for each line item."""
    return _shown(
        parts.database.read(lambda connection: show_results(connection, caller, section_id, line_item_id))
    )


@router.put("/{section_id}/results", **described(takes=ResultsEntry, gives="ResultsView"))
def enter_results(
    parts: ServerParts,
    caller: InSchool,
    request: Request,
    section_id: str,
    body: JsonBytes,
    line_item_id: OneItem = None,
    key: Key = None,
    seen: Seen = None,
) -> Response:
    """Enter scores of some students; each wrong row is named, and none is applied then."""
    op_id, version = operation_id_of(key), _version(seen)
    plan = partial(
        plan_results,
        caller=caller,
        section_id=section_id,
        line_item_id=line_item_id,
        entry=decoded(body, ResultsEntry),
        seen_version=version,
    )
    parts.push.together(caller, op_id, _digest(request, body), plan)
    return _shown(
        parts.database.read(lambda connection: show_results(connection, caller, section_id, line_item_id))
    )


def _shown(view: RegisterView | ResultsView) -> Response:
    return json_response(view, headers={"ETag": f'"{view.version}"'})


def _version(seen: str | None) -> int:
    if seen is None:
        needed = FieldProblem("If-Match", "This is needed.", "Send the ETag of what was read.", "required")
        raise ProblemError("validation-failed", errors=(needed,))
    return version_of_tag(seen)


def _digest(request: Request, body: bytes) -> bytes:
    """Of what is asked, so that a key that is used for something else is noticed (S7)."""
    asked = f"{request.method} {request.url.path}?{request.url.query}\n{request.headers.get('if-match')}\n"
    return hashlib.sha256(asked.encode() + body).digest()
