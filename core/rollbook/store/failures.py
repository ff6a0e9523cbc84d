"""SQLite's and the system's failures, told in our words at this border (H5)."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from rollbook.store.errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreReadOnlyError,
)

_KINDS: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_FULL: StoreFullError,
    sqlite3.SQLITE_IOERR: StoreFullError,
    sqlite3.SQLITE_BUSY: StoreLockedError,
    sqlite3.SQLITE_LOCKED: StoreLockedError,
    sqlite3.SQLITE_PROTOCOL: StoreLockedError,
    sqlite3.SQLITE_READONLY: StoreReadOnlyError,
    sqlite3.SQLITE_CANTOPEN: StoreReadOnlyError,
    sqlite3.SQLITE_PERM: StoreReadOnlyError,
}
_OURS = (sqlite3.IntegrityError, sqlite3.ProgrammingError)  # a defect of this program, not of the file
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


@contextmanager
def translated() -> Iterator[None]:
    """Raise what SQLite raises inside as a :class:`StoreError`."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error) and not isinstance(error.orig, _OURS):
            raise in_our_words(error.orig) from error
        raise
    except sqlite3.Error as error:
        if isinstance(error, _OURS):
            raise
        raise in_our_words(error) from error


@contextmanager
def translated_system() -> Iterator[None]:
    """Raise what the file system raises inside as a :class:`StoreError`."""
    try:
        yield
    except TimeoutError:
        raise  # somebody else holds it, which is no failure of the disk
    except OSError as error:
        kind = StoreFullError if error.errno in _FULL else StoreReadOnlyError
        raise kind(error.strerror or type(error).__name__) from error


def in_our_words(error: sqlite3.Error) -> StoreError:
    """The failure as the person needs to know it."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return StoreDamagedError("its file was moved or deleted while it was open")
    said = str(error)
    if said.startswith("Could not decode"):  # it goes on with the text itself, which is a person's (R18)
        said = "a text in it cannot be read"
    return _KINDS.get(code & 0xFF, StoreDamagedError)(said)
