"""Connections to the store's file: for reading and writing, or to look at it where nothing can be written."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

_BUSY_SECONDS = 10.0
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-32768",
    "wal_autocheckpoint=4000",  # 16 MB: a first sync would else copy the same pages over and over
)


def writer(path: Path) -> Engine:
    """One connection whose transactions hold the store's only right to write from their beginning."""
    return _engine(lambda: _connect(path), _configured, "BEGIN IMMEDIATE", pool_size=1)


def reader(path: Path) -> Engine:
    """Several connections, each with one consistent view in a transaction."""
    return _engine(lambda: _connect(path), _configured, "BEGIN", pool_size=4)


class Snapshot:
    """The store as it is now, opened without writing a byte into its folder: on a full disk, say.

    What the log holds and the file does not is read from a copy of both, in a folder that ends with this.
    """

    def __init__(self, path: Path) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            self._folder = tempfile.TemporaryDirectory(prefix="rollbook-")
            path = Path(shutil.copy(path, self._folder.name))
            shutil.copy(log, self._folder.name)
            connect = lambda: _connect(path)  # noqa: E731
        else:
            connect = lambda: _connect(path, "?immutable=1")  # noqa: E731
        self.reader = _engine(connect, _bare, "BEGIN", pool_size=4)

    def close(self) -> None:
        """Close it, and delete the copy."""
        self.reader.dispose()
        if self._folder is not None:
            self._folder.cleanup()


def _engine(
    connect: Callable[[], sqlite3.Connection],
    configure: Callable[[sqlite3.Connection, Any], None],
    begin: str,
    pool_size: int,
) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=8 if pool_size > 1 else 0,
        hide_parameters=True,  # a pupil's data never enters a message (R18)
    )
    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", _beginner(begin))
    return engine


def _connect(path: Path, how: str = "") -> sqlite3.Connection:
    return sqlite3.connect(
        path.resolve().as_uri() + how, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False
    )


def _bare(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses


def _configured(connection: sqlite3.Connection, record: Any) -> None:
    _bare(connection, record)
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise


def _beginner(begin: str) -> Callable[[Connection], None]:
    def start(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute(begin)  # by the driver itself: it is done for every save

    return start
