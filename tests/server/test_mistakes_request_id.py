"""The guide's mistakes with request IDs (R16), over a real socket: ours passes; with the mistake it fails."""

import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from rollbook.server import request_context
from rollbook.server.middleware import request_id as request_ids
from support.kept_logs import logging_to
from support.mistakes import fails_with
from support.school_server import SchoolServer
from support.served import served

TOGETHER = 20
BODY = b'{"refresh_token": "none"}'


@contextmanager
def asking(port: int, path: str, request_id: bytes) -> Iterator["Line"]:
    """A request whose head is with the application, which waits for its body."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: school\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(BODY)}\r\nExpect: 100-continue\r\nX-Request-ID: "
        )
        connection.sendall(head.encode() + request_id + b"\r\n\r\n")
        yield Line(connection)


class Line:
    """The connection of one request."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._came = connection.makefile("rb")

    def is_inside(self) -> None:
        """Wait until the application has the request in hand and asks for its body."""
        assert self._came.readline().startswith(b"HTTP/1.1 100")
        assert self._came.readline() == b"\r\n"

    def answer(self, *, asked: bool = True) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Send the body, if it was asked for; status, headers and problem of the answer.

        Who sends it to a server that has answered without it, and closed, may lose the answer.
        """
        if asked:
            self._connection.sendall(BODY)
        head, _, body = self._came.read().partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(first.split()[1]), headers, json.loads(body)


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    with logging_to(tmp_path) as file:
        yield file


def check_twenty(school: SchoolServer, log: Path) -> None:
    sent = [f"of-desk-{number}-{uuid.uuid4()}" for number in range(TOGETHER)]
    with served(school.app) as port, ExitStack() as open_ones:
        lines = [
            open_ones.enter_context(asking(port, "/api/v1/auth/refresh", each.encode())) for each in sent
        ]
        for line in lines:
            line.is_inside()
        answers = [line.answer() for line in lines]
    assert [status for status, _headers, _body in answers] == [401] * TOGETHER
    assert [headers["x-request-id"] for _status, headers, _body in answers] == sent
    assert [body["request_id"] for _status, _headers, body in answers] == sent
    told = [line for line in lines_of(log) if line["event"] == "request" and line["request_id"] in sent]
    assert sorted(line["request_id"] for line in told) == sorted(sent)
    assert {line["error"] for line in told} == {"not-signed-in"}


class Global:
    """The guide's context: one for all that are inside at once."""

    value = request_context.RequestContext(request_id="")

    def get(self) -> request_context.RequestContext:
        return self.value

    def set(self, value: request_context.RequestContext) -> None:
        Global.value = value


def test_r16_20_concurrent_requests_carry_20_request_ids(
    school: SchoolServer, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_twenty(school, log)
    monkeypatch.setattr(request_context, "_current", Global())
    again = SchoolServer(school.settings.database, log.parent)
    fails_with(check_twenty, again, log)


MALFORMED = (
    b"short",
    b"x" * 65,
    b"of-a-desk level=error forged",
    b'of-a-desk", "event": "forged',
    b"of-a-desk\tforged",
    "από-γραφείο".encode(),
)


def check_malformed(school: SchoolServer, log: Path) -> None:
    with served(school.app) as port:
        for sent in MALFORMED:
            with asking(port, "/nowhere", sent) as line:
                status, headers, body = line.answer(asked=False)
            assert status == 404
            assert uuid.UUID(headers["x-request-id"])
            assert body["request_id"] == headers["x-request-id"]
    assert "forged" not in log.read_text(encoding="utf-8")


def test_r16_a_malformed_id_of_a_client_is_replaced_and_forges_nothing(
    school: SchoolServer, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_malformed(school, log)
    monkeypatch.setattr(request_ids, "_if_valid", lambda _pattern, value: value or "")
    again = SchoolServer(school.settings.database, log.parent)
    with pytest.raises((AssertionError, ValueError)):
        check_malformed(again, log)


def test_r16_an_exception_keeps_its_one_request_id(school: SchoolServer, log: Path) -> None:
    """In the header, in the body and in every line: the handler of the error makes no second one."""
    path = f"/broken/{uuid.uuid4()}"

    def broken() -> None:
        raise RuntimeError

    school.app.add_api_route(path, broken, methods=["POST"])
    for sent, kept in ((b"of-a-desk-1234", True), (b"bad", False)):
        with served(school.app) as port, asking(port, path, sent) as line:
            status, headers, body = line.answer(asked=False)
        made = headers["x-request-id"]
        assert (status, body["error"], body["request_id"]) == (500, "internal-error", made)
        assert (made == sent.decode()) is kept
        told = [line["event"] for line in lines_of(log) if line.get("request_id") == made]
        assert sorted(told) == ["request", "unforeseen"]
    assert len({line["request_id"] for line in lines_of(log) if line["event"] == "unforeseen"}) == 2
