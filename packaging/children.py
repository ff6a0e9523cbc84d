"""Programs started beside the tests, and their certain end: each by its number, never by its name."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from saying import GivingUpError

_ENDS_WITHIN_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.05
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


@contextlib.contextmanager
def running(
    command: list[str],
    log: Path,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    hand_on: tuple[int, ...] = (),
    end_by: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start ``command`` in a process group of its own; end it and all that it started on the way out.

    Its output goes to ``log``. ``user`` is a numeric user to run as, ``hand_on`` are descriptors it keeps.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            user=user,
            pass_fds=hand_on,
            start_new_session=True,  # Ctrl+C at the terminal must not reach it before the tests have ended
        )
    try:
        yield process
    finally:
        _end(process, end_by)


@contextlib.contextmanager
def none_left_behind() -> Iterator[None]:
    """Whatever was started inside, by whomever, has ended on the way out.

    Linux hands us what loses its own parent meanwhile: the server that a killed test's worker ran.
    """
    before = set(_descendants(os.getpid()))
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        while left := [pid for pid in _descendants(os.getpid()) if pid not in before]:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)


def _descendants(ancestor: int) -> list[int]:
    """The process numbers of ``ancestor``'s children and theirs, as /proc has them now."""
    children_of: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # The parent stands second after the name, which is in brackets and may hold anything.
            parent = int(stat.read_text("utf-8", errors="replace").rpartition(")")[2].split()[1])
            children_of.setdefault(parent, []).append(int(stat.parent.name))
    found, look = [], [ancestor]
    while look:
        look = [child for parent in look for child in children_of.get(parent, [])]
        found += look
    return found


def wait_until(came: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Wait for ``came()``. Raises :class:`GivingUpError` with the log's end where it does not come."""
    name = Path(str(process.args[0] if isinstance(process.args, list) else process.args)).name
    until = time.monotonic() + seconds
    while not came():
        if process.poll() is not None:
            raise GivingUpError(f"{name} ended by itself (exit code {process.returncode}):\n{_end_of(log)}")
        if time.monotonic() > until:
            raise GivingUpError(f"{name} was not ready within {seconds:g} s:\n{_end_of(log)}")
        time.sleep(_LOOK_AGAIN_SECONDS)


def _end(process: subprocess.Popen[bytes], end_by: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(end_by)
    try:
        process.wait(_ENDS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # What it started itself and left behind is still in its group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_of(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-20:]) or "  (it said nothing)"
