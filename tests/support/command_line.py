"""`rollbookctl` as people run it: a process of its own, its exit code, one JSON object."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.server_process import PASSWORD, ServerProcess
from support.warm_process import WarmProcess

Process = WarmProcess | subprocess.Popen[str]
_TESTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Said:
    """What one run said."""

    code: int
    data: dict[str, Any]
    out: str
    err: str


class CommandLine:
    """`rollbookctl` on one data folder, a process of its own for each command.

    It is forked from a process that has loaded the program, unless ``fresh``: then Python starts anew too.
    """

    def __init__(self, data: Path, *, fresh: bool = False, **settings: str) -> None:
        self.data = data
        self._fresh = fresh
        self._env = {**os.environ, "ROLLBOOK_KEYRING": "0", "PYTHONPATH": str(_TESTS), **settings}

    def say(self, *arguments: str, stdin: str = "") -> Said:
        """Run to the end as a person does, without ``--json``: the words are in ``out`` and ``err``."""
        process = self._process("-m", "rollbook.cli", "--data", str(self.data), *arguments)
        out, err = process.communicate(stdin, timeout=120)
        return Said(process.returncode or 0, {}, out, err)

    def start(self, *arguments: str, killed_at: str | None = None) -> Process:
        """Start a run; with ``killed_at`` it kills itself at that point (SIGKILL)."""
        program = ["-m", "rollbook.cli"]
        if killed_at is not None:
            program = ["-m", "support.killed_at", killed_at, "rollbookctl"]
        return self._process(*program, "--data", str(self.data), "--json", *arguments)

    def _process(self, *arguments: str) -> Process:
        if not self._fresh:
            return WarmProcess(arguments[1:], self._env)
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, *arguments], env=self._env, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *arguments: str, stdin: str = "", killed_at: str | None = None) -> Said:
        """Run to the end."""
        process = self.start(*arguments, killed_at=killed_at)
        out, err = process.communicate(stdin, timeout=120)
        data = json.loads(out) if out.strip() else {}
        return Said(process.returncode or 0, data, out, err)

    def connect(self, server: ServerProcess, user: str = "registrar") -> Said:
        """Connect as that user."""
        said = self.run("connect", server.url, "--user", user, "--password-stdin", stdin=PASSWORD + "\n")
        assert said.code == 0, said.err
        return said

    def students(self) -> list[dict[str, Any]]:
        """All students that this computer shows."""
        found: list[dict[str, Any]] = self.run("students", "list", "--limit", "100000").data["students"]
        return found
