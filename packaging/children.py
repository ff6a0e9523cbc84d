"""Programs started beside the tests, and their certain end: each by its process group, never by name."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from saying import GivingUpError

_ENDS_WITHIN_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.05


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
