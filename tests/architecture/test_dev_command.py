"""The developer's command: what it counts, what it ends, what it asks Debian for."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.heavy_files import HEAVIEST_FIRST, place
from support.source_files import ROOT

# `packaging/` is no package (it would shadow the library of that name): its modules are found by folder.
sys.path.insert(0, str(ROOT / "packaging"))
import checks
import children
import debian
from counts import Counts
from saying import GivingUpError

SOME_OF_EACH = """
import pytest
def test_passes(): pass
def test_passes_too(): pass
def test_fails(): assert False
def test_is_skipped(): pytest.skip("no reason")
@pytest.mark.xfail
def test_is_expected_to_fail(): assert False
@pytest.fixture
def broken(): raise ValueError
def test_has_an_error(broken): pass
"""
FAKE_DPKG_QUERY = r"""#!/bin/sh
printf 'ii \tlibegl1, \n'
printf 'ii \tlibglib2.0-0t64, libglib2.0-0 (= 2.80), libgio2.0 \n'
printf 'rc \txvfb, \n'
"""


def test_house_packaging_shadows_no_library() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_house_ci_runs_the_developers_own_command_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    doing = [line for line in lines if not re.match(r"#|set |cd |$", line)]
    assert doing == ["exec python3 packaging/dev.py test"]


@pytest.mark.parametrize("arguments", [[], ["fly"]])
def test_house_an_unknown_command_gets_the_usage_and_exit_2(arguments: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "packaging" / "dev.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "usage: python3 packaging/dev.py COMMAND" in ran.stderr


def test_house_each_test_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(SOME_OF_EACH, "utf-8")
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-n", "2", f"--junitxml={report}"]
    only_what_is_named = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # Qt's plugin takes long to load
    command.append(f"--rootdir={tmp_path}")
    subprocess.run(command, cwd=tmp_path, env=only_what_is_named, capture_output=True, check=False)
    assert Counts.read(report) == Counts(passed=2, failed=2, skipped=2)
    assert Counts.read(report).line() == "2 passed, 2 failed, 2 skipped"
    assert Counts.read(tmp_path / "absent.xml").line() == "0 passed, 0 failed"


def test_house_the_heaviest_files_are_there_and_come_first() -> None:
    assert all((ROOT / name).is_file() for name in HEAVIEST_FIRST)
    assert len(set(HEAVIEST_FIRST)) == len(HEAVIEST_FIRST)
    light = ROOT / "tests" / "architecture" / "test_imports.py"
    assert max(place(ROOT / name) for name in HEAVIEST_FIRST) < place(light)


def test_house_compiled_files_lie_elsewhere_for_who_wants_none_among_the_sources() -> None:
    env = {"PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    checks._compiled_once(env)
    assert env == {"LANG": "C.UTF-8", "PYTHONPYCACHEPREFIX": str(ROOT / ".venv" / "compiled")}
    theirs = {"LANG": "C.UTF-8"}
    checks._compiled_once(theirs)
    assert theirs == {"LANG": "C.UTF-8"}


def test_house_what_was_started_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    log = tmp_path / "log"
    # A child that does not heed SIGTERM, left behind by a parent that does.
    script = "trap '' TERM; sleep 600 & trap - TERM; echo $!; wait"
    with children.running(["sh", "-c", script], log) as process:
        children.wait_until(lambda: log.read_bytes().endswith(b"\n"), process, log, 10)
        child = int(log.read_text())
        assert _lives(child)
    assert process.returncode is not None
    until = time.monotonic() + 10
    while _lives(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _lives(child)


def test_house_what_the_tests_left_running_is_ended_too() -> None:
    # As when a worker is killed: the shell in between is gone, its child has lost its parent.
    script = "import children, subprocess\n"
    script += "with children.none_left_behind():\n"
    script += "    subprocess.run(['sh', '-c', 'setsid sleep 600 >&2 & echo $!'])\n"
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT / "packaging", capture_output=True, text=True, check=True
    )
    assert not _lives(int(ran.stdout))


def test_house_a_service_that_ends_by_itself_is_said_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        children.running(["sh", "-c", "echo no room; exit 3"], log) as process,
        pytest.raises(GivingUpError, match=r"(?s)exit code 3.*no room"),
    ):
        children.wait_until(lambda: False, process, log, 10)


def test_house_debian_is_asked_once_for_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_first_on_path(tmp_path, monkeypatch)
    assert debian.missing(["libegl1", "libglib2.0-0", "xvfb", "scrot"]) == ["xvfb", "scrot"]


def test_house_who_may_not_install_is_told_the_exact_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_first_on_path(tmp_path, monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(
        GivingUpError, match=r"sudo apt-get update && sudo apt-get install --no-install-recommends scrot$"
    ):
        debian.bring(["libegl1", "scrot"])


def _put_first_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = folder / "dpkg-query"
    fake.write_text(FAKE_DPKG_QUERY, "utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def _lives(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
