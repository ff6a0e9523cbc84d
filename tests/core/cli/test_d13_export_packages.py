"""`rollbookctl export --format oneroster` and `--what`: the whole school, or one kind alone (D10, D13)."""

import csv
from pathlib import Path

import pytest

from rollbook.client.opening import open_client
from support.desk import connected_here
from support.in_process_line import InProcessLine
from support.packages import SDS, small
from support.strict_oneroster import faults_of


@pytest.fixture
def ctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLine:
    """A computer that reaches no server, with a small school."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    connected_here(tmp_path / "data")
    line = InProcessLine(tmp_path / "data")
    assert line.run("import", str(small(tmp_path / "small.zip"))).code == 3
    return line


def test_d10_d11_the_school_goes_out_strictly_and_importing_it_changes_nothing(
    ctl: InProcessLine, tmp_path: Path
) -> None:
    assert ctl.run("import", str(SDS)).code == 3  # two sources in one school
    file = tmp_path / "school.zip"
    said = ctl.run("export", str(file), "--format", "oneroster")
    assert (said.code, said.data["rows"]["users"], said.data["left_out"]) == (0, 102, 0), said.err
    assert faults_of(file) == []
    again = ctl.run("import", str(file))
    assert (again.code, again.data["stored"], again.data["problems"]) == (0, 0, [])
    counts = {outcome: number for outcome, number in again.data["counts"].items() if number}
    assert set(counts) <= {"same", "left_out"}
    refused = ctl.run("export", str(file), "--format", "oneroster")
    assert refused.code == 1
    assert ctl.run("export", str(tmp_path / "school.csv"), "--format", "oneroster").code == 1


def test_d10_d13_an_empty_school_that_takes_it_gives_the_same_file(
    ctl: InProcessLine, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    assert ctl.run("export", str(first), "--format", "oneroster").code == 0
    connected_here(tmp_path / "empty")
    other = InProcessLine(tmp_path / "empty")
    assert other.run("import", str(first)).code == 3
    assert other.run("export", str(second), "--format", "oneroster").code == 0
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("what", ["contacts", "sections", "section-enrolments", "staff", "results"])
def test_d13_any_kind_of_record_goes_to_a_table(ctl: InProcessLine, tmp_path: Path, what: str) -> None:
    file = tmp_path / "records.csv"
    said = ctl.run("export", str(file), "--what", what)
    assert said.code == 0, said.err
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == said.data[what] > 0
    client = open_client(tmp_path / "data")
    known = {row.id: row.values for row, _archived in client.every_record(_ENTITY[what])}
    client.close()
    for row in rows:
        values = known[row.pop("id")]
        assert row == {name: "" if values[name] is None else str(values[name]) for name in row}


_ENTITY = {
    "contacts": "contact",
    "sections": "section",
    "section-enrolments": "section_enrolment",
    "staff": "staff",
    "results": "result",
}
