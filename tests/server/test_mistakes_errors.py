"""The guide's mistakes in its error middleware (R6, R10, R14, R15): ours passes each test.

Where a test looks through the application, it is seen to find the mistake when it is put in.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any, get_type_hints

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from support import broken_database
from support.every_endpoint import OPENAPI_PAGE, every_endpoint
from support.mistakes import fails_with
from support.school_server import AsgiClient, Desk, SchoolServer

SECRET = "Zyxwvutia"


@pytest.fixture
def desk(school: SchoolServer) -> Desk:
    return school.desk()


def asked(school: SchoolServer, handler: Callable[..., Any], **route: Any) -> httpx.Response:
    """The answer of an endpoint that is made for the test."""
    path = f"/made/{uuid.uuid4()}"
    school.app.add_api_route(path, handler, **route)
    return school.client.get(path)


def check_no_pairs(app: FastAPI) -> None:
    """An endpoint that gives a pair of a body and a status is answered 200 with a list in it."""
    for route in iter_route_contexts(app.routes):
        if route.path != OPENAPI_PAGE:
            assert issubclass(get_type_hints(route.endpoint).get("return", object), Response), route.path


def test_r10_a_status_is_never_the_second_of_a_pair(school: SchoolServer) -> None:
    check_no_pairs(school.app)

    def mistaken() -> tuple[dict[str, str], int]:
        return {"status": "error", "message": "Weather service unavailable"}, 503

    answer = asked(school, mistaken)
    assert (answer.status_code, answer.json()[1]) == (200, 503)  # what the guide's callers get
    fails_with(check_no_pairs, school.app)


def test_r15_the_words_of_an_exception_are_never_sent(school: SchoolServer) -> None:
    def broken() -> None:
        raise RuntimeError(f"while saving {SECRET}: INSERT INTO student")

    answer = asked(school, broken)
    assert (answer.status_code, answer.json()["error"]) == (500, "internal-error")
    assert SECRET not in answer.text
    assert "INSERT" not in answer.text


def refuse() -> None:
    raise HTTPException(403, f"not for {SECRET}")


def count(number: int) -> None:
    raise AssertionError(number)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("POST", "/healthz", 405, "method-not-allowed"),
        ("GET", "/made/refused", 403, "forbidden"),
        ("GET", "/made/counted?number=x", 422, "validation-failed"),
    ],
)
def test_r15_what_the_framework_refuses_is_a_problem_and_is_counted(
    school: SchoolServer, method: str, path: str, status: int, code: str
) -> None:
    """These never reach an http middleware as exceptions: the guide's handler never sees one of them."""
    school.app.add_api_route("/made/refused", refuse)
    school.app.add_api_route("/made/counted", count)
    answer = school.client.request(method, path, headers={"X-Request-ID": "of-a-desk-1"})
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == "of-a-desk-1"
    assert SECRET not in answer.text
    assert f'code="{code}"' in school.client.get("/metrics").text


class Promised(BaseModel):
    """What an endpoint says that it gives."""

    count: int


def test_r15_an_answer_that_is_not_what_it_promised_is_our_bug(school: SchoolServer) -> None:
    answer = asked(school, lambda: {"count": SECRET}, response_model=Promised)
    assert (answer.status_code, answer.json()["error"]) == (500, "internal-error")
    assert SECRET not in answer.text


def test_r6_a_missing_student_is_404_and_an_unreachable_one_is_made_up_by_nobody(
    school: SchoolServer, desk: Desk
) -> None:
    """The guide answers 200 with a “student” of an id and a message."""
    student_id = desk.student(given_name="Eleni")
    missing = desk.call("GET", f"/api/v1/students/{uuid.uuid4()}")
    assert (missing.status_code, missing.json()["error"]) == (404, "not-found")
    engine = school.parts.database.engine
    with broken_database.wrong_sql(engine, SECRET):
        broken = desk.call("GET", f"/api/v1/students/{student_id}")
    assert (broken.status_code, broken.json()["error"]) == (500, "internal-error")
    with broken_database.gone(engine):
        away = desk.call("GET", f"/api/v1/students/{student_id}")
    assert (away.status_code, away.json()["error"]) == (503, "database-unavailable")
    found = desk.call("GET", f"/api/v1/students/{student_id}")
    assert found.json()["values"]["given_name"] == "Eleni"


@pytest.mark.parametrize("status", [429, 503])
def test_r15_no_one_is_told_to_come_back_without_when(school: SchoolServer, status: int) -> None:
    def busy() -> None:
        raise HTTPException(status)

    answer = asked(school, busy)
    assert answer.status_code == status
    assert int(answer.headers["Retry-After"]) > 0


def check_diagnostics_are_closed(app: FastAPI) -> None:
    found = [each for each in every_endpoint(app) if "/diagnostics/" in each.path]
    assert found
    for endpoint in found:
        answer = from_elsewhere(app, endpoint.method, endpoint.url({}))
        assert answer.status_code == 401, endpoint.name


def from_elsewhere(app: FastAPI, method: str, path: str) -> httpx.Response:
    """The answer to somebody from elsewhere who has not signed in."""
    return AsgiClient(app).request(method, path, headers={"X-Forwarded-For": "192.0.2.1"})


def test_r14_diagnostics_are_open_to_nobody_who_has_not_signed_in(school: SchoolServer) -> None:
    check_diagnostics_are_closed(school.app)
    assert from_elsewhere(school.app, "GET", "/metrics").status_code == 403

    def slow_queries() -> Response:
        """As the guide's, for all to read."""
        return Response("SELECT ...")

    school.app.openapi_schema = None
    school.app.add_api_route("/api/v1/diagnostics/queries/slow-for-all", slow_queries)
    fails_with(check_diagnostics_are_closed, school.app)


def check_each_route_is_there_once(app: FastAPI) -> None:
    found = Counter(
        (method, route.path) for route in iter_route_contexts(app.routes) for method in route.methods or ()
    )
    assert [name for name, times in found.items() if times > 1] == []


def test_r11_no_route_is_defined_twice(school: SchoolServer) -> None:
    """In the guide's jobs the second one was never asked."""
    check_each_route_is_there_once(school.app)

    def again() -> Response:
        return Response("the first one answers")

    school.app.add_api_route("/api/v1/jobs/{job_id}", again)
    fails_with(check_each_route_is_there_once, school.app)
