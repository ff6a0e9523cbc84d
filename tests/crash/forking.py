"""Children forked from a process that has imported everything already: real processes at a small price."""

import ctypes
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

KILLED = -signal.SIGKILL
_DIES_WITH_ITS_PARENT = 1  # PR_SET_PDEATHSIG
_FELL = 70


class Child:
    """A forked process. What it says on standard error goes to the file ``errors``."""

    def __init__(self, work: Callable[[], None], errors: Path) -> None:
        self.code: int | None = None
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _be_a_child(work, errors)

    def ended(self) -> bool:
        """Whether it has ended; then ``code`` is its exit code, or minus the signal that ended it."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def wait(self, seconds: float) -> bool:
        """Wait for its end, so long at most; ``False`` when it goes on."""
        end = time.monotonic() + seconds
        while not self.ended():
            if time.monotonic() > end:
                return False
            time.sleep(0.002)
        return True

    def signal(self, number: int) -> None:
        """Send a signal, if it is still there."""
        if not self.ended():
            os.kill(self.pid, number)

    def kill(self) -> int:
        """SIGKILL; gives the code that it ended with."""
        self.signal(signal.SIGKILL)
        if self.code is None:
            _pid, status = os.waitpid(self.pid, 0)
            self.code = os.waitstatus_to_exitcode(status)
        return self.code


def _be_a_child(work: Callable[[], None], errors: Path) -> None:
    """Never returns."""
    code = _FELL
    try:
        ctypes.CDLL(None).prctl(_DIES_WITH_ITS_PARENT, signal.SIGKILL)
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), sys.stderr.fileno())
        work()
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


class ReadyLine:
    """A pipe on which a child says, in a line on its standard output, that it is ready."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def speak(self) -> None:
        """In the child: standard output goes to the pipe."""
        os.close(self._read)
        sys.stdout = os.fdopen(self._write, "w", buffering=1)

    def hear(self, seconds: float) -> str:
        """In the parent: the line, or what has come of it in so many seconds."""
        os.close(self._write)
        try:
            ready, _, _ = select.select([self._read], [], [], seconds)
            return os.read(self._read, 4096).decode() if ready else ""
        finally:
            os.close(self._read)
