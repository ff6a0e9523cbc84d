"""`rollbookctl records set`: it tells a number, and changes only where it is told that number (D6)."""

from pathlib import Path

import pytest

from support.classroom import Classroom, classroom
from support.client_desk import ClientDesk
from support.in_process_line import InProcessLine


@pytest.fixture
def room(desk: ClientDesk, monkeypatch: pytest.MonkeyPatch) -> Classroom:
    """A class of three, entered at the desk, on which the command line works too."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    return classroom(desk)


@pytest.fixture
def ctl(desk: ClientDesk) -> InProcessLine:
    """The command line on the desk's data."""
    return InProcessLine(desk.data)


def test_d6_without_the_number_it_only_tells(ctl: InProcessLine, desk: ClientDesk, room: Classroom) -> None:
    asked = ("records", "set", "students", "homeroom=1A", "--where", "given_name=Ana")
    told = ctl.run(*asked)
    assert (told.code, told.data["counts"]) == (0, {"changed": 3, "same": 0, "refused": 0})
    said = ctl.say(*asked)
    assert "3 records to change" in said.out
    assert "Ana F1002 (1002): homeroom: (nothing) → 1A" in said.out
    assert "--change 3" in said.err
    assert desk.values(room.students[0])["homeroom"] is None
    done = ctl.run(*asked, "--change", "3")
    assert (done.code, done.data["stored"], done.data["left_out"]) == (3, 3, [])
    assert {desk.values(each)["homeroom"] for each in room.students} == {"1A"}
    again = ctl.run(*asked, "--change", "0")
    assert (again.code, again.data["run"]) == (0, None)


def test_d6_another_number_than_was_told_changes_nothing(
    ctl: InProcessLine, desk: ClientDesk, room: Classroom
) -> None:
    said = ctl.run("records", "set", "students", "homeroom=1A", "--all", "--change", "2")
    assert (said.code, said.data["error"], said.data["counts"]["changed"]) == (1, "another-number", 3)
    assert desk.values(room.students[0])["homeroom"] is None


def test_d6_a_file_names_records_and_each_wrong_line_is_told(
    ctl: InProcessLine, desk: ClientDesk, room: Classroom, tmp_path: Path
) -> None:
    names = tmp_path / "who.txt"
    names.write_text(f"1001\n\n{room.students[2]}\n1001\n", "utf-8")
    told = ctl.run("records", "set", "students", "grade_level=1", "--ids", str(names))
    assert [row["id"] for row in told.data["rows"]] == [room.students[0], room.students[2]]
    desk.change(room.students[2], homeroom="1B")
    narrowed = ctl.run(
        "records", "set", "students", "grade_level=1", "--ids", str(names), "--where", "homeroom=1B"
    )
    assert [row["id"] for row in narrowed.data["rows"]] == [room.students[2]]
    wrong = ctl.run("records", "set", "students", "grade_level=1", "--ids", "-", stdin="1001\n77\n")
    assert (wrong.code, wrong.data["wrong"]) == (1, ["Line 2: nothing here has the ID or number “77”."])
    missing = ctl.run("records", "set", "students", "grade_level=1", "--ids", str(tmp_path / "none"))
    assert missing.data["error"] == "file-unreadable"


def test_d6_other_kinds_and_wrong_uses(ctl: InProcessLine, room: Classroom) -> None:
    sections = ctl.run("records", "set", "sections", "location=Hall", "--where", "title=1A", "--change", "1")
    assert sections.data["rows"][0]["changes"] == {"location": {"from": None, "to": "Hall"}}
    assert ctl.run("records", "set", "students", "homeroom=1A").data["error"] == "usage"
    assert ctl.say("records", "set", "schools", "name=X", "--all").code == 2
    refused = ctl.run("records", "set", "students", "given_name=", "family_name=", "--grade", "9")
    assert (refused.code, refused.data["rows"]) == (0, [])
    nameless = ctl.run("records", "set", "students", "given_name=", "family_name=", "--all")
    assert (nameless.code, nameless.data["counts"]["refused"]) == (1, 3)
    assert (
        "A name is missing."
        in ctl.say("records", "set", "students", "given_name=", "family_name=", "--all").out
    )
