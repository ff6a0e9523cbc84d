"""The virtual environment `.venv` at the top of the checkout, with exactly what the lock names."""

import hashlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

from saying import GivingUpError, say

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "packaging" / "requirements.lock"
PLACE = ROOT / ".venv"
_PROGRAMS = PLACE / ("Scripts" if os.name == "nt" else "bin")
_PYTHON = _PROGRAMS / ("python.exe" if os.name == "nt" else "python")
_STAMP = PLACE / "rollbook-setup.txt"
_UNFINISHED = "unfinished"


def program(name: str) -> Path:
    """Path of the program ``name`` in the environment: ``python``, ``rollbook``, ``rollbookctl``..."""
    return _PROGRAMS / (f"{name}.exe" if os.name == "nt" else name)


def ready() -> None:
    """Make the environment, or mend it, unless it already is what the lock says.

    Raises :class:`GivingUpError` where that fails.
    """
    wanted = _wanted()
    stamp = _STAMP.read_text("utf-8").strip() if _STAMP.is_file() else ""
    if stamp == wanted and _PYTHON.exists():
        return
    # An installation that was cut short can leave half a package that pip takes for a whole one.
    if stamp == _UNFINISHED or not _works():
        _make()
    _STAMP.write_text(_UNFINISHED, "utf-8")
    _install()
    _STAMP.write_text(wanted, "utf-8")


def _wanted() -> str:
    """Changes with all that decides what is installed: lock, project, Python, and the checkout's place."""
    said = hashlib.sha256()
    project = (ROOT / "pyproject.toml").read_bytes()
    for part in (LOCK.read_bytes(), project, sys.version.encode(), bytes(ROOT)):
        said.update(hashlib.sha256(part).digest())
    return said.hexdigest()


def _works() -> bool:
    """Whether a Python of the running version answers there and has pip."""
    if not _PYTHON.exists():
        return False
    asked = [str(_PYTHON), "-c", "import pip, sys; print(sys.version)"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == sys.version.strip()


def _make() -> None:
    say(f"Making the virtual environment {PLACE.name}")
    _run([sys.executable, "-m", "venv", "--clear", str(PLACE)])


def _install() -> None:
    say(f"Installing what {LOCK.relative_to(ROOT)} names (the first time takes a minute or two)")
    pip = [str(_PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "install"]
    _run([*pip, "--require-hashes", "--requirement", str(LOCK)])
    _run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])


def _run(command: list[str]) -> None:
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=2, check=False).returncode:
        raise GivingUpError(f"This failed (its own words are above):\n  {shlex.join(command)}")
