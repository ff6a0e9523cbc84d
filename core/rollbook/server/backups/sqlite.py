"""SQLite: copies by its backup API, which sees one moment however much is written meanwhile."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from rollbook.domain.checkpoints import passed
from rollbook.server.backups import BackupError
from rollbook.server.backups.files import disk_errors, part_of, put_in_place

_MAGIC = b"SQLite format 3\0"
_BUSY_SECONDS = 30.0
_BESIDE = ("-wal", "-shm")
_SOUND = [("ok",)]


class SqliteBackups:
    """Backups of one file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def make(self, part: Path) -> None:
        """Copy the database as it is at one moment. Whoever has it open reads and writes on."""
        if not self._file.exists():
            raise BackupError(f"There is no database {self._file}.")
        with _said(self._file), _opened(self._file, "rw") as source:
            _copy(source, part)

    def examine(self, file: Path) -> str:
        """The schema's revision of a backup that is sound. Raises :class:`BackupError` for any other."""
        with file.open("rb") as content:
            if content.read(len(_MAGIC)) != _MAGIC:
                raise BackupError(f"{file} is no backup of an SQLite database.")
        try:
            with _opened(file, "ro", immutable=True) as copy:
                sound = copy.execute("PRAGMA integrity_check").fetchall()
                unknown = copy.execute("PRAGMA foreign_key_check").fetchone()
                revision = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.Error as error:
            raise BackupError(f"The backup {file} is damaged: {error}. Take another one.") from error
        if sound != _SOUND or unknown is not None:
            raise BackupError(f"The backup {file} is damaged: SQLite's own check fails. Take another one.")
        return str(revision[0]) if revision else ""

    def is_empty(self) -> bool:
        """Whether there is nothing that a restore would replace."""
        if not self._file.exists() or not self._file.stat().st_size:
            return True
        try:
            with _opened(self._file, "rw") as database:
                return database.execute("SELECT 1 FROM sqlite_master").fetchone() is None
        except sqlite3.Error:
            return False  # damaged, but somebody's

    def is_served(self) -> bool:
        """Whether another process has it open: only then SQLite can't leave its write-ahead log."""
        if not self._file.exists():
            return False
        try:
            with _opened(self._file, "rw", timeout=0) as database:
                [(mode,)] = database.execute("PRAGMA journal_mode=DELETE")
                return bool(mode != "delete")
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        except sqlite3.DatabaseError:
            return False  # damaged: nobody can serve it

    def put_back(self, backup: Path, stamp: str, *, empty: bool, served: bool) -> str:
        """Replace the database by a backup; gives where the old one is kept, "" where there was none.

        While it is served, its content is replaced inside its own transaction, and not its file.
        """
        aside = self._file.with_name(f"{self._file.name}.before-restore-{stamp}")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with disk_errors(self._file), _said(self._file):
            if served:
                with part_of(aside) as part:
                    self.make(part)
                    put_in_place(part, aside)
                passed("server.restore.aside")
                with _opened(backup, "ro", immutable=True) as source:
                    _copy(source, self._file)
                return str(aside)
            with part_of(self._file) as part:
                shutil.copyfile(backup, part)
                passed("server.restore.copied")
                if not empty:
                    self._keep_aside(aside)
                passed("server.restore.aside")
                put_in_place(part, self._file)
        return "" if empty else str(aside)

    def _keep_aside(self, aside: Path) -> None:
        """The old file under another name as well, so that at no moment there is none."""
        try:
            aside.hardlink_to(self._file)
        except OSError:  # a file system without links
            shutil.copyfile(self._file, aside)
        for rest in _BESIDE:  # of a damaged one, whose log could not be brought home
            with suppress(FileNotFoundError):
                Path(f"{self._file}{rest}").replace(f"{aside}{rest}")


@contextmanager
def _opened(
    file: Path, mode: str, *, immutable: bool = False, timeout: float = _BUSY_SECONDS
) -> Iterator[sqlite3.Connection]:
    place = f"file:{quote(str(file.absolute()))}?mode={mode}{'&immutable=1' if immutable else ''}"
    with closing(sqlite3.connect(place, uri=True, timeout=timeout)) as connection:
        yield connection


def _copy(source: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target, timeout=_BUSY_SECONDS)) as copy:
        source.backup(copy)  # in one step: a writer in between does not begin it anew


@contextmanager
def _said(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise BackupError("The disk is full: free some space.") from error
        raise BackupError(f"The database {file} could not be copied. It said: {error}.") from error
