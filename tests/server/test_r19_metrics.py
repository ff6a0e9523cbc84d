"""The numbers of the metrics are those of what was really done (R19)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from rollbook.contract.devices import NEVER
from rollbook.contract.jobs import JobState
from rollbook.contract.problems import PROBLEM_TYPES
from rollbook.resilience.bulkhead import BulkheadFullError
from rollbook.server.backups.last import note_backup
from rollbook.server.problems import ProblemError
from support import broken_database
from support.asked_jobs import job_asked
from support.desk_reports import reported
from support.school_server import SchoolServer

DAY = 86_400
Samples = dict[tuple[str, ...], float]


def metrics_of(school: SchoolServer, name: str, **headers: str) -> Samples:
    """The samples of one metric by the values of its labels, as Prometheus' own parser reads the page."""
    page = school.client.get(
        "/metrics", headers={key.replace("_", "-"): value for key, value in headers.items()}
    )
    assert page.status_code == 200, page.text
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
        if sample.name == name
    }


@pytest.fixture
def alone(school: SchoolServer) -> SchoolServer:
    """The school, and of no computer, job or other school anything."""
    for table in ("desk_report", "job"):
        school.write(lambda connection, table=table: connection.execute(text(f"DELETE FROM {table}")))
    return school


def test_r19_requests_and_problems_are_counted_one_by_one(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student()
    for _ in range(7):
        assert desk.call("GET", f"/api/v1/students/{student}").status_code == 200
    for number in range(5):
        assert desk.call("GET", f"/api/v1/students/no-{number}").status_code == 404
    for _ in range(3):
        assert school.client.get(f"/api/v1/students/{student}").status_code == 401
    one = "/api/v1/students/{student_id}"
    counted = metrics_of(school, "rollbook_requests_total")
    assert {key[2]: value for key, value in counted.items() if key[1] == one} == {
        "200": 7,
        "404": 5,
        "401": 3,
    }
    problems = metrics_of(school, "rollbook_problems_total")
    assert problems == {("not-found", one): 5, ("not-signed-in", one): 3}
    assert metrics_of(school, "rollbook_request_seconds_count")["GET", one] == 15


def test_r19_our_own_failures_are_counted_from_nothing_on(school: SchoolServer) -> None:
    """What Prometheus first sees at 1 has not risen for it: each code is there before its first time."""

    def broken() -> None:
        raise RuntimeError

    school.app.add_api_route("/broken", broken)
    before = metrics_of(school, "rollbook_failures_total")
    assert set(before.values()) == {0}
    assert {key for (key,) in before} == {code for code, row in PROBLEM_TYPES.items() if row.status >= 500}
    for _ in range(3):
        assert school.client.get("/broken").status_code == 500
    school.client.get("/nowhere")
    after = metrics_of(school, "rollbook_failures_total")
    assert after == before | {("internal-error",): 3}


def test_r19_conflicts_are_counted(school: SchoolServer) -> None:
    one, other = school.desk(), school.desk()
    student = one.student(given_name="A")
    assert one.push(one.update(student, 1, given_name=("A", "B")))[0].outcome == "applied"
    for name in ("C", "D"):
        assert other.push(other.update(student, 1, given_name=("A", name)))[0].outcome == "conflict"
    counted = metrics_of(school, "rollbook_push_operations_total")
    assert counted["edit-conflict", "conflict"] + counted.get(("", "conflict"), 0) == 2
    assert counted["", "applied"] == 2


def busy(school: SchoolServer) -> Any:
    """Work of which each try meets a database that is busy."""
    if school.parts.database.engine.dialect.name == "sqlite":
        return lambda connection: connection.execute(text("SELECT 1"))
    fails = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
    return lambda connection: connection.execute(text(fails))


@contextmanager
def hurried(database: str, folder: Path, **settings: Any) -> Iterator[SchoolServer]:
    server = SchoolServer(database, folder, **settings)
    try:
        yield server
    finally:
        server.close()


def test_r19_a_transaction_that_is_run_again_is_counted_so_often(database: str, tmp_path: Path) -> None:
    settings = {"write_attempts": 4, "write_retry_base_seconds": 0.0, "busy_timeout_seconds": 0.001}
    with hurried(database, tmp_path, **settings) as school:
        work = busy(school)
        with (
            broken_database.held_for_writing(school.parts.database.engine, school.school_id),
            pytest.raises(ProblemError, match="database-busy"),
        ):
            school.write(work)
        assert metrics_of(school, "rollbook_database_retries_total")["busy",] == 3
        assert metrics_of(school, "rollbook_database_troubles_total")["busy",] == 4


def test_r19_a_pool_that_is_exhausted_is_seen_and_counted(database: str, tmp_path: Path) -> None:
    with hurried(database, tmp_path, pool_size=2, pool_overflow=1, pool_timeout_seconds=0.01) as school:
        with broken_database.exhausted(school.parts.database.engine):
            full = metrics_of(school, "rollbook_database_connections")
            assert metrics_of(school, "rollbook_database_up") == {(): 0}
        assert full == {("in_use",): 3, ("idle",): 0, ("overflow",): 1}
        assert metrics_of(school, "rollbook_database_connections_most") == {(): 3}
        assert metrics_of(school, "rollbook_database_connections")["in_use",] == 0
        assert metrics_of(school, "rollbook_database_troubles_total")["exhausted",] == 2
        assert metrics_of(school, "rollbook_database_up") == {(): 1}


def test_r19_what_a_full_room_turns_away_is_counted(database: str, tmp_path: Path) -> None:
    with hurried(database, tmp_path, report_threads=1, report_queue=2) as school:
        room, go_on = school.parts.jobs.runner.bulkhead, threading.Event()
        for _ in range(3):
            room.submit(lambda: go_on.wait(30))
        for _ in range(5):
            with pytest.raises(BulkheadFullError):
                room.submit(lambda: None)
        inside = metrics_of(school, "rollbook_bulkhead_inside")
        assert metrics_of(school, "rollbook_bulkhead_rejected_total")["reports",] == 5
        assert metrics_of(school, "rollbook_bulkhead_rejected_total")["reports",] == 5  # not once more
        go_on.set()
        room.close()
        assert inside["reports",] == metrics_of(school, "rollbook_bulkhead_room")["reports",] == 3
        assert metrics_of(school, "rollbook_bulkhead_inside")["reports",] == 0


def test_r19_a_breakers_state_is_told_from_the_start(school: SchoolServer) -> None:
    breaker = school.parts.weather.breaker
    assert metrics_of(school, "rollbook_breaker_state") == {("weather",): 0}
    breaker.force_open()
    assert metrics_of(school, "rollbook_breaker_state") == {("weather",): 2}
    breaker.reset()
    assert metrics_of(school, "rollbook_breaker_state") == {("weather",): 0}


def test_r19_jobs_by_state_and_the_age_of_the_oldest(alone: SchoolServer) -> None:
    owner = alone.desk().session.user_id
    for state in (JobState.QUEUED, JobState.RUNNING, JobState.QUEUED, JobState.CANCELLED):
        job_asked(alone, owner, state)
        alone.clock.advance(50)
    assert metrics_of(alone, "rollbook_jobs") == {
        ("queued",): 2,
        ("running",): 1,
        ("done",): 0,
        ("failed",): 0,
        ("cancelled",): 1,
    }
    assert metrics_of(alone, "rollbook_job_oldest_seconds") == {("queued",): 200, ("running",): 150}


def test_r19_the_age_of_the_last_backup(alone: SchoolServer) -> None:
    alone.write(lambda connection: connection.execute(text("DELETE FROM backup_made")))
    assert metrics_of(alone, "rollbook_backup_age_seconds") == {}
    alone.write(lambda connection: note_backup(connection, alone.clock, 5))
    alone.clock.advance(3 * DAY)
    assert metrics_of(alone, "rollbook_backup_age_seconds") == {(): 3 * DAY}


def test_r19_the_outbox_of_each_computer_and_its_lag(alone: SchoolServer) -> None:
    one, other, new = (alone.desk() for _ in range(3))
    reported(one, waiting=5, conflicts=2, oldest_seconds=30, synced_seconds_ago=4)
    alone.clock.advance(100)
    reported(other, parked=1, oldest_seconds=7 * DAY, synced_seconds_ago=8 * DAY)
    reported(new, synced_seconds_ago=NEVER)
    assert metrics_of(alone, "rollbook_desk_outbox_entries") == {
        (one.device,): 7,
        (other.device,): 1,
        (new.device,): 0,
    }
    assert metrics_of(alone, "rollbook_desk_outbox_oldest_seconds") == {
        (one.device,): 130,
        (other.device,): 7 * DAY,
        (new.device,): 0,
    }
    unsynced = metrics_of(alone, "rollbook_desk_unsynced_seconds")
    assert (unsynced[one.device,], unsynced[other.device,]) == (104, 8 * DAY)
    assert metrics_of(alone, "rollbook_desk_longest_unsynced_seconds") == {(): 8 * DAY}
    assert metrics_of(alone, "rollbook_desk_entries") == {("waiting",): 5, ("parked",): 1, ("conflicts",): 2}
    assert metrics_of(alone, "rollbook_desks") == {("stuck",): 1, ("well",): 2}


def test_r19_however_many_computers_there_are_only_so_many_are_told(
    alone: SchoolServer, database: str, tmp_path: Path
) -> None:
    desk = alone.desk()
    for number in range(30):
        desk.device = f"desk-{number}"
        reported(desk, waiting=number, oldest_seconds=number)
    with hurried(database, tmp_path, metrics_desks=10) as school:
        told = metrics_of(school, "rollbook_desk_outbox_entries")
    worst = {(f"desk-{number}",): float(number) for number in range(20, 30)}
    assert told == worst | {("(others)",): sum(range(20))}


def test_r19_who_is_not_known_is_told_of_no_single_computer(
    alone: SchoolServer, database: str, tmp_path: Path
) -> None:
    desk = alone.desk()
    reported(desk, waiting=1)
    with hurried(database, tmp_path, metrics_open=1) as school:
        passed_on = {"X_Forwarded_For": "192.0.2.1"}
        assert metrics_of(school, "rollbook_desk_entries", **passed_on)["waiting",] == 1
        assert metrics_of(school, "rollbook_desk_outbox_entries", **passed_on) == {}
        assert metrics_of(school, "rollbook_desk_outbox_entries") == {(desk.device,): 1}


def test_r19_the_disks_of_this_computer_are_told(school: SchoolServer) -> None:
    Path(school.settings.log_dir).mkdir()
    free, size = (metrics_of(school, name) for name in ("rollbook_disk_free_bytes", "rollbook_disk_bytes"))
    of_sqlite = {("database",)} if "sqlite" in school.settings.database else set()
    assert set(free) == set(size) == {("logs",)} | of_sqlite
    assert all(0 < free[name] <= size[name] for name in free)


def test_r19_without_the_database_the_page_says_so_and_tells_the_rest(school: SchoolServer) -> None:
    school.client.get("/healthz")
    with broken_database.gone(school.parts.database.engine):
        assert metrics_of(school, "rollbook_database_up") == {(): 0}
        assert metrics_of(school, "rollbook_desks") == {}
        assert metrics_of(school, "rollbook_database_troubles_total")["unavailable",] >= 1
        assert metrics_of(school, "rollbook_requests_total")["GET", "/healthz", "200"] == 1
