"""Slow queries and slow requests of the running server, on both databases (R14)."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from rollbook.domain.clock import SystemClock
from rollbook.domain.roles import Role
from rollbook.server.database import Database
from rollbook.server.problems import ProblemError
from support.kept_logs import logging_to
from support.school_server import Desk, SchoolServer, settings_for

SECRET = "Zyxwvutia"
NO_PLAN = "A statement of this kind has no plan."
REASONS = {"INSERT": "The database looks nothing up for it.", "SELECT": "", "UPDATE": "", "DELETE": ""}
SLOW = "/api/v1/diagnostics/queries/slow"


@contextmanager
def each_taking(school: SchoolServer, name: str, *seconds: float) -> Iterator[None]:
    """Statements that hold ``name`` take so long, one after the other."""
    left = iter(seconds)
    engine = school.parts.database.engine

    def takes(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if name in statement:
            school.clock.advance(next(left))

    event.listen(engine, "before_cursor_execute", takes)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", takes)


def slow_of(desk: Desk, **asked: Any) -> Any:
    answer = desk.call("GET", SLOW, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def with_in(told: Any, name: str) -> Any:
    [found] = [each for each in told["queries"] if name in each["statement"]]
    return found


def test_r14_what_is_told_is_what_was_done(school: SchoolServer) -> None:
    desk = school.desk(Role.SUPPORT)
    took = [number / 1000 for number in range(2, 202, 2)]  # 2 ms, 4 ms ... 200 ms
    with each_taking(school, "marked_one", *took):
        for number in range(100):
            school.rows("SELECT :value AS marked_one FROM school", value=f"{SECRET}{number}")
    told = slow_of(desk)
    found = with_in(told, "marked_one")
    assert (found["count"], found["sampled"], found["failed"]) == (100, 100, 0)
    assert (found["p50_ms"], found["p95_ms"], found["max_ms"]) == (100.0, 190.0, 200.0)
    assert found["slow"] == 51  # of 100 ms, the setting, and longer
    assert told["threshold_ms"] == 100.0
    assert SECRET not in json.dumps(told)


def test_r14_the_threshold_is_a_setting_and_may_be_asked_for(school: SchoolServer) -> None:
    desk = school.desk(Role.ADMINISTRATOR)
    with each_taking(school, "marked_two", 0.099, 0.05):
        school.rows("SELECT 1 AS marked_two FROM school")
        school.rows("SELECT 2 AS marked_two FROM school")
    assert not any("marked_two" in each["statement"] for each in slow_of(desk)["queries"])
    assert with_in(slow_of(desk, seconds=0.099), "marked_two")["count"] == 2
    assert desk.call("GET", SLOW, params={"seconds": -1}).status_code == 422


def test_r14_no_value_is_told_whatever_way_it_came(school: SchoolServer) -> None:
    support, desk = school.desk(Role.SUPPORT), school.desk()
    desk.student(given_name=SECRET, family_name=SECRET)
    desk.call("GET", "/api/v1/students", params={"q": SECRET, "search": SECRET})
    school.rows(f"SELECT name AS marked_three FROM school WHERE name = '{SECRET}'")
    told = json.dumps(slow_of(support, seconds=0))
    assert "marked_three" in told
    assert "INSERT INTO" in told
    assert SECRET not in told
    assert school.school_id not in told


def test_r14_a_statement_that_fails_is_counted_with_its_time(school: SchoolServer) -> None:
    desk = school.desk(Role.SUPPORT)
    with each_taking(school, "no_such_marked", 7.0), pytest.raises(ProblemError):
        school.rows("SELECT no_such_marked FROM school")
    found = with_in(slow_of(desk), "no_such_marked")
    assert (found["count"], found["failed"], found["max_ms"]) == (1, 1, 7_000.0)


def test_r14_time_is_measured_by_the_clock(database: str, tmp_path: Path) -> None:
    """With the real clock and a statement that really takes its time."""
    real = Database(settings_for(database, tmp_path), SystemClock())
    clock, spent = SystemClock(), 0.0

    def run(connection: Connection) -> None:
        nonlocal spent
        if connection.dialect.name == "sqlite":
            connection.connection.create_function("pg_sleep", 1, time.sleep)  # type: ignore[attr-defined]
        since = clock.monotonic()
        connection.execute(text("SELECT pg_sleep(0.2) AS marked_four")).all()
        spent = clock.monotonic() - since

    try:
        real.read(run)
        [found] = [each for each in real.shapes.slow(0) if "marked_four" in each.shape]
        assert 0.19 < found.longest <= spent
    finally:
        real.close()


def plan_for(desk: Desk, name: str) -> Any:
    shape_id = with_in(slow_of(desk, seconds=0), name)["id"]
    answer = desk.call("GET", f"{SLOW}/{shape_id}/plan")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_r14_a_plan_is_told_without_values_and_without_running_it(school: SchoolServer) -> None:
    desk = school.desk(Role.SUPPORT)
    for number in range(2):
        school.write(
            lambda connection, number=number: connection.execute(
                text("UPDATE school SET name = :name WHERE id = :id AND name <> 'marked_five'"),
                {"name": f"{SECRET}{number}", "id": school.school_id},
            )
        )
    before = school.rows("SELECT name FROM school WHERE id = :school")
    told = plan_for(desk, "UPDATE school SET name = ? WHERE id = ? AND name <> ?")
    assert told["note"] == ""
    words = "\n".join(told["plan"])
    known = {"sqlite": "SEARCH school USING", "postgresql": "Update on school"}
    assert known[school.parts.database.engine.dialect.name] in words
    assert SECRET not in json.dumps(told)
    assert school.school_id not in json.dumps(told)
    assert school.rows("SELECT name FROM school WHERE id = :school") == before


def test_r14_every_statement_of_ours_that_can_has_a_plan(school: SchoolServer) -> None:
    """What a day at school asks, and no statement of it without a plan, or a reason."""
    support, desk = school.desk(Role.SUPPORT), school.desk()
    [created] = desk.push(desk.create(given_name="Eleni", family_name="A"))
    assert created.outcome == "applied"
    for path in (
        "/students",
        f"/students?limit=5&student_number={SECRET}",
        "/sync/changes",
        "/dashboard",
        "/jobs",
    ):
        assert desk.call("GET", f"/api/v1{path}").status_code == 200, path
    school.parts.jobs.runner.look()
    without = []
    for query in slow_of(support, seconds=0)["queries"]:
        told = support.call("GET", f"{SLOW}/{query['id']}/plan").json()
        first = query["statement"].split()[0]
        if not told["plan"] and told["note"] != REASONS.get(first, NO_PLAN):
            without.append((query["statement"], told["note"]))
    assert without == []


def test_r14_a_plan_leaves_nothing_in_the_connection(school: SchoolServer) -> None:
    desk = school.desk(Role.SUPPORT)
    school.rows("SELECT name AS marked_six FROM school WHERE id = :id", id="x")
    with pytest.raises(ProblemError):
        school.rows("SELECT no_such_marked_seven FROM school")
    assert plan_for(desk, "marked_six")["plan"]
    told = plan_for(desk, "marked_seven")
    assert told["plan"] == []
    of_postgresql = school.parts.database.engine.dialect.name == "postgresql"
    assert ("42703" if of_postgresql else "OperationalError") in told["note"]
    if of_postgresql:  # only it prepares
        kept = "SELECT count(*) FROM pg_prepared_statements WHERE name = 'rollbook_plan'"
        assert school.rows(kept)[0][0] == 0
        assert school.rows("SHOW plan_cache_mode")[0][0] == "auto"


def test_r14_what_has_no_plan_says_why(school: SchoolServer) -> None:
    desk = school.desk(Role.SUPPORT)
    told = plan_for(desk, "BEGIN IMMEDIATE" if "sqlite" in school.settings.database else "SET LOCAL")
    assert (told["plan"], told["note"]) == ([], NO_PLAN)
    answer = desk.call("GET", f"{SLOW}/{uuid.uuid4()}/plan")
    assert (answer.status_code, answer.json()["error"]) == (404, "not-found")


def test_r14_a_slow_request_is_logged_once_by_its_template(school: SchoolServer, tmp_path: Path) -> None:
    def takes(seconds: float, _secret: str) -> dict[str, str]:
        school.clock.advance(seconds)
        return {}

    school.app.add_api_route("/taking/{seconds}/{_secret}", takes)
    with logging_to(tmp_path) as file:
        for seconds in (0.999, 1.0, 61.5):
            assert school.client.get(f"/taking/{seconds}/{SECRET}").status_code == 200
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    slow = [line for line in lines if line["event"] == "slow_request"]
    assert [line["duration_ms"] for line in slow] == [1_000.0, 61_500.0]
    assert {line["route"] for line in slow} == {"/taking/{seconds}/{_secret}"}
    assert all(line["request_id"] for line in slow)
    assert SECRET not in json.dumps(lines)
