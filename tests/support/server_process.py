"""A real `rollbook-server serve` over a socket, that can be killed and started again on the same port."""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from support.warm_process import WarmProcess

CHEAP_HASHES = {
    "ROLLBOOK_ARGON2_TIME_COST": "1",
    "ROLLBOOK_ARGON2_MEMORY_KIB": "64",
    "ROLLBOOK_ARGON2_PARALLELISM": "1",
}
PASSWORD = "correct horse battery"
Process = WarmProcess | subprocess.Popen[str]
_TESTS = Path(__file__).resolve().parent.parent
_STARTED_WITHIN_SECONDS = 60.0
_ENDED_WITHIN_SECONDS = 30.0


class ServerProcess:
    """One server with its data in ``folder``. ``database`` is a URL; without it, a SQLite file.

    ``env`` are further settings (``ROLLBOOK_...``). It is forked from a process that has loaded the program;
    where it is ``fresh`` or has several workers, Python starts anew.
    """

    def __init__(
        self,
        folder: Path,
        database: str | None = None,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        fresh: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.log_folder = folder / "logs"
        self.database = database or f"sqlite:///{folder / 'school.sqlite3'}"
        self.port = port or free_port()
        self.workers = workers
        self._env = {
            **os.environ,
            **CHEAP_HASHES,
            "ROLLBOOK_LOG_DIR": str(self.log_folder),
            "ROLLBOOK_DATABASE": self.database,
            **(env or {}),
        }
        self._fresh = fresh
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def create_user(
        self,
        name: str = "registrar",
        role: str = "registrar",
        password: str = PASSWORD,
        school: str | None = None,
    ) -> None:
        """Make a user with the server's own command; the school is made if there is none such."""
        where = [] if school is None else ["--school", school, "--create-school"]
        self.command("create-user", name, "--role", role, *where, "--password-stdin", stdin=password + "\n")

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run another command of `rollbook-server` on the same database; it must succeed."""
        program = ["rollbook.server", *arguments]
        if not self._fresh:
            process = WarmProcess(program, self._env)
            out, err = process.communicate(stdin, timeout=300)
            done = subprocess.CompletedProcess(program, process.wait(), out, err)
        else:
            done = subprocess.run(
                [sys.executable, "-m", *program],
                input=stdin,
                env=self._env,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        return done

    def start(self, *, killed_at: str | None = None, defect: str | None = None) -> Self:
        """Start it and wait until it says that it answers.

        ``killed_at`` is a point of ``domain.checkpoints`` at which it will kill itself with SIGKILL
        (``"server.push.committed:2"`` for the second time that it passes). ``defect`` is one of
        ``support.defective_server``.
        """
        assert not self.running
        program = ["rollbook.server"]
        if killed_at is not None:
            program = ["support.killed_at", killed_at, "rollbook-server"]
        if defect is not None:
            program = ["support.defective_server", defect, "rollbook-server"]
        arguments = ["serve", "--port", str(self.port), "--workers", str(self.workers)]
        with (self.folder / "stderr.txt").open("ab") as errors:
            self._process = self._started([*program, *arguments], errors)
        line = _first_line(self._process)
        assert line.startswith("Rollbook server ready on "), (line, self.stderr()[-2000:])
        return self

    def _started(self, program: list[str], errors: IO[bytes]) -> Process:
        env = self._env | {"PYTHONPATH": str(_TESTS)}
        if self.workers == 1 and not self._fresh:
            return WarmProcess(program, env, speaks=True, stderr=errors, start_new_session=True)
        return subprocess.Popen(
            [sys.executable, "-m", *program],
            env=env,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )

    def kill(self) -> None:
        """SIGKILL: nothing is said, nothing is tidied. Its workers, if any, are killed too."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Wait for its end, whoever ended it; gives the exit code."""
        assert self._process is not None
        try:
            code = self._process.wait(_ENDED_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def restart(self) -> Self:
        """Start it again on the same port and database, ending it first where it still runs."""
        if self.running:
            self.stop()
        return self.start()

    def stderr(self) -> str:
        """All that it has written to standard error, over all its starts."""
        file = self.folder / "stderr.txt"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End it, if nothing else has."""
        if self.running:
            self.kill()


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _first_line(process: Process) -> str:
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True)  # type: ignore[union-attr]
    reader.start()
    try:
        return lines.get(timeout=_STARTED_WITHIN_SECONDS)
    except queue.Empty:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return "nothing was said in time"
