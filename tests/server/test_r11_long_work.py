"""A report that outlasts its budget goes on by itself (R11), in its own few threads (R7)."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from rollbook.domain import checkpoints
from rollbook.domain.roles import Role
from rollbook.server.database import Database
from rollbook.server.jobs.kinds import KINDS, Asked, Report, ReportKind, Step
from server.test_scope import set_role
from support.school_server import Desk, SchoolServer

REPORTS, JOBS = "/api/v1/reports", "/api/v1/jobs"


class Slow:
    """A report that stands still until it is let go; told apart from others by its parameter."""

    def __init__(self) -> None:
        self.go, self.begun, self.made = threading.Event(), threading.Event(), 0

    def make(self, _database: Database, asked: Asked, step: Step) -> Report:
        """Two steps, and a wait between them."""
        step(1, 2)
        self.begun.set()
        assert self.go.wait(30)
        step(2, 2)
        self.made += 1
        return Report(json.dumps(dict(asked.parameters)).encode(), "application/json", "slow.json")


@pytest.fixture
def slow() -> Iterator[Slow]:
    one = Slow()
    yield one
    one.go.set()


@pytest.fixture
def served(
    school: SchoolServer, slow: Slow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SchoolServer]:
    """A server with small rooms whose only report is the slow one; each look is left to the test."""
    assert set(KINDS) == {"roll"}
    monkeypatch.setitem(KINDS, "roll", ReportKind("student", ("mark",), slow.make))
    server = SchoolServer(
        school.settings.database,
        tmp_path,
        report_budget_seconds=0.05,
        report_threads=1,
        report_queue=1,
        report_most=3,
    )
    yield server
    slow.go.set()
    server.parts.jobs.runner.close()
    server.close()


def ask(desk: Desk, kind: str = "roll", **parameters: str) -> Any:
    return desk.call("POST", REPORTS, json={"kind": kind, "parameters": parameters})


def ended(server: SchoolServer, desk: Desk, job_id: str) -> dict[str, Any]:
    """Where the job is once nothing runs in this process."""
    for future in list(server.parts.jobs.runner._running.values()):
        future.exception(timeout=30)
    answer = desk.call("GET", f"{JOBS}/{job_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_r11_what_is_made_in_time_is_answered_at_once(school: SchoolServer) -> None:
    desk = school.desk()
    desk.student(
        given_name="Ελένη", family_name="=cmd()", student_number="1", homeroom="A1", phone="+30 210 1"
    )
    desk.student(given_name="Nikos", family_name="Zois", homeroom="B2")
    gone = desk.student(given_name="Archived")
    desk.push(desk.archive(gone, 1))
    asked = ask(desk, "roll")
    assert (asked.status_code, asked.json()["state"]) == (200, "done")
    answer = desk.call("GET", asked.json()["result"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="roll.csv"'
    first, *rows = answer.content.decode("utf-8-sig").splitlines()
    assert first.startswith("Student number,Family name,Given name")
    assert [row.split(",")[:3] for row in rows] == [["1", "'=cmd()", "Ελένη"], ["", "Zois", "Nikos"]]
    assert "+30 210 1" in rows[0]
    assert "'+30" not in rows[0]
    narrowed = desk.call("GET", ask(desk, "roll", homeroom="A1").json()["result"])
    assert len(narrowed.content.splitlines()) == 2


def test_r11_what_outlasts_its_budget_is_told_where_to_look(served: SchoolServer, slow: Slow) -> None:
    desk = served.desk()
    answer = ask(desk)
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"{JOBS}/{job['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert slow.begun.wait(30)
    seen = desk.call("GET", answer.headers["location"])
    assert (seen.json()["state"], seen.json()["done"], seen.json()["total"]) == ("running", 1, 2)
    assert "retry-after" in seen.headers
    assert desk.call("GET", f"{REPORTS}/{job['id']}").status_code == 202
    slow.go.set()
    assert ended(served, desk, job["id"])["state"] == "done"
    fetched = desk.call("GET", f"{REPORTS}/{job['id']}")
    assert (fetched.status_code, fetched.json()) == (200, {})
    assert [each["id"] for each in desk.call("GET", JOBS).json()["jobs"]] == [job["id"]]


def test_r11_the_same_asked_for_twice_is_made_once_until_the_records_change(
    served: SchoolServer, slow: Slow
) -> None:
    desk, other = served.desk(), served.desk()
    first, again = ask(desk).json()["id"], ask(other).json()["id"]
    assert first == again
    slow.go.set()
    ended(served, desk, first)
    assert ask(other).status_code == 200
    assert slow.made == 1
    desk.student(given_name="Eleni")
    ask(desk)
    assert len(desk.call("GET", JOBS).json()["jobs"]) == 2


def test_r11_the_same_asked_for_by_several_at_once_is_one_job(served: SchoolServer, slow: Slow) -> None:
    """Each looks for it before any of them has made it: PostgreSQL lets only one of them make it."""
    desk, together = served.desk(), threading.Barrier(6)
    met = threading.local()

    def wait(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if statement.startswith("INSERT INTO job") and not getattr(met, "once", False):
            met.once = True
            together.wait(30)

    if served.parts.database.engine.dialect.name == "postgresql":  # SQLite has one writer at a time
        event.listen(served.parts.database.engine, "before_cursor_execute", wait)
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _each: ask(desk), range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_r11_who_may_not_see_as_much_sees_neither_job_nor_report(served: SchoolServer, slow: Slow) -> None:
    desk = served.desk(Role.VIEWER)
    slow.go.set()
    job_id = ask(desk).json()["id"]
    ended(served, desk, job_id)
    support = served.desk(Role.SUPPORT)
    assert ask(support).status_code == 403
    set_role(served, desk, Role.SUPPORT)  # the right is gone: so is what was made by it
    for path in (f"{JOBS}/{job_id}", f"{REPORTS}/{job_id}"):
        for caller in (support, desk):
            assert caller.call("GET", path).status_code == 404
    stranger = SchoolServer(served.settings.database, Path(served.settings.log_dir))
    try:
        assert stranger.desk().call("GET", f"{REPORTS}/{job_id}").status_code == 404
    finally:
        stranger.close()


def test_r11_a_cancelled_one_ends_at_its_next_step_and_can_be_asked_for_anew(
    served: SchoolServer, slow: Slow
) -> None:
    desk = served.desk()
    job_id = ask(desk).json()["id"]
    assert slow.begun.wait(30)
    assert desk.call("DELETE", f"{JOBS}/{job_id}").json()["state"] == "cancelled"
    served.clock.advance(1)
    slow.go.set()
    assert ended(served, desk, job_id)["state"] == "cancelled"
    assert slow.made == 0
    assert desk.call("GET", f"{REPORTS}/{job_id}").status_code == 404
    assert ask(desk).status_code in (200, 202)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("point", ["server.jobs.claimed", "server.jobs.step"])
def test_r11_it_is_taken_up_again_after_the_process_was_killed(
    served: SchoolServer, slow: Slow, point: str, tmp_path: Path
) -> None:
    def observer(passed: str) -> None:
        if passed == point:
            raise Killed

    desk = served.desk()
    checkpoints.observe(observer)
    try:
        job_id = ask(desk).json()["id"]
        assert ended(served, desk, job_id)["state"] == "running"  # by nobody
    finally:
        checkpoints.observe(None)
    slow.go.set()
    served.parts.jobs.runner.look()
    assert ended(served, desk, job_id)["state"] == "running"  # whose lease has not run out yet
    served.clock.advance(served.settings.report_lease_seconds + 1)
    served.parts.jobs.runner.look()
    assert ended(served, desk, job_id)["state"] == "done"


def test_r11_one_that_kills_every_process_is_given_up(served: SchoolServer, slow: Slow) -> None:
    def observer(passed: str) -> None:
        if passed == "server.jobs.claimed":
            raise Killed

    desk = served.desk()
    checkpoints.observe(observer)
    try:
        job_id = ask(desk).json()["id"]
        for _start in range(3):
            ended(served, desk, job_id)
            served.clock.advance(served.settings.report_lease_seconds + 1)
            served.parts.jobs.runner.look()
        ended(served, desk, job_id)
    finally:
        checkpoints.observe(None)
    served.clock.advance(served.settings.report_lease_seconds + 1)
    served.parts.jobs.runner.look()
    assert ended(served, desk, job_id)["state"] == "failed"
    answer = desk.call("GET", f"{REPORTS}/{job_id}")
    assert (answer.status_code, answer.json()["error"]) == (500, "internal-error")


def test_r11_a_process_that_ends_gives_its_work_back(served: SchoolServer, slow: Slow) -> None:
    desk = served.desk()
    job_id = ask(desk).json()["id"]
    assert slow.begun.wait(30)
    closing = threading.Thread(target=served.parts.jobs.runner.close)
    closing.start()
    while not served.parts.jobs.runner.is_ending:
        assert closing.is_alive()
    slow.go.set()
    closing.join(30)
    assert desk.call("GET", f"{JOBS}/{job_id}").json()["state"] == "queued"
    attempts = served.rows("SELECT attempts FROM job WHERE school_id = :school")
    assert [row[0] for row in attempts] == [0]  # however often a server is restarted, no report fails of it


def test_r7_what_has_no_room_waits_and_what_is_too_much_is_refused(served: SchoolServer, slow: Slow) -> None:
    desk = served.desk()
    jobs = [ask(desk, mark=str(number)).json()["id"] for number in range(3)]
    assert slow.begun.wait(30)
    refused = ask(desk, mark="one too many")
    assert (refused.status_code, refused.json()["error"]) == (503, "overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert desk.call("GET", "/api/v1/students").status_code == 200  # nothing else is held up
    slow.go.set()
    for _look in jobs:
        ended(served, desk, jobs[0])
        served.parts.jobs.runner.look()
    assert {ended(served, desk, each)["state"] for each in jobs} == {"done"}


def test_r16_a_job_carries_the_id_of_the_request_that_asked(
    served: SchoolServer, slow: Slow, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = served.desk()
    slow.go.set()
    answer = ask(desk)
    ended(served, desk, served.rows("SELECT id FROM job WHERE school_id = :school")[0][0])
    [kept] = served.rows("SELECT request_id FROM job WHERE school_id = :school")
    assert kept[0] == answer.headers["x-request-id"]


def test_r11_the_job_has_no_deadline_of_the_request(served: SchoolServer, slow: Slow) -> None:
    desk = served.desk()
    answer = desk.call(
        "POST", REPORTS, json={"kind": "roll"}, headers={**desk.headers, "X-Rollbook-Deadline-Ms": "60000"}
    )
    assert slow.begun.wait(30)
    served.clock.advance(61)
    slow.go.set()
    assert ended(served, desk, answer.json()["id"])["state"] == "done"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"kind": "nonsense"}, "validation-failed"),
        ({"kind": "roll", "parameters": {"colour": "red"}}, "validation-failed"),
        ({"kind": 1}, "validation-failed"),
    ],
)
def test_r11_a_report_that_there_is_not_is_refused(school: SchoolServer, body: Any, error: str) -> None:
    answer = school.desk().call("POST", REPORTS, json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, error)


def test_r11_a_job_that_nobody_may_find_is_not_found(school: SchoolServer) -> None:
    desk = school.desk()
    for method, path in (("GET", JOBS), ("DELETE", JOBS), ("GET", REPORTS)):
        assert desk.call(method, f"{path}/nothing").status_code == 404
