"""`rollbookctl import PACKAGE`: dry run, commit, then nothing; removals need their number (D9, D10)."""

from pathlib import Path

import pytest

from support.desk import connected_here
from support.in_process_line import InProcessLine
from support.packages import SDS, SMALL, classlink, small, zipped


@pytest.fixture
def ctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLine:
    """A computer that reaches no server."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    connected_here(tmp_path / "data")
    return InProcessLine(tmp_path / "data")


def test_d9_d10_public_sets_go_in_and_a_second_time_change_nothing(
    ctl: InProcessLine, tmp_path: Path
) -> None:
    for package, options, new in ((SDS, [], 785), (classlink(tmp_path / "cl"), ["--good-rows"], 4386)):
        tried = ctl.run("import", str(package), "--dry-run")
        assert tried.data["counts"]["new"] == new
        assert ctl.run("import", str(package), *options).data["stored"] == new
        again = ctl.run("import", str(package), *options)
        assert (again.code, again.data["stored"], again.data["counts"]["same"]) == (0, 0, new)


def test_d9_rows_with_problems_keep_all_out_until_that_is_said(ctl: InProcessLine, tmp_path: Path) -> None:
    bad = small(tmp_path / "bad.zip", enrollments=[*SMALL["enrollments"], "e9,,,cl,org,nobody,student,"])
    refused = ctl.run("import", str(bad))
    assert (refused.code, refused.data["stored"], refused.data["error"]) == (1, 0, "rows-with-problems")
    [problem] = refused.data["problems"]
    assert (problem["file"], problem["row"], problem["column"]) == ("enrollments", 5, "userSourcedId")
    said = ctl.say("import", str(bad), "--good-rows")
    assert said.code == 3
    assert "enrollments, row 5, userSourcedId: There is no student “nobody”" in said.out


def test_d10_much_that_is_gone_is_archived_only_with_its_number(ctl: InProcessLine, tmp_path: Path) -> None:
    assert ctl.run("import", str(small(tmp_path / "first.zip"))).code == 3
    less = small(tmp_path / "less.zip", results=[], lineItems=[], categories=[])
    for number in ((), ("--confirm-removals", "99")):
        refused = ctl.run("import", str(less), *number)
        assert (refused.code, refused.data["error"], refused.data["to_confirm"]) == (
            1,
            "removals-not-confirmed",
            3,
        )
    assert "--confirm-removals 3" in ctl.say("import", str(less)).err
    done = ctl.run("import", str(less), "--confirm-removals", "3")
    assert (done.code, done.data["stored"]) == (3, 3)
    assert ctl.run("import", str(less)).data["counts"]["removed"] == 0


def test_d8_what_is_no_package_is_told_and_nothing_is_imported(ctl: InProcessLine, tmp_path: Path) -> None:
    said = ctl.run("import", str(zipped(tmp_path / "trap.zip", {"../users.csv": "a"})))
    assert said.code == 1
    assert "Nothing was imported" in said.err
