"""A database of each kind with a user in it, and an administrator's commands on it."""

import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, make_url, text

from support import postgres
from support.server_process import CHEAP_HASHES, PASSWORD
from support.warm_process import WarmProcess

TESTS = Path(__file__).resolve().parent.parent
_ASIDE = "before_restore_%"


@dataclass
class Place:
    """A database, and the commands on it, each a process of its own."""

    database: str
    folder: Path
    superuser: URL | None
    env: dict[str, str] = field(default_factory=dict)

    def run(
        self, *arguments: str, stdin: str = "", killed_at: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A command to its end; with ``killed_at`` it kills itself at that point (SIGKILL)."""
        program = ["rollbook.server"]
        if killed_at is not None:
            program = ["support.killed_at", killed_at, "rollbook-server"]
        env = {
            **os.environ,
            **CHEAP_HASHES,
            "PYTHONPATH": str(TESTS),
            "ROLLBOOK_DATABASE": self.database,
            "ROLLBOOK_LOG_DIR": str(self.folder / "logs"),
            **self.env,
        }
        process = WarmProcess([*program, *arguments], env)
        out, err = process.communicate(stdin, timeout=100)
        return subprocess.CompletedProcess(arguments, process.wait(), out, err)

    def done(self, *arguments: str, stdin: str = "") -> str:
        """What a command that must succeed says."""
        ran = self.run(*arguments, stdin=stdin)
        assert ran.returncode == 0, ran.stderr
        return ran.stderr

    def refused(self, *arguments: str) -> str:
        """What a command says that must end with 1."""
        ran = self.run(*arguments)
        assert (ran.returncode, "Traceback" in ran.stderr) == (1, False), ran.stderr
        return ran.stderr

    def user(self, name: str) -> None:
        """Make a registrar."""
        self.done("create-user", name, "--role", "registrar", "--password-stdin", stdin=PASSWORD + "\n")

    def users(self) -> list[str]:
        """The users' names, by plain SQL."""
        return [row[0] for row in self.rows("SELECT name FROM app_user ORDER BY name")]

    def rows(self, query: str) -> list[Any]:
        """Rows by plain SQL, which may change something too."""
        engine = create_engine(self.database)
        try:
            with engine.begin() as connection:
                result = connection.execute(text(query))
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()

    def emptied(self) -> None:
        """The disk was lost, or the database was dropped."""
        if self.superuser is None:
            for file in self.file.parent.glob(f"{self.file.name}*"):
                file.unlink()
        else:
            postgres.make_database(self.superuser, str(make_url(self.database).database))

    @property
    def file(self) -> Path:
        """The file of an SQLite database."""
        return Path(str(make_url(self.database).database))

    def users_kept_aside(self) -> list[str]:
        """What the old database held, which a restore has kept."""
        if self.superuser is None:
            [aside] = self.file.parent.glob(f"{self.file.name}.before-restore-*[0-9]")
            with closing(sqlite3.connect(aside)) as old:
                return [row[0] for row in old.execute("SELECT name FROM app_user ORDER BY name")]
        [(schema,)] = self.rows(f"SELECT nspname FROM pg_namespace WHERE nspname LIKE '{_ASIDE}'")
        return [row[0] for row in self.rows(f'SELECT name FROM "{schema}".app_user ORDER BY name')]

    def nothing_kept_aside(self) -> bool:
        """Whether no restore has kept anything."""
        if self.superuser is None:
            return not list(self.file.parent.glob("*before-restore*"))
        return not self.rows(f"SELECT 1 FROM pg_namespace WHERE nspname LIKE '{_ASIDE}'")
