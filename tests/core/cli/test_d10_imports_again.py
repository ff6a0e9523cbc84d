"""A second import: what was edited here since the last one stays, unless a person says so (D10)."""

from pathlib import Path

import pytest

from support.desk import connected_here
from support.in_process_line import InProcessLine
from support.packages import SMALL, small

HEADINGS = "Student number,Given name,Homeroom"


@pytest.fixture
def ctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLine:
    """A computer that reaches no server."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    connected_here(tmp_path / "data")
    return InProcessLine(tmp_path / "data")


def _file(folder: Path, *lines: str, headings: str = HEADINGS) -> str:
    file = folder / "list.csv"
    file.write_text("\n".join([headings, *lines]) + "\n", encoding="utf-8")
    return str(file)


def _homeroom(ctl: InProcessLine, number: str = "1") -> str:
    found = ctl.run("students", "list").data["students"]
    return str(next(each["homeroom"] for each in found if each["student_number"] == number))


def _edit(ctl: InProcessLine, homeroom: str) -> None:
    (student,) = ctl.run("students", "list").data["students"]
    ctl.run("students", "set", student["id"], f"homeroom={homeroom}")


def test_d10_a_field_edited_since_the_last_import_stays_unless_a_person_says_so(
    ctl: InProcessLine, tmp_path: Path
) -> None:
    ctl.run("import", _file(tmp_path, "1,Ana,1A"))
    _edit(ctl, "3C")
    for row in ("1,Ana,1A", "1,Ana,2B"):
        again = ctl.run("import", _file(tmp_path, row))
        assert (again.data["stored"], again.data["edited"], _homeroom(ctl)) == (0, 1, "3C")
        assert again.data["rows"][0]["edited"]["homeroom"]["here"] == "3C"
    said = ctl.say("import", _file(tmp_path, "1,Ana,2B"), "--dry-run")
    assert "--overwrite-edited" in said.out
    ctl.run("import", _file(tmp_path, "1,Ana,2B"), "--overwrite-edited")
    assert _homeroom(ctl) == "2B"
    ctl.run("import", _file(tmp_path, "1,Ana,2C"))
    assert _homeroom(ctl) == "2C"


def test_d10_a_record_that_the_file_found_the_same_is_imported_too(
    ctl: InProcessLine, tmp_path: Path
) -> None:
    ctl.run("students", "add", "given_name=Ana", "student_number=1", "homeroom=1A")
    assert ctl.run("import", _file(tmp_path, "1,Ana,1A")).data["counts"]["same"] == 1
    _edit(ctl, "3C")
    assert ctl.run("import", _file(tmp_path, "1,Ana,1A")).data["edited"] == 1


def test_d10_what_an_undo_put_back_is_no_edit(ctl: InProcessLine, tmp_path: Path) -> None:
    ctl.run("students", "add", "given_name=Ana", "student_number=1", "homeroom=1A")
    run = ctl.run("import", _file(tmp_path, "1,Ana,2B")).data["run"]
    ctl.run("imports", "undo", run)
    assert ctl.run("import", _file(tmp_path, "1,Ana,2B")).data["edited"] == 0
    assert _homeroom(ctl) == "2B"


def test_d10_edits_since_stay_when_a_package_comes_again(ctl: InProcessLine, tmp_path: Path) -> None:
    first = small(tmp_path / "first.zip")
    ctl.run("import", str(first))
    student = ctl.run("students", "list").data["students"][0]
    ctl.run("students", "set", student["id"], "given_name=Other")
    again = ctl.run("import", str(small(tmp_path / "again.zip", users=SMALL["users"])))
    assert (again.data["edited"], again.data["stored"]) == (1, 0)
