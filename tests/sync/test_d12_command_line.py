"""Registers and grades on the command line: answers for people and programs, and exit codes (D12)."""

import pytest

from support.classroom import Classroom, classroom
from support.client_desk import ClientDesk
from support.in_process_line import InProcessLine

DATE = "2026-11-02"


@pytest.fixture
def room(desk: ClientDesk, monkeypatch: pytest.MonkeyPatch) -> Classroom:
    """A class of three, entered at the desk, on which the command line works too."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    return classroom(desk)


@pytest.fixture
def ctl(desk: ClientDesk) -> InProcessLine:
    """The command line on the desk's data."""
    return InProcessLine(desk.data)


def test_d12_sections_are_listed_and_shown(ctl: InProcessLine, room: Classroom) -> None:
    listed = ctl.run("sections", "list")
    assert [each["id"] for each in listed.data["sections"]] == [room.section]
    shown = ctl.run("sections", "show", room.section)
    assert [each["student_number"] for each in shown.data["students"]] == ["1001", "1002", "1003"]
    assert [each["id"] for each in shown.data["line_items"]] == [room.test]
    said = ctl.say("sections", "show", room.section)
    assert "Ana F1003 (1003)" in said.out
    assert room.test in said.out
    assert ctl.run("sections", "show", room.test).data["error"] == "not-found"


def test_d12_a_register_is_taken_and_shown(ctl: InProcessLine, room: Classroom) -> None:
    assert "Not taken yet" in ctl.say("register", "show", room.section, DATE).err
    taken = ctl.run("register", "take", room.section, DATE, "1001=A", "1002=L:bus was late")
    assert (taken.code, taken.data["saved"]) == (3, 3)
    shown = ctl.run("register", "show", room.section, DATE).data
    assert shown["taken"] is True
    assert [(line["teacher_code"], line["reason"]) for line in shown["lines"]] == [
        ("A", None),
        ("L", "bus was late"),
        (None, None),
    ]
    assert "bus was late" in ctl.say("register", "show", room.section, DATE).out
    same = ctl.run("register", "take", room.section, DATE, "1001=A", "1002=L:bus was late")
    assert (same.code, same.data["saved"]) == (0, 0)
    assert ctl.run("register", "show", room.section, DATE, "--period", "2").data["taken"] is False


def test_d12_a_register_with_something_wrong_is_not_saved(ctl: InProcessLine, room: Classroom) -> None:
    said = ctl.run("register", "take", room.section, DATE, "1001=Z", "1002=E")
    assert (said.code, said.data["error"]) == (1, "validation-failed")
    assert [error["code"] for error in said.data["errors"]] == ["no-such-code", "not-for-teachers"]
    for pair, error in (("7=A", "not-found"), ("1001", "usage")):
        assert ctl.run("register", "take", room.section, DATE, pair).data["error"] == error
    assert ctl.run("register", "show", room.section, "2.11.").data["errors"][0]["field"] == "date"
    assert ctl.run("register", "show", room.section, DATE).data["taken"] is False


def test_d12_grades_are_entered_and_shown(ctl: InProcessLine, room: Classroom) -> None:
    entered = ctl.run("grades", "enter", room.test, "1001=14,5", "1002=exempt", "1003=missing")
    assert (entered.code, entered.data["saved"]) == (3, 3)
    results = [line.split()[-1] for line in ctl.say("grades", "show", room.test).out.splitlines()]
    assert results == ["RESULT", "14.5", "exempt", "missing"]
    wrong = ctl.run("grades", "enter", room.test, "1001=21", "1002=good")
    assert (wrong.code, [error["code"] for error in wrong.data["errors"]]) == (
        1,
        ["too-large", "not-a-number"],
    )
    assert ctl.run("grades", "enter", room.test, "1001=14.50").code == 0
    assert ctl.run("grades", "show", room.test).data["lines"][0]["score"] == "14.5"
