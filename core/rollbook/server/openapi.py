"""The OpenAPI page: bodies by the contract's own types (msgspec), errors by the problem form."""

from typing import Annotated, Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from rollbook.contract import devices, feed, operations, proposals, recovery, session, snapshot
from rollbook.contract.headers import PROBLEM_MEDIA_TYPE
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
    proposals.ProposeResponse,
    proposals.Proposal,
    proposals.ProposalsPage,
    proposals.Decision,
    recovery.MissingRequest,
    recovery.MissingResponse,
    recovery.OfferResponse,
    recovery.RecoveryAnswer,
    *_with_raw_parts_told(),
)


def described(
    *,
    takes: type | None = None,
    gives: str | None = None,
    status: int = 200,
    also: tuple[int, ...] = (),
    media_type: str = "application/json",
) -> dict[str, Any]:
    """Arguments of a route that describe its body, its answer (a component's name) and its problems.

    ``also`` are other statuses of the same answer.
    """
    answer: dict[str, Any] = {"description": "Done."}
    if gives is not None:
        answer["content"] = {media_type: {"schema": {"$ref": _PLACE + gives}}}
    problems = {
        "description": "A problem.",
        "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": _PLACE + "Problem"}}},
    }
    extra: dict[str, Any] = {}
    if takes is not None:
        content = {"application/json": {"schema": {"$ref": _PLACE + takes.__name__}}}
        extra["requestBody"] = {"required": True, "content": content}
    return {
        "status_code": status,
        "response_model": None,
        "responses": {status: answer, **dict.fromkeys(also, answer), "4XX": problems, "5XX": problems},
        "openapi_extra": extra,
    }


def install_openapi(app: FastAPI, more: tuple[Any, ...] = ()) -> None:
    """Have ``app`` describe itself with the contract's types and ``more``."""

    def page() -> dict[str, Any]:
        if app.openapi_schema is None:
            built = get_openapi(title=app.title, version=app.version, routes=app.routes)
            _, components = msgspec.json.schema_components((*_TYPES, *more), ref_template=_PLACE + "{name}")
            built.setdefault("components", {}).setdefault("schemas", {}).update(components)
            app.openapi_schema = built
        return app.openapi_schema

    app.openapi = page  # type: ignore[method-assign]
