"""SQLAlchemy's, SQLite's and PostgreSQL's errors, translated once (H5, R13)."""

import sqlite3
from enum import StrEnum

from sqlalchemy import exc


class Trouble(StrEnum):
    """What kind of trouble a database error is."""

    BUSY = "busy"  # a lock, a deadlock, a serialization failure: the whole transaction may be tried again
    UNAVAILABLE = "unavailable"
    FULL = "full"
    EXHAUSTED = "exhausted"  # no connection of the pool came free in time
    OUT_OF_TIME = "out_of_time"
    INTEGRITY = "integrity"  # a race for a key, or a value that does not fit
    UNFORESEEN = "unforeseen"


_SQLITE = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_INTERRUPT: Trouble.OUT_OF_TIME,
    sqlite3.SQLITE_CANTOPEN: Trouble.UNAVAILABLE,
    sqlite3.SQLITE_IOERR: Trouble.UNAVAILABLE,
    sqlite3.SQLITE_READONLY: Trouble.UNAVAILABLE,
    sqlite3.SQLITE_CORRUPT: Trouble.UNAVAILABLE,
    sqlite3.SQLITE_NOTADB: Trouble.UNAVAILABLE,
}
_POSTGRESQL = {
    "40001": Trouble.BUSY,  # serialization_failure
    "40P01": Trouble.BUSY,  # deadlock_detected
    "55P03": Trouble.BUSY,  # lock_not_available
    "57014": Trouble.OUT_OF_TIME,  # query_canceled: our statement timeout
    "53100": Trouble.FULL,  # disk_full
    "53200": Trouble.UNAVAILABLE,  # out_of_memory
    "53300": Trouble.UNAVAILABLE,  # too_many_connections
    "57P01": Trouble.UNAVAILABLE,  # admin_shutdown
    "57P02": Trouble.UNAVAILABLE,  # crash_shutdown
    "57P03": Trouble.UNAVAILABLE,  # cannot_connect_now
    "25006": Trouble.UNAVAILABLE,  # read_only_sql_transaction: a standby answers
}


def trouble_of(error: exc.SQLAlchemyError) -> Trouble:
    """What kind of trouble ``error`` is."""
    if isinstance(error, exc.TimeoutError):
        return Trouble.EXHAUSTED
    if not isinstance(error, exc.DBAPIError):
        return Trouble.UNFORESEEN
    known = _by_code(error.orig)
    if known is not None:
        return known
    if isinstance(error, exc.IntegrityError | exc.DataError):
        return Trouble.INTEGRITY
    lost = error.connection_invalidated or isinstance(error, exc.OperationalError | exc.InterfaceError)
    return Trouble.UNAVAILABLE if lost and not _is_a_mistake(error.orig) else Trouble.UNFORESEEN


def _by_code(original: object) -> Trouble | None:
    sqlite_code = getattr(original, "sqlite_errorcode", None)
    if sqlite_code is not None:
        return _SQLITE.get(sqlite_code & 0xFF)
    return _POSTGRESQL.get(getattr(original, "sqlstate", None) or "")


def _is_a_mistake(original: object) -> bool:
    # SQLite says "no such table" with the general code that also covers our own wrong SQL.
    return getattr(original, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
