"""A real `rollbook-server serve` over a socket: kills at named points, several workers, live events."""

import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from rollbook.contract.operations import FieldChange, Kind, Operation, operation_bytes, push_body
from support.school_server import SchoolServer
from support.server_process import PASSWORD, ServerProcess


class SchoolProcess(ServerProcess):
    """A server whose database holds a user."""

    user = ""


@pytest.fixture
def server(tmp_path: Path, database: str) -> Iterator[SchoolProcess]:
    """A server that is not started yet, on a database of each kind, with a user."""
    process = SchoolProcess(tmp_path, database=database, fresh=True)
    school = SchoolServer(database, tmp_path)
    process.user = school.user()  # in this process: a command for each test would take long
    school.close()
    yield process
    if process.running:
        process.kill()


@contextmanager
def signed_in(server: SchoolProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        answer = client.post("/api/v1/auth/sign-in", json={"name": server.user, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        session = answer.json()
        client.headers["Authorization"] = f"Bearer {session['access_token']}"
        client.headers["Content-Type"] = "application/json"
        client.headers["X-Rollbook-School"] = session["memberships"][-1]["school_id"]
        yield client


def listening(client: httpx.Client) -> AbstractContextManager[httpx.Response]:
    return client.stream("GET", "/api/v1/sync/events")


def creates(count: int) -> list[bytes]:
    return [
        operation_bytes(
            Operation(
                op_id=str(uuid.uuid4()),
                kind=Kind.CREATE,
                entity="student",
                entity_id=str(uuid.uuid4()),
                changes={"given_name": FieldChange(None, f"G{number}")},
            )
        )
        for number in range(count)
    ]


def outcomes(client: httpx.Client, operations: list[bytes]) -> list[str]:
    answer = client.post("/api/v1/sync/push", content=push_body(operations))
    assert answer.status_code == 200, answer.text
    return [item["outcome"] for item in answer.json()["results"]]


def stored(server: SchoolProcess, school_id: str) -> tuple[int, int, int]:
    """Students, receipts and feed rows of students, by plain SQL."""
    engine = create_engine(server.database)
    with engine.connect() as connection:
        counts = tuple(
            int(connection.execute(text(query), {"school": school_id}).scalar_one())
            for query in (
                "SELECT count(*) FROM student WHERE school_id = :school",
                "SELECT count(*) FROM receipt WHERE school_id = :school",
                "SELECT count(*) FROM feed WHERE school_id = :school AND entity = 'student'",
            )
        )
    engine.dispose()
    assert len(counts) == 3
    return counts


@pytest.mark.parametrize(("point", "kept"), [("server.push.before_commit", 0), ("server.push.committed", 50)])
def test_s7_killed_around_the_commit_each_operation_is_there_once(
    server: SchoolProcess, point: str, kept: int
) -> None:
    server.start(killed_at=point)
    operations = creates(50)
    with signed_in(server) as client, pytest.raises(httpx.TransportError):
        client.post("/api/v1/sync/push", content=push_body(operations))
    assert server.wait() == -9
    school_id = client.headers["X-Rollbook-School"]
    assert stored(server, school_id) == (kept, kept, kept)
    server.start()
    with signed_in(server) as client:
        wanted = "duplicate" if kept else "applied"
        assert outcomes(client, operations) == [wanted] * 50
    assert stored(server, school_id) == (50, 50, 50)
    assert server.stop() == 0


def test_r13_several_workers_share_one_database(server: SchoolProcess) -> None:
    server.workers = 2
    server.start()
    pushed = 0
    while pushed < 30 or len(list(server.log_folder.glob("server-*.log"))) < 2:  # until both have answered
        assert pushed < 600, "one worker answers all"
        with signed_in(server) as client:
            assert outcomes(client, creates(3)) == ["applied"] * 3
            client.get("/healthz", headers={"Connection": "close"})
        pushed += 3
    with httpx.Client(base_url=server.url) as client:
        page = client.get("/metrics").text
    counted = [line for line in page.splitlines() if line.startswith("rollbook_push_operations_total{")]
    assert counted == [f'rollbook_push_operations_total{{code="",outcome="applied"}} {float(pushed)}']
    assert server.stop() == 0


def told(stream: httpx.Response) -> Iterator[str]:
    """The events' names; what fills up or keeps alive is left out."""
    return (line for line in stream.iter_lines() if line.startswith("event:"))


def test_s19_an_event_says_that_there_is_more_at_once(server: SchoolProcess) -> None:
    server.start()
    with signed_in(server) as listener, signed_in(server) as writer, listening(listener) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = told(stream)
        assert next(lines) == "event: more"  # what was there before one listened
        outcomes(writer, creates(1))
        sent = time.monotonic()
        assert next(lines) == "event: more"
        assert time.monotonic() - sent < 1
        assert "X-Request-ID" in stream.headers
        stopping = time.monotonic()
        assert server.stop() == 0  # a listener does not hold the server up
        assert time.monotonic() - stopping < 4


def test_s19_another_workers_commit_is_noticed(server: SchoolProcess, tmp_path: Path) -> None:
    server.start()
    other = SchoolProcess(tmp_path / "other", database=server.database)
    other.start()
    try:
        other.user = server.user
        with signed_in(server) as listener, signed_in(other) as writer, listening(listener) as stream:
            lines = told(stream)
            assert next(lines) == "event: more"
            outcomes(writer, creates(1))
            sent = time.monotonic()
            assert next(lines) == "event: more"
            assert time.monotonic() - sent < 3
    finally:
        other.stop()
        server.stop()


def test_r18_nothing_of_the_framework_is_printed_beside_the_log(server: SchoolProcess) -> None:
    import json

    server.start()
    with signed_in(server) as client:
        client.get("/healthz", headers={"X-Request-ID": "seen-in-the-log"})
    server.stop()
    lines = [json.loads(line) for line in server.stderr().splitlines()]
    assert any(line.get("request_id") == "seen-in-the-log" for line in lines)
    file = (server.log_folder / "server-1.log").read_text(encoding="utf-8")
    assert "seen-in-the-log" in file


def test_r1_an_idle_connection_is_left_open_for_longer_than_a_computer_keeps_it(
    server: SchoolProcess,
) -> None:
    """Else an entry saved just then meets a connection that the server closes, and looks like an outage."""
    server.start()
    kept = httpx.Limits().keepalive_expiry
    assert kept is not None
    ask = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=kept + 2) as line:
        line.sendall(ask)
        answer = b""
        while not answer.endswith(b"}"):
            part = line.recv(4096)
            assert part, answer
            answer += part
        with pytest.raises(TimeoutError):  # a closed connection would be read at once
            line.recv(1)
        line.sendall(ask)
        assert line.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_port_in_use_is_said_clearly(server: SchoolProcess) -> None:
    server.start()
    import subprocess
    import sys

    second = subprocess.run(
        [sys.executable, "-m", "rollbook.server", "serve", "--port", str(server.port)],
        env=server._env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert second.stdout == ""
    assert f"port {server.port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_s10_each_new_database_is_another_installation(tmp_path: Path) -> None:
    ids: list[Any] = []
    for name in ("one", "two"):
        with ServerProcess(tmp_path / name) as process:
            ids.append(httpx.get(f"{process.url}/api/v1/server").json()["installation"])
    with ServerProcess(tmp_path / "one") as process:
        ids.append(httpx.get(f"{process.url}/api/v1/server").json()["installation"])
    assert ids[0] == ids[2] != ids[1]
