"""An administrator sees a stuck desk before its user does (S30)."""

import re
from typing import Any

import pytest

from rollbook.domain.plain_text import moment
from rollbook.domain.roles import Role
from rollbook.server.__main__ import main
from support.school_server import Desk, SchoolServer

DAY = 86_400
WELL = {
    "waiting": 0,
    "parked": 0,
    "conflicts": 0,
    "oldest_seconds": 0,
    "synced_seconds_ago": 3,
    "recovers": True,
    "outstanding": [],
    "version": "1.2.3",
}


def report(desk: Desk, **members: Any) -> Any:
    return desk.call("POST", "/api/v1/sync/report", json=WELL | members)


def listed(desk: Desk, **params: Any) -> list[dict[str, Any]]:
    answer = desk.call("GET", "/api/v1/devices", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["devices"]
    return found


def test_s30_the_last_report_of_each_desk_is_kept(school: SchoolServer) -> None:
    administrator, desk = school.desk(Role.ADMINISTRATOR), school.desk(Role.SUPPORT)
    assert report(desk, waiting=2, oldest_seconds=60, outstanding=["queued"]).status_code == 204
    assert report(desk, parked=1, oldest_seconds=90).status_code == 204
    [device] = listed(administrator)
    assert (device["device"], device["user"]) == (desk.device, desk.session.user_name)
    earlier_release = {"computer": ""}
    assert device["report"] == WELL | earlier_release | {"parked": 1, "oldest_seconds": 90}
    assert device["why"] == []
    assert listed(administrator, stuck=True) == []


def test_s30_a_desk_that_does_not_come_with_entries_is_stuck(school: SchoolServer) -> None:
    administrator, stuck, away = school.desk(Role.ADMINISTRATOR), school.desk(), school.desk()
    report(away)
    report(stuck, waiting=2, oldest_seconds=60)
    school.clock.advance(2 * DAY)
    administrator = school.desk(Role.ADMINISTRATOR)
    assert listed(administrator, stuck=True) == []
    [device] = listed(administrator, stuck=True, days=1)
    assert device["device"] == stuck.device
    assert device["why"] == ["It has not come for 2 days, with 2 entries that the school does not have."]
    school.clock.advance(DAY)
    administrator = school.desk(Role.ADMINISTRATOR)
    assert [bool(device["why"]) for device in listed(administrator)] == [True, False]


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"waiting": 1, "oldest_seconds": 4 * DAY}, "oldest entry has waited for 4 days"),
        ({"parked": 1, "conflicts": 2, "oldest_seconds": 4 * DAY}, "1 refused and 2 in conflict"),
        ({"recovers": False, "outstanding": ["queued", "overdue"]}, "queued, overdue"),
    ],
)
def test_s30_why_a_desk_that_comes_is_stuck(school: SchoolServer, members: dict[str, Any], why: str) -> None:
    report(school.desk(), **members)
    [device] = listed(school.desk(Role.ADMINISTRATOR), stuck=True)
    assert why in " ".join(device["why"])


def test_s30_only_an_administrator_of_the_school_sees_them(
    school: SchoolServer, database: str, tmp_path: Any
) -> None:
    report(school.desk())
    for role in (Role.REGISTRAR, Role.TEACHER, Role.SUPPORT):
        assert school.desk(role).call("GET", "/api/v1/devices").status_code == 403
    other = SchoolServer(database, tmp_path / "other")
    try:
        assert listed(other.desk(Role.ADMINISTRATOR)) == []
    finally:
        other.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"waiting": -1},
        {"oldest_seconds": 2**60},
        {"outstanding": ["A name"]},
        {"outstanding": ["x"] * 31},
        {"version": "1\x00"},
        {"version": "v" * 100},
    ],
)
def test_s30_nothing_but_counts_and_words_is_kept(school: SchoolServer, wrong: dict[str, Any]) -> None:
    answer = report(school.desk(), **wrong)
    assert (answer.status_code, answer.json()["error"]) == (422, "validation-failed")
    assert [error["field"] for error in answer.json()["errors"]] == list(wrong)


def test_s30_the_metrics_tell_of_desks_and_of_no_school(school: SchoolServer) -> None:
    before = _gauges(school)
    report(school.desk(), waiting=2, oldest_seconds=4 * DAY)
    report(school.desk(), parked=1)
    after = _gauges(school)
    assert after['rollbook_desks{state="stuck"}'] - before['rollbook_desks{state="stuck"}'] == 1
    assert after['rollbook_desks{state="well"}'] - before['rollbook_desks{state="well"}'] == 1
    waiting = 'rollbook_desk_entries{state="waiting"}'
    assert after[waiting] - before[waiting] == 2
    assert after["rollbook_desk_oldest_entry_seconds"] >= 4 * DAY
    assert school.school_id not in school.client.get("/metrics").text


def _gauges(school: SchoolServer) -> dict[str, float]:
    lines = school.client.get("/metrics").text.splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")
    }


def test_s30_the_command_lists_stuck_desks_with_why_and_what_to_do(
    school: SchoolServer, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = school.desk()
    report(desk, waiting=2, oldest_seconds=4 * DAY, computer="office-3")
    report(school.desk())
    capsys.readouterr()
    asked = ["devices", "--database", school.settings.database, "--school", school.school_name]
    assert main(asked) == 0
    headings, *lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert headings.startswith("STATE")
    assert [line.split()[0] for line in lines] == ["STUCK", "well"]
    assert main([*asked, "--stuck"]) == 0
    [headings, line, why, step] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"STUCK  {desk.session.user_name}")
    assert line[headings.index("COMPUTER") :].split()[:2] == ["office-3", desk.device]
    assert re.match(r"\d+ days  +1\.2\.3$", line[headings.index("OLDEST") :])
    assert moment(listed(school.desk(Role.ADMINISTRATOR))[0]["reported_at"]) in line
    assert "2 entries" in why
    assert f"Have {desk.session.user_name} open Rollbook on that computer" in step
    assert main([*asked[:-1], "no such school"]) == 1
