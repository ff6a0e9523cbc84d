"""Bodies in and out as the contract's types, encoded once by msgspec (no second model of the same thing)."""

from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Depends, Request
from starlette.responses import Response

from rollbook.contract.problems import FieldProblem
from rollbook.server.problems import ProblemError

T = TypeVar("T")


async def _json_bytes(request: Request) -> bytes:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise ProblemError("media-type-unsupported")
    return await request.body()


JsonBytes = Annotated[bytes, Depends(_json_bytes)]
"""The raw body of a request that says it is JSON; 415 else."""


def decoded(body: bytes, kind: type[T]) -> T:
    """``body`` as ``kind``.

    Raises :class:`ProblemError`: ``malformed-request`` for what is not JSON, ``validation-failed`` for JSON
    of another shape.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise ProblemError("validation-failed", errors=(shape_problem(error),)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProblemError("malformed-request", "The body is not JSON.") from None


def shape_problem(error: msgspec.ValidationError) -> FieldProblem:
    """What msgspec says of a shape: types and places, never the value."""
    message, _, place = str(error).partition(" - at `$")
    return FieldProblem(field=place.strip("`.") or "body", message=message, code="wrong-shape")


def json_response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer with ``content`` encoded."""
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")
