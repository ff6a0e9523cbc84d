"""A process that is forked from one that has loaded the program already (`support.warm_start`)."""

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from support.warm_start import NUMBER

_TESTS = Path(__file__).resolve().parent.parent


class WarmProcess:
    """`python -m MODULE ARGUMENT...`; of `subprocess.Popen` it has what the tests use.

    Standard input is a pipe, and so is standard output with ``speaks``; else it is a file that
    ``communicate`` reads at the end, as standard error is where none is given.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        *,
        speaks: bool = False,
        stderr: IO[bytes] | None = None,
        start_new_session: bool = False,
    ) -> None:
        self.args = arguments
        self.returncode: int | None = None
        asked = {
            "arguments": list(arguments),
            "env": dict(env),
            "folder": str(Path.cwd()),
            "new_session": start_new_session,
        }
        theirs, self.stdin = _pipe_to()
        self.stdout, out = _pipe_from() if speaks else _file()
        self.stderr, err = (None, os.dup(stderr.fileno())) if stderr else _file()
        self._keeper, told = socket.socketpair()
        socket.send_fds(_loaded(), [json.dumps(asked).encode()], [theirs, out, err, told.fileno()])
        told.close()
        for each in (theirs, out, err):
            os.close(each)
        self.pid = self._told()

    def _told(self) -> int:
        answer = self._keeper.recv(NUMBER.size, socket.MSG_WAITALL)
        number: int = NUMBER.unpack(answer)[0]
        return number

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it, once it has ended."""
        if self.returncode is None and select.select([self._keeper], [], [], 0)[0]:
            self.returncode = self._told()
            self._keeper.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self.returncode is None and not select.select([self._keeper], [], [], timeout)[0]:
            assert timeout is not None
            raise subprocess.TimeoutExpired(list(self.args), timeout)
        code = self.poll()
        assert code is not None
        if not self.stdin.closed:
            self.stdin.close()
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it is still there."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, given: str = "", timeout: float | None = None) -> tuple[str, str]:
        """Say that on its standard input, wait for its end; what it has said."""
        if not self.stdin.closed:
            try:
                self.stdin.write(given)
                self.stdin.close()
            except BrokenPipeError:
                pass  # it ended without having listened
        self.wait(timeout)
        return _all_of(self.stdout), _all_of(self.stderr)


def _pipe_to() -> tuple[int, IO[str]]:
    read, write = os.pipe()
    return read, os.fdopen(write, "w", encoding="utf-8")


def _pipe_from() -> tuple[IO[str], int]:
    read, write = os.pipe()
    return os.fdopen(read, encoding="utf-8"), write


def _file() -> tuple[IO[str], int]:
    file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - `communicate` closes it
    return file, os.dup(file.fileno())


def _all_of(file: IO[str] | None) -> str:
    if file is None or file.closed:
        return ""
    with file:
        file.seek(0)
        return file.read()


@functools.cache
def _loaded() -> socket.socket:
    """Asks the process that has loaded everything; one for this process, which ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.warm_start", str(theirs.fileno())],
            env={**os.environ, "PYTHONPATH": str(_TESTS)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # what interrupts the tests is not for it: it ends when they have ended
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
