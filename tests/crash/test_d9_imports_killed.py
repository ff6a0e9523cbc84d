"""An import and its undo whose programs are killed: nothing is half, and nothing is lost (D9, S1)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.command_line import CommandLine

AtSchool = Callable[[str], list[Any]]
KILLED = -9
ROWS = 1_000
LIVE = "SELECT count(*) FROM student WHERE deleted_at IS NULL"
ALL = "SELECT count(*), count(deleted_at), max(version) FROM student"


def _list(folder: Path) -> str:
    file = folder / "list.csv"
    lines = [f"{number:05},S{number}" for number in range(ROWS)]
    file.write_text("\n".join(["Student number,Given name", *lines]) + "\n", encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("point", ["client.save_many.kept", "client.save_many.part:2"])
def test_d9_an_import_that_was_killed_is_whole_and_known_as_a_run(
    ctl: CommandLine, at_school: AtSchool, tmp_path: Path, point: str
) -> None:
    assert ctl.run("import", _list(tmp_path), killed_at=point).code == KILLED
    (cut,) = ctl.run("imports", "list").data["runs"]
    assert sum(cut["states"].values()) == ROWS
    assert ctl.run("sync").data["up_to_date"] is True
    assert at_school(ALL) == [(ROWS, 0, 1)]
    (whole,) = ctl.run("imports", "list").data["runs"]
    assert whole["states"] == {"applied": ROWS}


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize("point", ["client.undo.before_commit", "client.undo.kept", "client.undo.part:2"])
def test_d9_an_undo_that_was_killed_is_done_whole_or_not_at_all(
    ctl: CommandLine, at_school: AtSchool, tmp_path: Path, point: str, *, sent: bool
) -> None:
    run = ctl.run("import", _list(tmp_path)).data["run"]
    if sent:
        assert ctl.run("sync").code == 0
    assert ctl.run("imports", "undo", run, killed_at=point).code == KILLED
    begun = len(ctl.run("imports", "list").data["runs"]) == 2
    assert begun == (point != "client.undo.before_commit")
    if not begun:
        assert len(ctl.students()) == ROWS
        assert ctl.run("imports", "undo", run).code in (0, 3)
    assert ctl.run("sync").data["up_to_date"] is True
    assert at_school(LIVE) == [(0,)]
    assert at_school(ALL) == [(ROWS, ROWS, 2) if sent else (0, 0, None)]
