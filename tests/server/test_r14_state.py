"""The state of the server, as those see it who may diagnose (R13, R14)."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from rollbook.contract.devices import NEVER
from rollbook.contract.jobs import JobState
from rollbook.domain.roles import Role
from rollbook.server.database import Database
from support.asked_jobs import job_asked
from support.desk_reports import reported
from support.school_server import Desk, SchoolServer
from support.server_process import PASSWORD, ServerProcess

STATE = "/api/v1/diagnostics"


def state_of(desk: Desk) -> Any:
    answer = desk.call("GET", STATE)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_r13_the_pool_is_told_as_it_is(school: SchoolServer) -> None:
    desk = school.desk(Role.SUPPORT)
    idle = state_of(desk)["pool"]
    assert (idle["in_use"], idle["most"], idle["wait_seconds"]) == (0, 20, 5.0)
    database: Database = school.parts.database
    with database.engine.connect(), database.engine.connect():
        held = state_of(desk)["pool"]
    assert held["in_use"] == 2
    assert held["overflow"] == 0


def test_r14_breakers_and_bulkheads_are_told(school: SchoolServer) -> None:
    desk = school.desk(Role.SUPPORT)
    told = state_of(desk)
    assert told["breakers"] == [{"name": "weather", "state": "closed", "retry_in_seconds": None}]
    assert told["bulkheads"] == [
        {"name": "outside", "inside": 0, "room": 10, "rejected": 0},
        {"name": "reports", "inside": 0, "room": 10, "rejected": 0},
    ]
    school.parts.weather.breaker.force_open()
    assert state_of(desk)["breakers"][0]["state"] == "forced_open"


def test_r14_jobs_that_wait_and_run_are_counted_with_the_age_of_the_oldest(school: SchoolServer) -> None:
    desk = school.desk(Role.SUPPORT)
    owner = desk.session.user_id
    for state in (JobState.QUEUED, JobState.QUEUED, JobState.RUNNING, JobState.DONE, JobState.FAILED):
        job_asked(school, owner, state)
        school.clock.advance(100)
    told = state_of(desk)["jobs"]
    assert told["status"] == "ok"
    assert told["data"]["count"] == {"queued": 2, "running": 1, "done": 1, "failed": 1, "cancelled": 0}
    assert told["data"]["oldest_seconds"] == {"queued": 500.0, "running": 300.0}


def test_r14_the_feeds_head_and_how_far_computers_lag_behind(school: SchoolServer) -> None:
    support, one, other = school.desk(Role.SUPPORT), school.desk(), school.desk()
    [before] = state_of(support)["feed"]["data"]["schools"]
    for _ in range(3):
        one.student()
    reported(one, synced_seconds_ago=30)
    school.clock.advance(60)
    reported(other, synced_seconds_ago=NEVER, parked=1, oldest_seconds=10 * 86_400)
    [told] = state_of(support)["feed"]["data"]["schools"]
    assert told == {
        "school_id": school.school_id,
        "head": before["head"] + 3,
        "desks": 2,
        "stuck": 1,
        "longest_unsynced_seconds": 90,
    }


def test_r14_each_is_told_of_schools_where_they_may_look(school: SchoolServer, tmp_path: Path) -> None:
    other = SchoolServer(school.settings.database, tmp_path)
    try:
        support, theirs = school.desk(Role.SUPPORT), other.desk(Role.SUPPORT)
        job_asked(other, theirs.session.user_id)
        assert state_of(support)["jobs"]["data"]["count"]["queued"] == 0
        assert other.school_id not in str(state_of(support))
        assert state_of(theirs)["jobs"]["data"]["count"]["queued"] == 1
    finally:
        other.close()


@pytest.mark.parametrize("path", [STATE, f"{STATE}/queries/slow", f"{STATE}/queries/slow/x/plan"])
def test_r14_the_state_is_for_who_may_diagnose(school: SchoolServer, path: str) -> None:
    found = {role: school.desk(role).call("GET", path).status_code for role in Role}
    may = {role for role, status in found.items() if status != 403}
    assert may == {Role.ADMINISTRATOR, Role.SUPPORT}
    assert school.client.get(path).status_code == 401


def test_r14_of_several_workers_each_says_which_it_is(database: str, tmp_path: Path) -> None:
    school = SchoolServer(database, tmp_path)
    name = school.user(Role.SUPPORT)
    school.close()
    with ServerProcess(tmp_path / "served", database=database, workers=2, fresh=True) as process:
        answer = httpx.post(
            f"{process.url}/api/v1/auth/sign-in", json={"name": name, "password": PASSWORD, "device": "d"}
        )
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        found: dict[int, Any] = {}
        for _ in range(1_000):
            told = httpx.get(process.url + STATE, headers=headers, timeout=30).json()
            found[told["worker"]["pid"]] = told
            if len(found) == 2:
                break
        assert len(found) == 2
        assert process.pid not in found  # that is who looks after them
        slow = httpx.get(f"{process.url}{STATE}/queries/slow", headers=headers, params={"seconds": 0}).json()
        assert slow["worker"]["pid"] in found
        assert slow["worker"]["workers"] == 2
        assert process.stop() == 0
