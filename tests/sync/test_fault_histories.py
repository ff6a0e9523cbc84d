"""A bounded share of the fault histories; `python3 packaging/dev.py faults` runs as many as one likes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.source_files import ROOT

SEED = 1
HISTORIES = 25
_AGAIN = "Repeat one of them alone: python3 packaging/dev.py faults --seed {seed} --only NUMBER"


def run_histories(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: the order of sets, which is part of a history, must be its own."""
    return subprocess.run(
        [sys.executable, "-m", "faults", "--state", str(state), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(900)
def test_s25_nothing_is_lost_doubled_diverged_stuck_or_called_up_to_date_falsely(tmp_path: Path) -> None:
    ran = run_histories(tmp_path / "state.json", "--histories", str(HISTORIES), "--seed", str(SEED))
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr[-2000:]}\n{_AGAIN.format(seed=SEED)}"
    told = f"histories {HISTORIES}, operations "
    nothing = "lost 0, doubled 0, diverged 0, stuck 0, false_up_to_date 0"
    assert told in ran.stdout.splitlines()[-1]
    assert nothing in ran.stdout.splitlines()[-1]


def test_s25_a_history_is_the_same_when_it_is_repeated_elsewhere(tmp_path: Path) -> None:
    alone = run_histories(tmp_path / "alone.json", "--only", "3", "--seed", "5")
    again = run_histories(tmp_path / "again.json", "--only", "3", "--seed", "5")
    assert alone.stdout == again.stdout
    assert "operations, 0 wrong" in alone.stdout


def test_s7_the_judge_finds_a_receipt_that_is_written_outside_the_transaction(tmp_path: Path) -> None:
    planted = ("--planted", "receipt_outside_the_transaction", "--histories", "10", "--seed", "11")
    ran = run_histories(tmp_path / "state.json", *planted)
    assert ran.returncode == 0, ran.stdout
    assert "found after" in ran.stdout


def test_s14_the_judge_finds_that_the_last_writer_wins(tmp_path: Path) -> None:
    planted = ("--planted", "conflict_resolved_to_the_last_writer", "--histories", "30", "--seed", "12")
    ran = run_histories(tmp_path / "state.json", *planted)
    assert ran.returncode == 0, ran.stdout
    assert "lost: " in ran.stdout
