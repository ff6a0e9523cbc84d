"""A program that is forked from a loaded one is what it would be if Python had started it anew."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.warm_process import WarmProcess

PRINTS = """
import json, os, sys, time
mine = [sys.argv[1:], sys.stdin.read(), os.getcwd(), os.environ["NAME"], time.tzname, __name__]
signals = [signal for signal in range(1, 32) if __import__("signal").getsignal(signal) == 1]
print(json.dumps(mine), signals, sorted(os.listdir("/proc/self/fd"))[:3], sys.stderr.errors)
print("Ελένη", file=sys.stderr)
sys.exit("told with its place")
"""
PROGRAM = ["timeit", "-n", "1", "-r", "1"]  # a module that runs what it is given


@pytest.fixture
def env() -> dict[str, str]:
    """An environment that is not this process's."""
    return {**os.environ, "NAME": "Ελένη", "TZ": "Asia/Tokyo"}


def test_house_its_arguments_environment_folder_and_streams_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    anew = subprocess.run(
        [sys.executable, "-m", *PROGRAM, PRINTS],
        env=env,
        input="said",
        capture_output=True,
        text=True,
        check=False,
    )
    warm = WarmProcess([*PROGRAM, PRINTS], env)
    assert warm.communicate("said", timeout=30) == (anew.stdout, anew.stderr)
    assert warm.returncode == anew.returncode == 1


def test_house_it_can_be_killed_and_tells_by_what(tmp_path: Path, env: dict[str, str]) -> None:
    program = [*PROGRAM, "import sys; print('here', flush=True); sys.stdin.read()"]
    with (tmp_path / "stderr").open("wb") as errors:
        waits = WarmProcess(program, env, speaks=True, stderr=errors)
    with waits.stdout:
        assert waits.stdout.readline() == "here\n"
        assert waits.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            waits.wait(0)
        waits.kill()
        assert waits.wait(30) == -signal.SIGKILL
        waits.kill()  # it has ended: another may have got its number by now
        assert waits.stdout.read() == ""


def test_house_one_that_falls_says_why(env: dict[str, str]) -> None:
    falls = WarmProcess([*PROGRAM, "raise KeyError('gone')"], env)
    _out, err = falls.communicate(timeout=30)
    assert falls.returncode == 1
    assert "KeyError: 'gone'" in err
