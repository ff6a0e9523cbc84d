"""The OpenAPI page: bodies by the contract's own types (msgspec), errors by the problem form."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from rollbook.contract import (
    audit,
    devices,
    erasure,
    feed,
    matching,
    operations,
    proposals,
    recovery,
    search,
    sections,
    session,
    snapshot,
    users,
)
from rollbook.contract.headers import DEVICE, IDEMPOTENCY_KEY, PROBLEM_MEDIA_TYPE
from rollbook.contract.problems import Problem

_PLACE = "#/components/schemas/"


def _with_raw_parts_told() -> tuple[Any, ...]:
    """The types of push with what the server passes on as bytes told by the type that it holds."""
    members = {
        item.name: (item.name, item.type, item.default) for item in msgspec.structs.fields(operations.Result)
    }
    members["record"] = ("record", feed.Change | None, None)
    result = msgspec.defstruct("Result", members.values())
    offer = msgspec.defstruct(
        "Offer",
        [("change", feed.Change), ("before", str, ""), ("operation", operations.Operation | None, None)],
    )
    handed = Annotated[list[operations.Operation], msgspec.Meta(max_length=operations.MAX_BATCH)]
    return (
        msgspec.defstruct("OfferRequest", [("offers", list[offer])]),  # type: ignore[valid-type]
        msgspec.defstruct("ProposeRequest", [("operations", handed), ("reason", str, "scope-withdrawn")]),
        msgspec.defstruct(
            "PushRequest",
            [
                (
                    "operations",
                    Annotated[list[operations.Operation], msgspec.Meta(max_length=operations.MAX_BATCH)],
                )
            ],
        ),
        msgspec.defstruct("PushResponse", [("results", list[result]), ("known", str, "")]),  # type: ignore[valid-type]
        msgspec.defstruct(
            "ReceiptsResponse",
            [("results", list[result]), ("too_old", list[str], []), ("proposed", list[str], [])],  # type: ignore[valid-type]
        ),
    )


_TYPES: tuple[Any, ...] = (
    Problem,
    session.SignIn,
    session.Refresh,
    session.Session,
    session.ServerInfo,
    operations.ReceiptsRequest,
    feed.ChangesPage,
    snapshot.SnapshotPlan,
    snapshot.SnapshotPage,
    devices.DeskReport,
    devices.Devices,
    devices.Revoked,
    audit.AuditPage,
    erasure.ErasureAsked,
    erasure.ErasurePreview,
    erasure.ErasureRequest,
    erasure.Erasure,
    erasure.ErasedPage,
    erasure.ToldErased,
    proposals.ProposeResponse,
    proposals.Proposal,
    proposals.ProposalsPage,
    proposals.Decision,
    recovery.MissingRequest,
    recovery.MissingResponse,
    recovery.OfferResponse,
    recovery.RecoveryAnswer,
    sections.RegisterView,
    sections.RegisterEntry,
    sections.ResultsView,
    sections.ResultsEntry,
    search.FoundPage,
    matching.MatchRequest,
    matching.Matches,
    users.UsersPage,
    *_with_raw_parts_told(),
)


_MOST = 2**53 - 1
_COUNT = {"minimum": 0, "maximum": _MOST}
_FORMS: dict[str, dict[str, dict[str, Any]]] = {
    "SignIn": {"device": {"pattern": "^[A-Za-z0-9._-]{0,64}$"}},
    "DeskReport": {
        "waiting": _COUNT,
        "parked": _COUNT,
        "conflicts": _COUNT,
        "oldest_seconds": _COUNT,
        "synced_seconds_ago": {"minimum": devices.NEVER, "maximum": _MOST},
        "version": {"pattern": "^[A-Za-z0-9.+_-]{1,40}$"},
        "outstanding": {"items": {"type": "string", "pattern": "^[a-z_]{1,40}$"}, "maxItems": 30},
    },
}
"""What the services ask of members of the contract's types beyond their types."""
_HEADERS: dict[str, dict[str, Any]] = {
    IDEMPOTENCY_KEY: {
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{8,100}$"},
    },
    "If-Match": {"schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,14}"$'}},
    DEVICE: {
        "required": True,
        "description": "The id of this computer's installation.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
}
"""Headers as their readers ask for them; one that is missing has a problem of its own, so it is not FastAPI
that asks."""


_NEEDED = {("delete", "If-Match"), ("put", "If-Match")}
"""Headers that are needed for one method and not for others."""


def described(
    *,
    takes: type | str | None = None,
    gives: str | None = None,
    status: int = 200,
    also: tuple[int, ...] = (),
    media_type: str = "application/json",
    needs: tuple[str, ...] = (),
    parameters: tuple[dict[str, Any], ...] = (),
) -> dict[str, Any]:
    """Arguments of a route that describe its body, its answer (names of components) and its problems.

    ``also`` are other statuses of the same answer, in JSON; with another ``media_type`` the answer itself is
    such a file. ``needs`` are headers without which it is refused, ``parameters`` what FastAPI does not see.
    """
    problems = {
        "description": "A problem.",
        "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": _PLACE + "Problem"}}},
    }
    extra: dict[str, Any] = {}
    if takes is not None:
        content = {
            "application/json": {
                "schema": {"$ref": _PLACE + (takes if isinstance(takes, str) else takes.__name__)}
            }
        }
        extra["requestBody"] = {"required": True, "content": content}
    told = [{"name": name, "in": "header"} | _HEADERS[name] for name in needs] + list(parameters)
    if told:
        extra["parameters"] = told
    return {
        "status_code": status,
        "response_model": None,
        "response_class": Response,  # every endpoint gives one: FastAPI need not guess
        "responses": {
            status: _answer(gives, status, media_type),
            **dict.fromkeys(also, _answer(gives, status, "application/json")),
            "4XX": problems,
            "5XX": problems,
        },
        "openapi_extra": extra,
    }


def _answer(gives: str | None, status: int, media_type: str) -> dict[str, Any]:
    if status == HTTPStatus.NO_CONTENT:
        return {"description": "Done."}
    schema: dict[str, Any] = {} if gives is None else {"$ref": _PLACE + gives}
    if media_type != "application/json":
        schema = {"type": "string"}
    return {"description": "Done.", "content": {media_type: {"schema": schema}}}


def install_openapi(app: FastAPI, more: tuple[Any, ...], built_components: Mapping[str, Any]) -> None:
    """Have ``app`` describe itself with the contract's types, ``more`` types and ``built_components``."""

    def page() -> dict[str, Any]:
        if app.openapi_schema is None:
            built = get_openapi(title=app.title, version=app.version, routes=app.routes)
            _, components = msgspec.json.schema_components((*_TYPES, *more), ref_template=_PLACE + "{name}")
            built.setdefault("components", {}).setdefault("schemas", {}).update(components)
            built["components"]["schemas"].update(built_components)
            _complete(built)
            app.openapi_schema = built
        return app.openapi_schema

    app.openapi = page  # type: ignore[method-assign]


def _complete(page: dict[str, Any]) -> None:
    """Add what neither FastAPI nor the types know."""
    for name, members in _FORMS.items():
        for member, form in members.items():
            page["components"]["schemas"][name]["properties"][member].update(form)
    for methods in page["paths"].values():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", []):
                name = parameter["name"]
                parameter.update(_HEADERS.get(name, {}))
                parameter["required"] |= (method, name) in _NEEDED
