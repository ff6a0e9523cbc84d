"""Problems as exceptions, and every error of the framework as a problem (R15)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from rollbook.contract.headers import PROBLEM_MEDIA_TYPE
from rollbook.contract.problems import FieldProblem, Problem, problem
from rollbook.domain.clock import Clock
from rollbook.domain.entity import RuleBreach
from rollbook.server.request_context import current

_BY_STATUS = {
    400: "malformed-request",
    401: "not-signed-in",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "media-type-unsupported",
    422: "validation-failed",
    429: "too-many-requests",
    503: "overloaded",
    504: "deadline-exceeded",
}
_TO_COME_BACK = frozenset({429, 503})
_COME_BACK_AFTER_SECONDS = 2  # where whoever turns the caller away does not say how long


class ProblemError(Exception):
    """Ends the request with the problem ``code``. ``detail`` is for people and holds no pupil's data."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: tuple[FieldProblem, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})


def field_problems(breaches: tuple[RuleBreach, ...]) -> tuple[FieldProblem, ...]:
    """Breaches of the domain as they travel."""
    return tuple(
        FieldProblem(field=item.field, message=item.message, suggestion=item.suggestion, code=item.code)
        for item in breaches
    )


def problem_now(clock: Clock, code: str, detail: str = "", errors: tuple[FieldProblem, ...] = ()) -> Problem:
    """The problem ``code`` with the time and the ID of the current request."""
    timestamp = clock.now().isoformat(timespec="milliseconds")
    return problem(code, detail=detail, request_id=current().request_id, timestamp=timestamp, errors=errors)


def problem_response(clock: Clock, error: ProblemError) -> Response:
    """The answer that ``error`` asks for; its code goes to the log and the metrics."""
    current().error = error.code
    body = problem_now(clock, error.code, error.detail, error.errors)
    headers = error.headers
    if body.status in _TO_COME_BACK and "Retry-After" not in headers:
        headers = headers | {"Retry-After": str(_COME_BACK_AFTER_SECONDS)}
    return Response(
        msgspec.json.encode(body),
        status_code=body.status,
        headers=headers,
        media_type=PROBLEM_MEDIA_TYPE,
    )


def install_problem_handlers(app: FastAPI, clock: Clock) -> None:
    """Answer ours, Starlette's and FastAPI's errors with a problem. Anything else is the middleware's."""

    def ours(_request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return problem_response(clock, error)

    def starlettes(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = _BY_STATUS.get(error.status_code, "internal-error")
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_methods(app, request.url.path))
        return problem_response(clock, ProblemError(code, headers=headers))

    def fastapis(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_response(clock, ProblemError("validation-failed", errors=_parameters(error.errors())))

    app.add_exception_handler(ProblemError, ours)
    app.add_exception_handler(HTTPException, starlettes)
    app.add_exception_handler(RequestValidationError, fastapis)


def _methods(app: FastAPI, path: str) -> list[str]:
    """All that ``path`` takes; the framework names only those of its first endpoint.

    An address that stands by itself (``/students/match``) is not one of a record, though it has that form.
    """
    found = [each for each in iter_route_contexts(app.routes) if _fits(str(each.path), path)]
    by_itself = [each for each in found if str(each.path) == path]
    return sorted({method for each in by_itself or found for method in each.methods or ()})


def _fits(pattern: str, path: str) -> bool:
    return compile_path(pattern)[0].match(path) is not None


def _parameters(errors: Any) -> tuple[FieldProblem, ...]:
    # Only the place and the rule: the input that came is not repeated.
    return tuple(
        FieldProblem(
            field=".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]),
            message=str(item["msg"]),
            code=str(item["type"]),
        )
        for item in errors
    )
