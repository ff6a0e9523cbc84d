"""The database in trouble: what it is called, who tries again, and nothing half done (R2, R7, R13)."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from rollbook.resilience.deadline import Deadline, under
from rollbook.server.database import DatabaseError
from rollbook.server.database_errors import Trouble
from rollbook.server.problems import ProblemError
from support.broken_database import held_for_writing
from support.school_server import SchoolServer


@pytest.fixture
def hurried(database: str, tmp_path: Path) -> Iterator[Callable[..., SchoolServer]]:
    """Makes servers with short limits."""
    made: list[SchoolServer] = []

    def make(**settings: Any) -> SchoolServer:
        made.append(SchoolServer(database, tmp_path / str(len(made)), **settings))
        return made[-1]

    yield make
    for server in made:
        server.close()


def test_r13_a_lock_that_ends_is_waited_for(school: SchoolServer) -> None:
    desk = school.desk()
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with held_for_writing(school.parts.database.engine, school.school_id):
            held.set()
            release.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    threading.Timer(0.3, release.set).start()
    assert desk.push(desk.create(given_name="Eleni"))[0].outcome == "applied"
    holder.join()


def test_r2_a_lock_that_outlasts_the_deadline_ends_the_write_undone(
    hurried: Callable[..., SchoolServer],
) -> None:
    school = hurried(busy_timeout_seconds=0.2, write_attempts=2, statement_timeout_seconds=0.4)
    desk = school.desk()
    with held_for_writing(school.parts.database.engine, school.school_id):
        answer = desk.call("POST", "/api/v1/sync/push", content=b'{"operations":[' + _create(desk) + b"]}")
        assert answer.status_code in (503, 504), answer.text
        assert answer.json()["error"] in ("database-busy", "deadline-exceeded")
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
    assert school.rows("SELECT count(*) FROM student WHERE school_id = :school") == [(0,)]
    assert school.rows("SELECT head FROM school_feed WHERE school_id = :school") == [(1,)]


def _create(desk: Any) -> bytes:
    from rollbook.contract.operations import operation_bytes

    return operation_bytes(desk.create(given_name="Eleni"))


def test_r13_an_exhausted_pool_is_503_with_retry_after(hurried: Callable[..., SchoolServer]) -> None:
    school = hurried(pool_size=1, pool_overflow=0, pool_timeout_seconds=0.1)
    desk = school.desk()
    with school.parts.database.engine.connect():
        answer = desk.call("GET", "/api/v1/sync/changes")
    assert (answer.status_code, answer.json()["error"]) == (503, "overloaded")
    assert int(answer.headers["Retry-After"]) > 0
    assert desk.call("GET", "/api/v1/sync/changes").status_code == 200


def test_r13_a_busy_transaction_is_run_again_whole_and_fresh(school: SchoolServer) -> None:
    runs: list[Connection] = []

    def work(connection: Connection) -> str:
        runs.append(connection)
        connection.execute(text("UPDATE school SET language = 'el' WHERE id = :id"), {"id": school.school_id})
        if len(runs) < 3:
            raise DatabaseError(Trouble.BUSY, {})
        return "done"

    assert school.parts.database.write(work) == "done"
    assert len({id(connection) for connection in runs}) == 3


def test_r13_attempts_are_bounded(hurried: Callable[..., SchoolServer]) -> None:
    school = hurried(write_attempts=3, write_retry_base_seconds=0.001)
    runs = []

    def work(_connection: Connection) -> None:
        runs.append(1)
        raise DatabaseError(Trouble.BUSY, {})

    with pytest.raises(DatabaseError):
        school.parts.database.write(work)
    assert len(runs) == 3


def test_r2_an_expired_deadline_starts_no_work(school: SchoolServer) -> None:
    runs = []
    deadline = Deadline(school.clock, 1)
    school.clock.advance(2)
    with under(deadline), pytest.raises(ProblemError) as caught:
        school.parts.database.write(runs.append)
    assert caught.value.code == "deadline-exceeded"
    assert runs == []


def test_r2_a_slow_statement_is_cut_at_the_deadline(school: SchoolServer) -> None:
    slow = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000000) "
        "SELECT count(*) FROM n"
    )
    started = time.monotonic()
    with under(Deadline(school.clock, 0.3)), pytest.raises(ProblemError) as caught:
        school.parts.database.read(lambda connection: connection.execute(text(slow)).scalar())
    assert caught.value.code == "deadline-exceeded"
    assert time.monotonic() - started < 5


def test_r15_a_full_disk_has_a_code_of_its_own(hurried: Callable[..., SchoolServer]) -> None:
    school = hurried(pool_size=1, pool_overflow=0)
    if school.parts.database.engine.dialect.name != "sqlite":
        # A server's disk cannot be filled from here: its code is what is translated.
        error = _sql_error(school, "DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$")
        assert (error.code, error.trouble) == ("storage-full", Trouble.FULL)
        return
    desk = school.desk()
    [(pages,)] = school.rows("PRAGMA page_count")
    school.rows(f"PRAGMA max_page_count = {pages}")  # of the pool's one connection
    big = [desk.create(given_name="Eleni", address="a" * 500) for _ in range(200)]
    from rollbook.contract.operations import operation_bytes, push_body

    answer = desk.call(
        "POST", "/api/v1/sync/push", content=push_body([operation_bytes(item) for item in big])
    )
    assert (answer.status_code, answer.json()["error"]) == (503, "storage-full")
    assert school.rows("SELECT count(*) FROM student WHERE school_id = :school") == [(0,)]


def test_r15_a_database_that_is_away_is_503(hurried: Callable[..., SchoolServer]) -> None:
    school = hurried()
    if school.parts.database.engine.dialect.name == "sqlite":
        assert _sql_error(school, "SELECT 1 FROM no_such_table").trouble is Trouble.UNFORESEEN
        return
    error = _sql_error(school, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert (error.code, error.trouble) == ("database-unavailable", Trouble.UNAVAILABLE)
    assert int(error.headers["Retry-After"]) > 0
    assert school.rows("SELECT 1") == [(1,)]  # the next one gets a fresh connection


def _sql_error(school: SchoolServer, statement: str) -> DatabaseError:
    with pytest.raises(DatabaseError) as caught:
        school.parts.database.read(lambda connection: connection.execute(text(statement)).scalar())
    return caught.value


def test_r13_sqlite_is_kept_safe(school: SchoolServer) -> None:
    if school.parts.database.engine.dialect.name != "sqlite":
        [(level,)] = school.rows("SHOW synchronous_commit")
        assert level == "on"
        return
    assert school.rows("PRAGMA journal_mode") == [("wal",)]
    assert school.rows("PRAGMA synchronous") == [(2,)]
    assert school.rows("PRAGMA foreign_keys") == [(1,)]
