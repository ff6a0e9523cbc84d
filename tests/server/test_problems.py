"""One error form, and a request ID on everything (R15, R16, S10)."""

import asyncio
import uuid
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from rollbook.contract.problems import PROBLEM_TYPES, Problem
from rollbook.server.request_context import current
from support.school_server import SchoolServer

PUSH = "/api/v1/sync/push"


def assert_problem(answer: httpx.Response, status: int, code: str) -> Problem:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(answer.content, type=Problem)
    assert (problem.status, problem.error) == (status, code)
    assert problem.type == f"urn:rollbook:problem:{code}"
    assert problem.request_id == answer.headers["X-Request-ID"]
    assert problem.timestamp
    assert problem.suggestion == PROBLEM_TYPES[code].suggestion
    return problem


def break_route(app: FastAPI, error: Exception) -> str:
    """A route whose handler raises; gives its path."""
    path = f"/broken/{uuid.uuid4()}"

    def handler() -> None:
        raise error

    app.add_api_route(path, handler)
    return path


@pytest.mark.parametrize(
    ("method", "path", "arguments", "status", "code"),
    [
        ("GET", "/nowhere", {}, 404, "not-found"),
        ("GET", "/api/v1/students/not-an-id", {}, 404, "not-found"),
        ("PUT", "/api/v1/students", {}, 405, "method-not-allowed"),
        ("POST", PUSH, {"content": b"{"}, 400, "malformed-request"),
        ("POST", PUSH, {"content": b"\xff"}, 400, "malformed-request"),
        ("POST", PUSH, {"content": b'{"operations":' + b"[" * 100_000}, 400, "malformed-request"),
        ("POST", PUSH, {"content": b"[]"}, 422, "validation-failed"),
        (
            "POST",
            PUSH,
            {"content": b"{}", "headers": {"Content-Type": "text/xml"}},
            415,
            "media-type-unsupported",
        ),
        ("POST", PUSH, {"content": b" " * (8 * 1024 * 1024 + 1)}, 413, "body-too-large"),
        ("GET", "/api/v1/students?limit=x", {}, 422, "validation-failed"),
        ("GET", "/api/v1/students", {"headers": {"Authorization": ""}}, 401, "not-signed-in"),
        ("GET", "/healthz", {"headers": {"X-Rollbook-Deadline-Ms": "soon"}}, 400, "malformed-request"),
        ("GET", "/healthz", {"headers": {"X-Rollbook-Protocol": "2"}}, 400, "protocol-unsupported"),
        ("GET", "/healthz", {"headers": {"X-Rollbook-Deadline-Ms": "0"}}, 504, "deadline-exceeded"),
        ("GET", "/healthz", {"headers": {"X-Rollbook-Deadline-Ms": "--5"}}, 504, "deadline-exceeded"),
    ],
)
def test_r15_every_status_is_a_problem(
    school: SchoolServer, method: str, path: str, arguments: dict[str, Any], status: int, code: str
) -> None:
    answer = school.desk().call(method, path, **arguments)
    assert_problem(answer, status, code)
    assert answer.headers["X-Rollbook-Installation"]


def test_r15_a_body_whose_length_is_not_said_is_limited_too(school: SchoolServer) -> None:
    async def parts() -> Any:
        for _ in range(9):
            yield b" " * 1024 * 1024

    answer = school.desk().call("POST", PUSH, content=parts())
    assert_problem(answer, 413, "body-too-large")


def test_r15_a_method_that_is_not_allowed_names_those_that_are(school: SchoolServer) -> None:
    answer = school.desk().call("PUT", PUSH)
    assert answer.headers["Allow"] == "POST"


def test_r15_an_unexpected_error_tells_nothing_of_itself(school: SchoolServer) -> None:
    path = break_route(school.app, ValueError("secret of Eleni: SELECT * FROM student"))
    answer = school.client.get(path)
    assert_problem(answer, 500, "internal-error")
    assert "Eleni" not in answer.text
    assert "SELECT" not in answer.text
    assert "Traceback" not in answer.text


def test_r16_a_valid_request_id_is_kept(school: SchoolServer) -> None:
    answer = school.client.get("/healthz", headers={"X-Request-ID": "abc-123_X.9"})
    assert answer.headers["X-Request-ID"] == "abc-123_X.9"


@pytest.mark.parametrize(
    "sent", ["short", "x" * 65, "white space", 'quote"quote', "line\\nbreak;", "ελληνικά"]
)
def test_r16_an_invalid_request_id_is_made_new(school: SchoolServer, sent: str) -> None:
    answer = school.client.get("/nowhere", headers={"X-Request-ID": sent.encode()})
    made = answer.headers["X-Request-ID"]
    assert made != sent
    assert uuid.UUID(made)
    assert answer.json()["request_id"] == made


def test_r16_concurrent_requests_keep_their_own_ids(school: SchoolServer) -> None:
    path = f"/slow/{uuid.uuid4()}"

    async def slow() -> dict[str, str]:
        before = current().request_id
        await asyncio.sleep(0.02)
        return {"before": before, "after": current().request_id}

    school.app.add_api_route(path, slow)

    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(school.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://school") as client:
            return await asyncio.gather(
                *(client.get(path, headers={"X-Request-ID": f"request-{n}"}) for n in range(20))
            )

    answers = asyncio.run(all_at_once())
    for number, answer in enumerate(answers):
        wanted = f"request-{number}"
        assert answer.json() == {"before": wanted, "after": wanted}
        assert answer.headers["X-Request-ID"] == wanted


def test_s10_the_server_says_which_installation_it_is(school: SchoolServer) -> None:
    answer = school.client.get("/api/v1/server")
    [(installation,)] = school.rows("SELECT id FROM installation")
    assert answer.json()["installation"] == installation
    assert answer.json()["protocol"] == 1
    assert school.client.get("/nowhere").headers["X-Rollbook-Installation"] == installation


def test_r15_openapi_describes_every_route_with_problems(school: SchoolServer) -> None:
    page = school.client.get("/api/v1/openapi.json").json()
    for path, methods in page["paths"].items():
        for method, described in methods.items():
            assert "4XX" in described["responses"], (method, path)
    named = set(page["components"]["schemas"])
    assert {"Operation", "PushResponse", "Problem", "StudentView", "ChangesPage"} <= named
    references = {
        part.split('"')[0] for part in str(page).replace("'", '"').split("#/components/schemas/")[1:]
    }
    assert references <= named
