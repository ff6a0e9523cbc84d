"""From the caller's deadline down to each statement and each lock, on both databases (R2, R13)."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from rollbook.contract.headers import DEADLINE_MS
from rollbook.domain.clock import SystemClock
from rollbook.resilience.deadline import Deadline, under
from rollbook.server.database_errors import Trouble, trouble_of
from rollbook.server.problems import ProblemError
from support import broken_database
from support.school_server import SchoolServer

_FOR_EVER = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}
_A_WHILE = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
    "SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(0.04)",
}
_LIMIT = {
    "sqlite": "PRAGMA busy_timeout",
    "postgresql": "SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'",
}
_LOCK_LIMIT = {"sqlite": _LIMIT["sqlite"], "postgresql": _LIMIT["postgresql"].replace("statement", "lock")}


@pytest.fixture
def hurried(database: str, tmp_path: Path) -> Iterator[SchoolServer]:
    server = SchoolServer(
        database, tmp_path, pool_size=1, pool_overflow=0, busy_timeout_seconds=0.2, write_attempts=2
    )
    yield server
    server.close()


def kind_of(school: SchoolServer) -> str:
    name: str = school.parts.database.engine.dialect.name
    return name


def asked(school: SchoolServer, statement: str) -> None:
    """The endpoint ``/asked`` gives what the database answers to ``statement``."""
    school.app.add_api_route("/asked", lambda: {"answer": school.rows(statement)[0][0]})


def test_r2_what_the_header_says_is_the_limit_of_the_statement(school: SchoolServer) -> None:
    asked(school, _LIMIT[kind_of(school)])
    limited = school.client.get("/asked", headers={DEADLINE_MS: "700"}).json()["answer"]
    unlimited = school.client.get("/asked").json()["answer"]
    assert 500 < limited <= 700
    longest = {"sqlite": school.settings.busy_timeout_seconds, "postgresql": 30}[kind_of(school)]
    assert unlimited == longest * 1000
    far = school.client.get("/asked", headers={DEADLINE_MS: "86400000"}).json()["answer"]
    assert far == unlimited  # the server's own limit stays


def test_r2_a_statement_ends_when_the_header_says_so(school: SchoolServer) -> None:
    asked(school, _FOR_EVER[kind_of(school)])
    began = time.monotonic()
    answer = school.client.get("/asked", headers={DEADLINE_MS: "250"})
    assert (answer.status_code, answer.json()["error"]) == (504, "deadline-exceeded")
    assert time.monotonic() - began < school.settings.statement_timeout_seconds / 2
    assert school.rows("SELECT 1") == [(1,)]


def test_r2_quick_statements_together_take_no_longer_than_the_deadline(school: SchoolServer) -> None:
    """Each of them is within the limit; PostgreSQL would count for each anew."""
    statement, done = text(_A_WHILE[kind_of(school)]), []

    def work(connection: Connection) -> None:
        for _ in range(500):
            connection.execute(statement).all()
            done.append(1)

    with under(Deadline(school.clock, 1.5)), pytest.raises(ProblemError) as caught:
        school.parts.database.read(work)
    assert caught.value.code == "deadline-exceeded"
    assert 0 < len(done) < 500


def test_r2_the_wait_for_a_connection_is_taken_off_what_is_left(hurried: SchoolServer) -> None:
    deadline, runs = Deadline(SystemClock(), 0.2), []
    engine = hurried.parts.database.engine
    with ExitStack() as held:
        held.enter_context(engine.connect())

        def give_back() -> None:
            while not deadline.expired:
                time.sleep(deadline.remaining())
            held.close()

        giver = threading.Thread(target=give_back)
        giver.start()
        with under(deadline), pytest.raises(ProblemError) as caught:
            hurried.parts.database.read(runs.append)
        giver.join()
    assert (caught.value.code, runs) == ("deadline-exceeded", [])


def test_r2_nobody_waits_for_a_connection_longer_than_the_caller_does(database: str, tmp_path: Path) -> None:
    school = SchoolServer(database, tmp_path, pool_size=1, pool_overflow=0, pool_timeout_seconds=100.0)
    held, release = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        held.set()
        release.wait(100)

    holder = threading.Thread(target=school.parts.database.read, args=(hold,))
    holder.start()
    held.wait(30)
    began = time.monotonic()
    with under(Deadline(SystemClock(), 0.2)), pytest.raises(ProblemError) as caught:
        school.parts.database.read(lambda connection: connection.execute(text("SELECT 1")))
    waited = time.monotonic() - began
    release.set()
    holder.join()
    assert caught.value.code in ("deadline-exceeded", "overloaded")
    assert waited < 30
    assert school.rows("SELECT 1") == [(1,)]
    school.close()


def test_r13_a_lock_is_waited_for_no_longer_than_the_setting_says(hurried: SchoolServer) -> None:
    """Then 503 with when to come back: of a 504 the caller could not know that nothing was written."""
    limit = text(_LOCK_LIMIT[kind_of(hurried)])
    assert hurried.write(lambda connection: connection.execute(limit).scalar()) == 200
    desk = hurried.desk()
    body = {"values": {"given_name": "Eleni"}}
    began = time.monotonic()
    with broken_database.held_for_writing(hurried.parts.database.engine, hurried.school_id):
        answer = desk.call("POST", "/api/v1/students", {"Idempotency-Key": "a-key-of-its-own"}, json=body)
    assert (answer.status_code, answer.json()["error"]) == (503, "database-busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert time.monotonic() - began < hurried.settings.statement_timeout_seconds / 2
    assert hurried.rows("SELECT count(*) FROM student WHERE school_id = :school") == [(0,)]
    again = desk.call("POST", "/api/v1/students", {"Idempotency-Key": "a-key-of-its-own"}, json=body)
    assert again.status_code == 201


def test_r13_a_write_that_met_a_lock_succeeds_on_its_second_transaction(hurried: SchoolServer) -> None:
    engine, met, release = hurried.parts.database.engine, [], ExitStack()

    def error(context: Any) -> None:
        met.append(trouble_of(context.sqlalchemy_exception))
        release.close()

    event.listen(engine, "handle_error", error)
    release.enter_context(broken_database.held_for_writing(engine, hurried.school_id))
    moved = text("UPDATE school_feed SET head = head + 1 WHERE school_id = :id")
    hurried.write(lambda connection: connection.execute(moved, {"id": hurried.school_id}))
    assert met == [Trouble.BUSY]
    assert hurried.rows("SELECT head FROM school_feed WHERE school_id = :school") == [(2,)]
