"""The store's one file, opened in one place so that a key can be given later (S1, S28)."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from rollbook.store.backups import back_up
from rollbook.store.errors import StoreDamagedError, StoreFullError, StoreLockedError
from rollbook.store.schema import is_empty, needs_preparing, prepare

_BUSY_SECONDS = 10.0


class StoreDatabase:
    """Transactions on the store. Writes are one at a time over all threads and processes (H4)."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader
        self._one_writer = threading.Lock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A durable transaction: committed and on disk when the block ends, undone if it raises (S1).

        Raises :class:`StoreFullError`, :class:`StoreLockedError` or :class:`StoreDamagedError`.
        """
        with self._one_writer, _translated(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the store; never waits for a writer."""
        with _translated(), self._reader.begin() as connection:
            yield connection

    def data_version(self) -> int:
        """A number that moves when another connection or process has committed."""
        with self._one_writer:
            connection = self._writer.raw_connection()  # outside a transaction: asking must not take the lock
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA data_version")
                (version,) = cursor.fetchone() or (0,)
                return int(version)
            finally:
                connection.close()

    def close(self) -> None:
        """Close all connections."""
        self._writer.dispose()
        self._reader.dispose()


def open_store(path: Path, key: bytes | None = None) -> StoreDatabase:
    """Open or make the store at ``path``; ``key`` is for the encrypted store of a later round.

    Raises :class:`StoreDamagedError` when the file is not a store that this version reads.
    """
    if key is not None:
        raise NotImplementedError("the store is not encrypted yet")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = StoreDatabase(
        _engine(path, "BEGIN IMMEDIATE", pool_size=1), _engine(path, "BEGIN", pool_size=4)
    )
    try:
        with database.read() as connection:
            up_to_date = not needs_preparing(connection)
        if not up_to_date:
            _bring_up_to_date(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _bring_up_to_date(database: StoreDatabase, path: Path) -> None:
    with database.write() as connection:  # held while the copy is taken: nothing is saved in between
        if not is_empty(connection) and needs_preparing(connection):
            back_up(path)
        prepare(connection)


def _engine(path: Path, begin: str, pool_size: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=pool_size,
        max_overflow=8 if pool_size > 1 else 0,
        hide_parameters=True,  # a pupil's data never enters a message (R18)
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _beginner(begin))
    return engine


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-32768",
        "wal_autocheckpoint=4000",  # 16 MB: a first sync would else copy the same pages over and over
    ):
        connection.execute(f"PRAGMA {pragma}")


def _beginner(begin: str) -> Callable[[Connection], None]:
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return start


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise _operational(str(error.orig)) from error
    except (
        sqlite3.OperationalError,
        OSError,
    ) as error:  # the driver itself: a copy, the hot way
        raise _operational(str(error)) from error
    except (DatabaseError, sqlite3.DatabaseError) as error:
        cause = error.orig if isinstance(error, DatabaseError) else error
        if isinstance(cause, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise StoreDamagedError(str(cause)) from error


def _operational(message: str) -> Exception:
    if "disk is full" in message or "disk I/O" in message or "No space left" in message:
        return StoreFullError(message)
    if "locked" in message or "busy" in message:
        return StoreLockedError(message)
    return StoreDamagedError(message)
