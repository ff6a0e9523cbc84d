"""PostgreSQL's own programs: which to take, and what they say when they fail."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import URL

from rollbook.server.backups import BackupError

_DEBIANS = Path("/usr/lib/postgresql")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_INSTALL = "install PostgreSQL's client programs (on Debian: apt-get install postgresql-client)"


class Programs:
    """The programs that fit a server of that major version, on the database of ``url``."""

    def __init__(self, url: URL, server: int, folder: str = "") -> None:
        self._server = server
        self._folder = folder
        # Never among the arguments, which every account of the computer can read.
        self._env = {**os.environ, "LC_ALL": "C"} | (
            {"PGPASSWORD": str(url.password)} if url.password else {}
        )
        bare = url.set(drivername="postgresql")._replace(password=None)
        self.database = bare.render_as_string(hide_password=False)

    def command(self, name: str, *arguments: str) -> list[str]:
        """A program with its arguments. Raises :class:`BackupError` where there is none that fits."""
        return [self._found(name), *arguments]

    def run(self, name: str, *arguments: str) -> str:
        """What a program writes. Raises :class:`BackupError` where it fails."""
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, without a shell
            self.command(name, *arguments), env=self._env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BackupError(failed(name, done.stderr))
        return done.stdout

    def start(self, command: Sequence[str], **given: int) -> subprocess.Popen[bytes]:
        """Start one that talks to another."""
        return subprocess.Popen(command, env=self._env, **given)  # type: ignore[call-overload,no-any-return] # noqa: S603

    def _found(self, name: str) -> str:
        known = {path: _major(path) for path in self._candidates(name)}
        if not known:
            where = f"in {self._folder} (postgresql_programs)" if self._folder else "on this computer"
            raise BackupError(f"There is no {name} {where}: {_INSTALL}.")
        fitting = [path for path, major in known.items() if major >= self._server]
        if not fitting:
            raise BackupError(
                f"{name} is of PostgreSQL {max(known.values())}, too old for the server's {self._server}: "
                f"{_INSTALL} of version {self._server}, or name their folder in postgresql_programs."
            )
        return min(fitting, key=lambda path: known[path])

    def _candidates(self, name: str) -> Iterator[str]:
        if self._folder:
            named = shutil.which(name, path=self._folder)
            yield from [named] if named else []
            return
        for folder in (*sorted(_DEBIANS.glob("*/bin")), None):
            found = shutil.which(name, path=None if folder is None else str(folder))
            if found:
                yield found


def failed(name: str, said: str) -> str:
    """What a program said, in words for the operator."""
    if "No space left on device" in said:
        return "The disk is full: free some space."
    if "unsupported version" in said:
        return (
            f"The backup was made by a newer pg_dump than this {name}: install PostgreSQL's newer programs."
        )
    lines = [line for line in said.splitlines() if line.strip()]
    return f"{name} failed. It said: {lines[0] if lines else 'nothing'}"


def _major(program: str) -> int:
    asked = [program, "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = _VERSION.search(said)
    return int(found[1]) if found else 0
