"""Two people, two computers, one student: what the command line tells them, and what it takes (S13 to S15).

Over a socket, read as a person reads it; one test runs it all as processes of their own.
"""

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from support.command_line import CommandLine
from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess

ZONE = "Asia/Tokyo"
Desks = tuple[InProcessLine, InProcessLine]
SCRIPT_WORDS = ("{", "None", "head_unconfirmed", "queued", "+00:00", "edit-conflict")


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    """Anna's computer and Ben's, connected to one school."""
    folder = tmp_path_factory.mktemp("two")
    server = ServerProcess(folder / "server")
    server.create_user("anna")
    server.create_user("ben")
    with server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROLLBOOK_KEYRING", "0")
        patch.setenv("ROLLBOOK_CONNECT_TIMEOUT_SECONDS", "30")
        patch.setenv("ROLLBOOK_PROBE_TIMEOUT_SECONDS", "30")
        yield connected(folder / "anna", server, "anna"), connected(folder / "ben", server, "ben")


def connected(data: Path, server: ServerProcess, user: str) -> InProcessLine:
    """A computer connected as that user."""
    one = InProcessLine(data)
    said = one.run("connect", server.url, "--user", user, "--password-stdin", stdin=PASSWORD + "\n")
    assert said.code == 0, said.err
    return one


@pytest.fixture
def student(desks: Desks) -> str:
    """A student whom both computers show."""
    anna, ben = desks
    added = anna.run("students", "add", "given_name=Eleni", "family_name=Papa", "phone=1", "homeroom=A")
    assert anna.run("sync").code == 0
    assert ben.run("sync").code == 0
    return str(added.data["id"])


def both_change(desks: Desks, student: str, anna: str, ben: str) -> None:
    """Anna's change is at the school when Ben's, made in the meantime, gets there."""
    assert desks[1].run("students", "set", student, ben).code == 3
    assert desks[0].run("students", "set", student, anna).code == 3
    assert desks[0].run("sync").code == 0


def the_conflict(ben: InProcessLine | CommandLine) -> str:
    """The short ID of Ben's only conflict, read from the list."""
    said = ben.say("conflicts", "list")
    assert said.code == 0
    heading, line = said.out.splitlines()
    assert heading.split() == ["ID", "STUDENT", "ABOUT", "ENTERED", "HERE", "CHANGED", "AT", "THE", "SCHOOL"]
    assert line.index("Eleni") == heading.index("STUDENT")  # the columns stand in line
    assert not any(word in said.out for word in SCRIPT_WORDS)
    return line.split()[0]


def test_s13_different_fields_merge_and_both_people_can_see_it(desks: Desks, student: str) -> None:
    both_change(desks, student, "phone=2", "homeroom=B")
    said = desks[1].say("sync")
    assert (said.code, said.out.splitlines()[-1]) == (0, "Everything is saved at the school.")
    assert desks[0].run("sync").code == 0
    for desk in desks:
        told = desk.say("history", student)
        assert told.code == 0, told.err
        first, second, third = told.out.splitlines()[1:]
        assert "anna" in first
        assert "registered" in first
        assert second.endswith("changed     phone: 1 → 2")
        assert "ben" in third
        assert third.endswith("homeroom: A → B (merged: others had changed phone)")
    assert desks[1].run("students", "show", student).data["phone"] == "2"


@pytest.mark.timeout(300)
def test_s14_the_same_field_is_asked_about_and_mine_can_be_chosen(desks: Desks, student: str) -> None:
    both_change(desks, student, "phone=2", "phone=3")
    ben = CommandLine(desks[1].data, fresh=True)  # processes of their own, on the same data
    assert ben.say("sync").code == 3
    status = ben.say("status")
    assert "Needs you:      1 (see rollbookctl conflicts list)" in status.out
    assert status.out.splitlines()[-1] == "Not up to date: 1 conflict to decide."
    short = the_conflict(ben)
    shown = ben.say("conflicts", "show", short).out
    assert re.search(r"Here +changed by ben, ", shown)
    assert re.search(r"At the school +anna, ", shown)
    assert re.search(r"phone +1 +3 +2\n", shown)  # what Ben saw, what he entered, what the school has
    assert f"rollbookctl conflicts resolve {short} phone=mine" in shown
    assert not any(word in shown for word in SCRIPT_WORDS)
    assert ben.say("conflicts", "resolve", short, "phone=mine").code == 3
    assert ben.say("sync").code == 0
    lines = ben.say("history", student).out.splitlines()
    assert lines[-2].endswith("phone: 1 → 2")  # Anna's, which lost, stays in the history
    assert lines[-1].endswith("phone: 2 → 3")


def test_s14_theirs_leaves_the_schools_value_and_mine_can_still_be_seen(desks: Desks, student: str) -> None:
    both_change(desks, student, "phone=2", "phone=3")
    ben = desks[1]
    ben.run("sync")
    said = ben.say("conflicts", "resolve", the_conflict(ben), "phone=theirs")
    assert (said.code, f"rollbookctl history {student}" in said.err) == (0, True)
    assert ben.say("sync").code == 0
    assert ben.run("students", "show", student).data["phone"] == "2"
    lines = ben.say("history", student).out.splitlines()
    assert "Entered on this computer and not kept:" in lines
    assert re.search(r"ben +phone +3$", lines[-1])
    not_kept = ben.run("history", student).data["not_kept"]
    assert [each["values"] for each in not_kept] == [{"phone": "3"}]


