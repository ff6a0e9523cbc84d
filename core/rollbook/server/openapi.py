"""The OpenAPI page: bodies by the contract's own types (msgspec), errors by the problem form."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from rollbook.contract import feed, operations, session
from rollbook.contract.headers import PROBLEM_MEDIA_TYPE
from rollbook.contract.problems import Problem

_PLACE = "#/components/schemas/"
_TYPES: tuple[Any, ...] = (
    Problem,
    session.SignIn,
    session.Refresh,
    session.Session,
    session.ServerInfo,
    operations.Operation,
    operations.ReceiptsRequest,
    operations.ReceiptsResponse,
    operations.PushResponse,
    feed.ChangesPage,
)


def described(
    *,
    takes: type | None = None,
    gives: str | None = None,
    status: int = 200,
    media_type: str = "application/json",
) -> dict[str, Any]:
    """Arguments of a route that describe its body, its answer (a component's name) and its problems."""
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
        "responses": {status: answer, "4XX": problems, "5XX": problems},
        "openapi_extra": extra,
    }


def install_openapi(app: FastAPI, more: tuple[Any, ...] = ()) -> None:
    """Have ``app`` describe itself with the contract's types and ``more``."""

    def page() -> dict[str, Any]:
        if app.openapi_schema is None:
            built = get_openapi(title=app.title, version=app.version, routes=app.routes)
            _, components = msgspec.json.schema_components((*_TYPES, *more), ref_template=_PLACE + "{name}")
            components["PushRequest"] = _push_request()
            built.setdefault("components", {}).setdefault("schemas", {}).update(components)
            app.openapi_schema = built
        return app.openapi_schema

    app.openapi = page  # type: ignore[method-assign]


def _push_request() -> dict[str, Any]:
    # The server keeps each operation as the bytes that came, so its own type says only "anything".
    operation = {"$ref": _PLACE + "Operation"}
    items = {"type": "array", "items": operation, "maxItems": operations.MAX_BATCH}
    return {"type": "object", "properties": {"operations": items}, "required": ["operations"]}
