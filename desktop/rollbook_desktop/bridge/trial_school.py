"""The made-up school to try Rollbook with: a server of its own, as a child on this computer (W22)."""

import asyncio
import json
import os
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

STUDENTS = 1000
USER = "registrar"
PASSWORD = "rollbook-demo"  # noqa: S105  it opens a made-up school on the loopback interface only
READY = re.compile(r"Rollbook server ready on (http://\S+)")
READY_SECONDS = 60.0
END_SECONDS = 8.0
CHILD = "rollbook_desktop.bridge.server_child"


class TrialSchoolError(Exception):
    """The made-up school could not be made or started; ``log`` is the file that says more."""

    def __init__(self, detail: str, log: Path) -> None:
        super().__init__(f"{detail} More is in {log}.")
        self.log = log


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """What is remembered of a made-up school: where it was, and which installation it is (S10)."""

    port: int
    installation: str


class TrialSchool:
    """Kept in a folder of its own. Its coroutines run on the engine's loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._record_file = folder / "school.json"
        self._log_file = folder / "server-output.log"
        self._server: asyncio.subprocess.Process | None = None

    def record(self) -> TrialRecord | None:
        """What is remembered; ``None`` where there is no made-up school yet or its record is damaged."""
        try:
            found = json.loads(self._record_file.read_text(encoding="utf-8"))
            return TrialRecord(int(found["port"]), str(found["installation"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, url: str, installation: str) -> None:
        """Keep where the school is served, for the next start."""
        port = int(url.rsplit(":", 1)[1])
        content = json.dumps({"port": port, "installation": installation})
        self._record_file.write_text(content, encoding="utf-8")

    def choose_port(self) -> int:
        """The port of the last time where it is free, else another free one."""
        record = self.record()
        for port in (record.port if record else 0, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return int(probe.getsockname()[1])
        raise TrialSchoolError("No port is free on this computer.", self._log_file)

    async def make(self) -> None:
        """Make the school's database where there is none. Raises :class:`TrialSchoolError`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (self._folder / "made").exists():
            return
        for leftover in self._folder.glob("school.sqlite3*"):
            leftover.unlink()  # of a making that was cut off
        with self._log_file.open("ab") as log:
            process = await self._start("make-demo", "--students", str(STUDENTS), output=log.fileno())
            if await process.wait():
                raise TrialSchoolError("The made-up school could not be made.", self._log_file)
        (self._folder / "made").touch()

    async def serve(self, port: int) -> str:
        """Start the server on ``port`` and give its URL once it answers. Raises :class:`TrialSchoolError`."""
        with self._log_file.open("ab") as log:
            self._server = await self._start(
                "serve",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                output=asyncio.subprocess.PIPE,
                errors=log.fileno(),
            )
        try:
            return await asyncio.wait_for(self._ready(self._server), READY_SECONDS)
        except TimeoutError:
            await self.end()
            raise TrialSchoolError("The made-up school's server did not start.", self._log_file) from None

    async def end(self) -> None:
        """End the server; it goes by itself when this program is gone, too."""
        server, self._server = self._server, None
        if server is None or server.returncode is not None:
            return
        if server.stdin is not None:
            server.stdin.close()
        try:
            await asyncio.wait_for(server.wait(), END_SECONDS)
        except TimeoutError:
            server.kill()
            await server.wait()

    async def _start(
        self, *arguments: str, output: int, errors: int | None = None
    ) -> asyncio.subprocess.Process:
        environment = {name: value for name, value in os.environ.items() if name != "ROLLBOOK_SETTINGS"}
        environment |= {
            "ROLLBOOK_DATABASE": f"sqlite:///{self._folder / 'school.sqlite3'}",
            "ROLLBOOK_LOG_DIR": str(self._folder / "logs"),
            "PYTHONUNBUFFERED": "1",
        }
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            CHILD,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output if errors is None else errors,
            env=environment,
        )

    async def _ready(self, server: asyncio.subprocess.Process) -> str:
        assert server.stdout is not None
        while line := await server.stdout.readline():
            if found := READY.search(line.decode(errors="replace")):
                self._reading = asyncio.create_task(_read_on(server.stdout))
                return found[1].rstrip("/.")
        raise TrialSchoolError("The made-up school's server ended at once.", self._log_file)


async def _read_on(stream: asyncio.StreamReader) -> None:
    """Keep the child's output flowing; a full pipe would stop it."""
    while await stream.read(65536):
        pass