def test_s14_field_by_field_with_another_value_for_one(desks: Desks, student: str) -> None:
    ben = desks[1]
    assert ben.run("students", "set", student, "phone=3", "homeroom=C", "address=Road 1").code == 3
    assert desks[0].run("students", "set", student, "phone=2", "homeroom=B").code == 3
    desks[0].run("sync")
    ben.run("sync")
    short = the_conflict(ben)
    half = ben.say("conflicts", "resolve", short, "phone==4")
    assert half.code == 1
    assert "homeroom" in half.err
    assert ben.say("conflicts", "resolve", short, "phone==4", "homeroom=theirs").code == 3
    assert ben.say("sync").code == 0
    found = ben.run("students", "show", student).data
    assert (found["phone"], found["homeroom"], found["address"]) == ("4", "B", "Road 1")


def test_s5_s14_two_edits_sent_as_one_are_one_conflict(desks: Desks, student: str) -> None:
    ben = desks[1]
    ben.run("students", "set", student, "phone=3")
    ben.run("students", "set", student, "homeroom=C")
    desks[0].run("students", "set", student, "phone=2", "homeroom=B")
    desks[0].run("sync")
    assert ben.run("sync").data["conflicts"] == 1
    short = the_conflict(ben)
    shown = ben.say("conflicts", "show", short).out
    assert re.search(r"phone +1 +3 +2\n", shown)
    assert re.search(r"homeroom +A +C +B\n", shown)
    assert ben.say("conflicts", "resolve", short, "phone=mine", "homeroom=mine").code == 3
    assert ben.say("sync").code == 0
    assert ben.say("conflicts", "list").err == "There is no conflict.\n"


def test_s15_an_archive_against_an_edit_is_asked_and_either_can_be_chosen(desks: Desks, student: str) -> None:
    anna, ben = desks
    ben.run("students", "archive", student)
    anna.run("students", "set", student, "phone=2")
    anna.run("sync")
    ben.run("sync")
    short = the_conflict(ben)
    shown = ben.say("conflicts", "show", short).out
    assert "Archive all the same, or keep the record?" in shown
    assert re.search(r"phone .* 2\n", shown)
    assert ben.say("conflicts", "resolve", short, "record=theirs").code == 0
    assert ben.say("sync").code == 0
    assert ben.run("students", "find", "Eleni").data["students"][-1]["mark"] == ""
    ben.run("students", "archive", student)
    anna.run("students", "set", student, "phone=4")
    anna.run("sync")
    ben.run("sync")
    assert ben.say("conflicts", "resolve", the_conflict(ben), "record=mine").code == 3
    assert ben.say("sync").code == 0
    assert "archived" in ben.say("history", student).out.splitlines()[-1]


def test_s15_an_edit_against_an_archive_is_asked_and_either_can_be_chosen(desks: Desks, student: str) -> None:
    anna, ben = desks
    ben.run("students", "set", student, "phone=3")
    anna.run("students", "archive", student)
    anna.run("sync")
    ben.run("sync")
    short = the_conflict(ben)
    shown = ben.say("conflicts", "show", short).out
    assert "Bring it back with your change, or leave it archived?" in shown
    assert re.search(r"At the school +archived by anna, ", shown)
    assert ben.say("conflicts", "resolve", short, "record=mine").code == 3
    assert ben.say("sync").code == 0
    anna.run("sync")
    assert anna.run("students", "show", student).data["phone"] == "3"
    ben.run("students", "set", student, "phone=5")
    anna.run("students", "archive", student)
    anna.run("sync")
    ben.run("sync")
    assert ben.say("conflicts", "resolve", the_conflict(ben), "record=theirs").code == 0
    assert ben.say("sync").code == 0
    assert [each["values"] for each in ben.run("history", student).data["not_kept"]] == [{"phone": "5"}]


def test_times_are_this_computers_and_json_may_stand_behind(
    desks: Desks, student: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = desks[1]
    monkeypatch.setenv("TZ", ZONE)
    time.tzset()
    ben.run("students", "set", student, "phone=9")
    behind = ben.say("outbox", "list", "--json")
    [entry] = json.loads(behind.out)["entries"]
    assert behind.out == ben.say("--json", "outbox", "list").out
    local = datetime.fromisoformat(entry["created_at"]).astimezone(ZoneInfo(ZONE))
    shown = ben.say("outbox", "show", entry["op_id"][-8:]).out
    assert f"{local:%d %b %Y, %H:%M} by ben" in shown
    assert datetime.fromisoformat(entry["created_at"]).utcoffset() == timedelta(0)
    assert ben.run("sync").code == 0
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("conflicts",), ("list", "show", "resolve", "field by field")),
        (("outbox",), ("list", "show", "retry", "discard")),
        (("students",), ("find", "list", "show", "add", "set", "archive")),
        (("students", "add"), ("family_name", "birth_date", "2014-02-28")),
        (("conflicts", "resolve"), ("FIELD==VALUE", "record=mine")),
        (("import",), ("Surname", "student_number")),
        ((), ("history", "conflicts", "outbox")),
    ],
)
def test_help_lists_verbs_and_fields(tmp_path: Path, command: tuple[str, ...], told: tuple[str, ...]) -> None:
    said = InProcessLine(tmp_path).say(*command, "--help")
    assert said.code == 0
    for word in told:
        assert word in said.out, (word, said.out)
