"""Engines for SQLite and PostgreSQL: pool, pragmas, and how a transaction begins (R13)."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from rollbook.server.settings import SettingError, Settings

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700
WRITES = "rollbook_writes"
SECONDS_LEFT = "rollbook_seconds_left"
_INSTRUCTIONS_BETWEEN_LOOKS = 20_000
_LIMITS = "rollbook_limits"
_LIMITS_ARE_TRUE_SECONDS = 0.05
_SET_LIMIT = "SET LOCAL "  # not a SELECT: after one, a transaction can't choose its isolation any more


def make_engine(settings: Settings) -> Engine:
    """An engine for ``settings.database``. Raises :class:`SettingError` for a URL of anything else."""
    try:
        url = make_url(settings.database)
    except ArgumentError:
        raise SettingError(_wrong_url(settings.database)) from None
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise SettingError(_wrong_url(settings.database))
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout_seconds,
        pool_recycle=settings.pool_recycle_seconds,
        pool_pre_ping=url.get_backend_name() == "postgresql",
        connect_args=_connect_arguments(url.get_backend_name(), settings),
    )
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, url.database, settings)
    else:
        _limit_postgresql(engine, settings)
    return engine


def _wrong_url(database: str) -> str:
    backend = database.split(":", 1)[0]
    return (
        f"The setting database (ROLLBOOK_DATABASE) starts with “{backend}:”; it must be like "
        "sqlite:////folder/rollbook.sqlite3 or postgresql+psycopg://user@host/name."
    )


def _connect_arguments(backend: str, settings: Settings) -> dict[str, Any]:
    if backend == "sqlite":
        return {"timeout": settings.busy_timeout_seconds}
    named = {
        "connect_timeout": max(1, int(settings.pool_timeout_seconds)),
        "application_name": "rollbook-server",
    }
    # Behind a pooler the next transaction may be another connection's, which knows no prepared statement.
    return named | ({"prepare_threshold": None} if settings.events_database else {})


def _prepare_sqlite(engine: Engine, file: str | None, settings: Settings) -> None:
    if file and file != ":memory:":
        _make_private(Path(file))

    def connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own is deferred
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    def begin(connection: Connection) -> None:
        _limit_sqlite(connection, settings)
        # A writer takes the lock at once: a reader that became a writer could only fail, not wait.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begin)


def _make_private(file: Path) -> None:
    """A new database is for whoever runs the server alone; SQLite gives its other files the same rights."""
    try:
        file.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        if not file.exists():
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, _PRIVATE_FILE))
    except OSError as error:
        raise SettingError(
            f"The database {file} can't be opened or made ({error.strerror}): give its folder to the account "
            "that runs the server, or set another (--database, ROLLBOOK_DATABASE)."
        ) from None


def _limit_sqlite(connection: Connection, settings: Settings) -> None:
    left: float = connection.get_execution_options()[SECONDS_LEFT]
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    wait = min(settings.busy_timeout_seconds, left)
    raw.execute(f"PRAGMA busy_timeout={_milliseconds(wait)}")
    end = time.monotonic() + left
    raw.set_progress_handler(lambda: time.monotonic() > end, _INSTRUCTIONS_BETWEEN_LOOKS)


def _limit_postgresql(engine: Engine, settings: Settings) -> None:
    """Give each statement what is left of the transaction's time, and each lock the busy timeout.

    PostgreSQL counts anew for each statement (before its release 17 it knows no limit of a transaction), so a
    transaction of many would outlast the caller: what is left is said again once it has changed much.
    """

    def begin(connection: Connection) -> None:
        left: float = connection.get_execution_options()[SECONDS_LEFT]
        say(connection, time.monotonic() + left, left)

    def before(connection: Connection, _cursor: Any, statement: str, *_others: Any) -> None:
        limits = connection.info.get(_LIMITS)
        if limits is None or statement.startswith(_SET_LIMIT):
            return
        end, said_at = limits
        now = time.monotonic()
        if now - said_at > _LIMITS_ARE_TRUE_SECONDS:
            say(connection, end, end - now)

    def say(connection: Connection, end: float, left: float) -> None:
        connection.info[_LIMITS] = end, time.monotonic()
        lock = min(settings.busy_timeout_seconds, left)
        connection.exec_driver_sql(
            f"{_SET_LIMIT}statement_timeout = {_milliseconds(left)}; "
            f"{_SET_LIMIT}lock_timeout = {_milliseconds(lock)}"
        )

    event.listen(engine, "begin", begin)
    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "do_execute", _both_at_once)


def _both_at_once(cursor: Any, statement: str, *_others: Any) -> bool:
    """Two statements go in one round trip only where nothing is prepared and no parameters are given."""
    if not statement.startswith(_SET_LIMIT):
        return False
    cursor.execute(statement, prepare=False)
    return True


def _milliseconds(seconds: float) -> str:
    """As the databases want it; never 0, which is no limit at all."""
    return str(max(1, int(seconds * 1000)))
