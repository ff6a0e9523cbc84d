"""`rollbookctl imports`: what was taken in, where each row is now, and its undo (D9)."""

import hashlib
import json
from pathlib import Path

import pytest

from rollbook.client.opening import open_client
from rollbook.domain.registry import ENTITIES
from support.desk import connected_here
from support.in_process_line import InProcessLine
from support.packages import SDS, classlink


@pytest.fixture
def ctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLine:
    """A computer that reaches no server."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    connected_here(tmp_path / "data")
    return InProcessLine(tmp_path / "data")


def _file(folder: Path, *lines: str) -> str:
    file = folder / "list.csv"
    file.write_text("\n".join(["Student number,Given name,Homeroom", *lines]) + "\n", encoding="utf-8")
    return str(file)


def test_d9_a_run_is_listed_shown_and_undone(ctl: InProcessLine, tmp_path: Path) -> None:
    ctl.run("students", "add", "given_name=Eleni", "student_number=1")
    run = ctl.run("import", _file(tmp_path, "1,Eleni,2A", "2,Nikos,2A")).data["run"]
    listed = ctl.run("imports", "list").data["runs"]
    assert [(each["run"], each["title"], each["states"]) for each in listed] == [
        (run, "list.csv", {"queued": 2})
    ]
    shown = ctl.run("imports", "show", run[-8:]).data
    assert [(row["line"], row["outcome"], row["state"]) for row in shown["rows"]] == [
        (2, "changed", "queued"),
        (3, "new", "queued"),
    ]
    assert "2 waiting to be sent" in ctl.say("imports", "show", run).out
    tried = ctl.run("imports", "undo", run, "--dry-run")
    assert (tried.code, tried.data["ways"]) == (0, {"taken_back": 2})
    assert len(ctl.run("students", "list").data["students"]) == 2
    assert ctl.run("imports", "undo", run).code == 0
    (left,) = ctl.run("students", "list").data["students"]
    assert left["homeroom"] is None


def test_d9_later_edits_are_named_and_stay_unless_a_person_says_so(
    ctl: InProcessLine, tmp_path: Path
) -> None:
    student = ctl.run("students", "add", "given_name=Eleni", "student_number=1").data["id"]
    run = ctl.run("import", _file(tmp_path, "1,Eleni,2A")).data["run"]
    ctl.run("students", "set", student, "homeroom=3C")
    asked = ctl.run("imports", "undo", run)
    assert (asked.code, asked.data["error"]) == (1, "later-edits")
    (left,) = asked.data["left"]
    assert (left["field"], left["reason"]) == ("homeroom", "later_edit")
    assert (left["had"], left["wrote"], left["now"]) == (None, "2A", "3C")
    said = ctl.say("imports", "undo", run)
    assert "--keep-later" in said.err
    assert "changed since" in said.out
    assert ctl.run("imports", "undo", run, "--keep-later").code == 0
    assert ctl.run("students", "show", student).data["homeroom"] == "3C"


def test_d9_a_run_that_is_not_here_is_told(ctl: InProcessLine) -> None:
    missing = ctl.run("imports", "show", "nothing")
    assert (missing.code, missing.data["error"]) == (1, "not-found")
    assert ctl.run("imports", "list").data == {"runs": []}


def test_d9_undoing_public_sets_leaves_what_was_there_before(ctl: InProcessLine, tmp_path: Path) -> None:
    first = ctl.run("import", str(SDS)).data["run"]
    before = _live(ctl)
    second = ctl.run("import", str(classlink(tmp_path / "cl")), "--good-rows").data["run"]
    assert _live(ctl) != before
    assert ctl.run("imports", "undo", second).code == 0
    assert _live(ctl) == before
    assert ctl.run("imports", "undo", first).code == 0
    assert _live(ctl) == hashlib.sha256(b"[]").hexdigest()


def _live(ctl: InProcessLine) -> str:
    """A hash over all fields of all records that are not archived."""
    client = open_client(ctl.data)
    try:
        found = [
            (entity, row.id, row.values)
            for entity in ENTITIES
            for row, archived in client.every_record(entity)
            if not archived
        ]
    finally:
        client.close()
    return hashlib.sha256(json.dumps(sorted(found, key=str)).encode()).hexdigest()
