"""The bounded share of `dev.py kills`: a few dozen kills, and proof that the judge finds a planted bug."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]


def _kills(figures: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "crash.many_kills", "--json", str(figures), *arguments],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert figures.exists(), done.stderr
    return done.returncode, done.stdout, json.loads(figures.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_s1_s3_s7_killed_over_and_over_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    code, said, found = _kills(
        tmp_path / "figures.json", "--kills", "16", "--group", "8", "--seconds", "6", "--seed", "7"
    )
    assert (code, found["wrong"]) == (0, {}), said
    assert sum(found["kills"]["client"].values()) >= 4
    assert sum(found["kills"]["server"].values()) >= 4
    assert found["saves"]["acknowledged"] > 10
    assert "lost 0, doubled 0" in said


@pytest.mark.slow
def test_s3_an_entry_sent_under_a_new_id_after_a_crash_is_found_by_the_judge(tmp_path: Path) -> None:
    code, said, found = _kills(
        tmp_path / "figures.json",
        *("--kills", "4", "--point", "client.push.before_send", "--planted", "sent-as-new"),
    )
    assert code == 1, said
    assert found["wrong"]["lost"] > 0
