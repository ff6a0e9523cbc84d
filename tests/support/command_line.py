"""`rollbookctl` as people run it: a process of its own, its exit code, one JSON object."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.server_process import PASSWORD, ServerProcess

_TESTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Said:
    """What one run said."""

    code: int
    data: dict[str, Any]
    out: str
    err: str


class CommandLine:
    """`rollbookctl` on one data folder."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self._env = {**os.environ, "ROLLBOOK_KEYRING": "0", "PYTHONPATH": str(_TESTS), **settings}

    def say(self, *arguments: str, stdin: str = "") -> Said:
        """Run to the end as a person does, without ``--json``: the words are in ``out`` and ``err``."""
        done = subprocess.run(
            [sys.executable, "-m", "rollbook.cli", "--data", str(self.data), *arguments],
            env=self._env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Said(done.returncode, {}, done.stdout, done.stderr)

    def start(self, *arguments: str, killed_at: str | None = None) -> subprocess.Popen[str]:
        """Start a run; with ``killed_at`` it kills itself at that point (SIGKILL)."""
        program = ["-m", "rollbook.cli"]
        if killed_at is not None:
            program = ["-m", "support.killed_at", killed_at, "rollbookctl"]
        return subprocess.Popen(
            [sys.executable, *program, "--data", str(self.data), "--json", *arguments],
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, stdin: str = "", killed_at: str | None = None) -> Said:
        """Run to the end."""
        process = self.start(*arguments, killed_at=killed_at)
        out, err = process.communicate(stdin, timeout=120)
        data = json.loads(out) if out.strip() else {}
        return Said(process.returncode, data, out, err)

    def connect(self, server: ServerProcess, user: str = "registrar") -> Said:
        """Connect as that user."""
        said = self.run("connect", server.url, "--user", user, "--password-stdin", stdin=PASSWORD + "\n")
        assert said.code == 0, said.err
        return said

    def students(self) -> list[dict[str, Any]]:
        """All students that this computer shows."""
        found: list[dict[str, Any]] = self.run("students", "list", "--limit", "100000").data["students"]
        return found
