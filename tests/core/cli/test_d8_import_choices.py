"""D8, D9: columns matched by hand or as the last time, a format that is meant, reports as files."""

import csv
import json
from pathlib import Path

import pytest

from support.desk import connected_here
from support.in_process_line import InProcessLine

FILE = "Who,Family,No\nEleni,Pappa,1\nNikos,,2\n,,\n"
"""Headings that mean nothing to a program; the last row has no name."""


MAP = {"Who": "given_name", "Family": "family_name", "No": "student_number"}


@pytest.fixture
def ctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLine:
    """A computer that reaches no server."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    connected_here(tmp_path / "data")
    return InProcessLine(tmp_path / "data")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "list.csv"
    made.write_text(FILE + "Maria,Nikou,1\n", "utf-8")
    return made


def choice(folder: Path, name: str, text: str) -> Path:
    made = folder / name
    made.write_text(text, "utf-8")
    return made


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("map.json", json.dumps(MAP)),
        ("map.csv", "column,field\nWho,given_name\nFamily,family_name\nNo,student_number\n"),
    ],
)
def test_d8_columns_are_matched_by_hand_and_so_the_next_time(
    ctl: InProcessLine, file: Path, tmp_path: Path, name: str, text: str
) -> None:
    by_name = ctl.run("import", str(file), "--dry-run")
    assert by_name.code == 1  # no column holds a name
    chosen = str(choice(tmp_path, name, text))
    first = ctl.run("import", str(file), "--map", chosen, "--good-rows")
    assert first.data["counts"]["new"] == 2
    again = ctl.run("import", str(file), "--dry-run")
    assert again.data["counts"]["same"] == 2
    assert "as the last time" in ctl.say("import", str(file), "--dry-run").out


def test_d8_a_choice_that_is_none_is_told(ctl: InProcessLine, file: Path, tmp_path: Path) -> None:
    nonsense = {"a.json": "[1]", "b.csv": "a,b,c\n1,2,3\n", "c.json": '{"Nobody": "given_name"}'}
    for name, text in nonsense.items():
        wrong = ctl.say("import", str(file), "--map", str(choice(tmp_path, name, text)))
        assert wrong.code == 1
        assert "Nothing was imported." in wrong.err


def test_d8_another_format_than_was_said_is_not_taken(ctl: InProcessLine, file: Path) -> None:
    wrong = ctl.say("import", str(file), "--format", "oneroster")
    assert wrong.code == 1
    assert "This is not oneroster" in wrong.err


def test_d9_the_report_and_the_bad_rows_are_files(ctl: InProcessLine, file: Path, tmp_path: Path) -> None:
    chosen = str(choice(tmp_path, "map.json", json.dumps(MAP)))
    report, bad = tmp_path / "report.csv", tmp_path / "bad.csv"
    ctl.say("import", str(file), "--map", chosen, "--report", str(report), "--bad-rows", str(bad))
    with report.open(encoding="utf-8-sig", newline="") as stream:
        outcomes = [row["outcome"] for row in csv.DictReader(stream)]
    assert outcomes.count("problem") == len(bad.read_text("utf-8-sig").splitlines()) - 1
    assert set(outcomes) >= {"new", "problem"}
    again = ctl.say("import", str(file), "--map", chosen, "--report", str(report))
    assert "already" in again.err
    whole = tmp_path / "report.json"
    ctl.say("import", str(file), "--map", chosen, "--report", str(whole), "--dry-run")
    assert json.loads(whole.read_text("utf-8"))["counts"]["new"] >= 1
