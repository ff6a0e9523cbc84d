"""The store's one file, opened in one place so that a key can be given later (S1, S28)."""

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from rollbook.store import connections, damage, doubt, high_water, rows, unreadable
from rollbook.store.backups import back_up
from rollbook.store.connections import Snapshot
from rollbook.store.errors import (
    NewerStoreError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from rollbook.store.failures import translated, translated_system
from rollbook.store.high_water import MarkBeside
from rollbook.store.schema import is_empty, needs_preparing, prepare


class StoreDatabase:
    """Transactions on the store. Writes are one at a time over all threads and processes (H4).

    Where nothing can be written (a full disk, a folder that is read-only) it can still be read. ``trouble``
    is the word of the failure that the last write met, empty when it went well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = connections.writer(path)
        self._reader = connections.reader(path)
        self._snapshot: Snapshot | None = None
        self._mark = MarkBeside(path)
        self.trouble = ""
        self._seen = _signature(path)
        self._identity = _identity(path)
        self._one_writer = threading.Lock()
        self._changing = threading.Lock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A durable transaction: committed and on disk when the block ends, undone if it raises (S1).

        Raises :class:`StoreError`: full, read-only, locked or damaged.
        """
        with self._one_writer, self._noted():
            self._leave_snapshot()
            if _identity(self.path) != self._identity:  # what is saved now, no later start would find
                raise StoreDamagedError("its file was moved or deleted while it was open")
            with translated(), self._writer.begin() as connection:
                before = rows.changed(connection)
                yield connection
                mark = high_water.count(connection) if rows.changed(connection) != before else None
            if mark is not None:
                self._mark.note(mark)
            if self.trouble != StoreDamagedError.word:  # that it stays, until the next start has set it right
                self.trouble = ""

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the store; never waits for a writer."""
        if self._snapshot is not None and _signature(self.path) != self._seen:
            with contextlib.suppress(StoreError):
                self._leave_snapshot()
        snapshot = self._snapshot
        engine = self._reader if snapshot is None else snapshot.reader
        with self._noted(), translated(), engine.begin() as connection:
            yield connection

    def data_version(self) -> int:
        """A number that moves when another connection or process has committed."""
        if self._snapshot is not None:
            return hash(_signature(self.path))
        with self._one_writer, self._noted(), translated():
            connection = self._writer.raw_connection()  # outside a transaction: asking must not take the lock
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA data_version")
                (version,) = cursor.fetchone() or (0,)
                return int(version)
            finally:
                connection.close()

    def doubt(self) -> None:
        """Have the file looked into before it is opened the next time (S28)."""
        doubt.note(self.path)

    def explain(self, nonsense: Exception) -> None:
        """What was read made no sense. Raises :class:`StoreDamagedError` if it is the file's fault."""
        if damage.is_at(self.path):
            with self._noted():
                raise StoreDamagedError("a part of it cannot be read") from nonsense

    def look_only(self) -> None:
        """Go on with what can be read now, writing nothing. Raises :class:`StoreError`."""
        with self._changing, translated(), translated_system():
            self._seen = _signature(self.path)
            self._snapshot = Snapshot(self.path)

    def checkpoint(self) -> bool:
        """Bring what was committed into the file, and empty the log beside it if nobody reads it just now.

        Returns whether all is in the file, and on the disk.
        """
        with self._one_writer, translated():
            connection = self._writer.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                return cursor.fetchone() == (0, 0, 0)
            finally:
                connection.close()

    def rewrite(self) -> bool:
        """Write the file anew, so that nothing is left in it of what was deleted; then empty its log (D3).

        Returns whether the log is empty: not while somebody reads an earlier state.
        """
        with self._one_writer, self._noted(), translated():
            connection = self._writer.raw_connection()
            try:
                connection.cursor().execute("VACUUM")
            finally:
                connection.close()
        return self.checkpoint()

    def close(self) -> None:
        """Close all connections."""
        self._writer.dispose()
        self._reader.dispose()
        self._mark.close()
        if self._snapshot is not None:
            self._snapshot.close()

    def _leave_snapshot(self) -> None:
        """Back to the file itself, if it lets itself be opened for writing by now."""
        with self._changing:
            if self._snapshot is None:
                return
            with translated(), self._writer.begin():
                pass  # takes the right to write: more than opening it needs
            self._snapshot.close()
            self._snapshot, self.trouble = None, ""

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """A failure is told by the status; a damaged file is looked into at the next start (S28)."""
        try:
            with self._told_if_gone():
                yield
        except (json.JSONDecodeError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self.explain(error)
            raise
        except StoreError as error:
            self.trouble = error.word
            if isinstance(error, StoreDamagedError) and not isinstance(error, NewerStoreError):
                doubt.note(self.path)
            raise

    @contextmanager
    def _told_if_gone(self) -> Iterator[None]:
        try:
            yield
        except StoreReadOnlyError as error:
            if self.path.exists():
                raise
            raise StoreDamagedError("its file is gone") from error


def open_store(path: Path, key: bytes | None = None) -> StoreDatabase:
    """Open or make the store at ``path``; ``key`` is for the encrypted store of a later round.

    Raises :class:`StoreDamagedError` when the file is not a store that this version reads, and
    :class:`StoreFullError` or :class:`StoreReadOnlyError` where a store must be made or brought up to date.
    """
    if key is not None:
        raise NotImplementedError("the store is not encrypted yet")
    with translated_system():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = StoreDatabase(path)
    try:
        _made_ready(database)
    except BaseException:
        database.close()
        raise
    return database


def _made_ready(database: StoreDatabase) -> None:
    try:
        lacking, strange = _needs(database)
    except (StoreFullError, StoreReadOnlyError) as error:
        database.look_only()
        lacking, strange = _needs(database)
        database.trouble = error.word
    if lacking:
        _bring_up_to_date(database)
        _lacking, strange = _needs(database)
    if strange:
        with contextlib.suppress(StoreFullError, StoreReadOnlyError), database.write() as connection:
            unreadable.park(connection)


def _needs(database: StoreDatabase) -> tuple[bool, bool]:
    """Whether the tables lack something, and whether there are entries that cannot be read."""
    with database.read() as connection:
        lacking = needs_preparing(connection)
        return lacking, not lacking and unreadable.exist(connection)


def _bring_up_to_date(database: StoreDatabase) -> None:
    with database.write() as connection:  # held while the copy is taken: nothing is saved in between
        if not is_empty(connection) and needs_preparing(connection):
            with translated(), translated_system():
                back_up(database.path)
        prepare(connection)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is, whatever it holds."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _signature(path: Path) -> tuple[object, ...]:
    """What changes when another process writes."""
    found: list[object] = []
    for each in (path, path.with_name(path.name + "-wal")):
        with contextlib.suppress(OSError):
            state = each.stat()
            found.append((each.name, state.st_size, state.st_mtime_ns))
    return tuple(found)
