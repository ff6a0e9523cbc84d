"""A damaged or lost store: set aside, never deleted; what waits in it goes into a new one first (S28)."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from rollbook.store import doubt, notices, refilled, replacing
from rollbook.store.database import StoreDatabase, open_store
from rollbook.store.engine_lock import EngineLock
from rollbook.store.errors import NewerStoreError, NoRoomToRescueError, StoreDamagedError, StoreFullError
from rollbook.store.failures import translated, translated_system
from rollbook.store.notices import Notice
from rollbook.store.salvage import salvage
from rollbook.store.salvaged import Salvaged


def open_or_rescue(path: Path, *, expected: bool, now: Callable[[], datetime]) -> StoreDatabase:
    """Open the store at ``path``; one that is damaged, or gone though ``expected``, is rescued first.

    Raises :class:`StoreError`: full, locked, of a later version, or damaged and open in another program.
    """
    with translated_system():
        if replacing.is_finished(path):
            with _alone(path):
                replacing.take_place(path)
        lost_log = _log_is_gone(path)
        if not _is_bad(path, expected):
            with contextlib.suppress(_BadError):
                return _opened(path, lost_log, now)
        with _alone(path):
            _rescue(path, now())
    return open_store(path)


class _BadError(Exception):
    """It turned out at opening."""


def _opened(path: Path, lost_log: bool, now: Callable[[], datetime]) -> StoreDatabase:
    try:
        database = open_store(path)
    except NewerStoreError:
        raise
    except StoreDamagedError as error:
        raise _BadError from error
    if lost_log:
        with database.write() as connection:
            refilled.doubt_what_was_sent(connection)
            notices.add(connection, Notice("log_lost", now().isoformat(), whole=False))
    return database


def _is_bad(path: Path, expected: bool) -> bool:
    if not path.exists() or not path.stat().st_size:
        return expected
    if not doubt.is_noted(path):
        return expected and _holds_nothing(path)
    with translated():
        bad = not _is_sound(path)
    if not bad:
        doubt.clear(path)
    return bad


def _holds_nothing(path: Path) -> bool:
    """Whether it is a sound file without any table; one that cannot be asked says so when it is opened."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error:
        return False


def _is_sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
    except sqlite3.OperationalError:
        raise  # locked or full: says nothing about the file
    except sqlite3.DatabaseError:
        return False


def _log_is_gone(path: Path) -> bool:
    """The last program that had the store open did not close it, and what it wrote last is not there."""
    log, index = (path.with_name(path.name + sidecar) for sidecar in ("-wal", "-shm"))
    return path.exists() and index.exists() and not log.exists()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock = EngineLock(path.parent)
    if not lock.take():
        raise StoreDamagedError("it is open in another window; close that first")
    try:
        yield
    finally:
        lock.release()


# ---- the rescue


def _rescue(path: Path, now: datetime) -> None:
    aside = replacing.name_aside(path, now)
    try:
        with translated_system():
            found = _salvaged(path)
            replacing.make(path, aside, lambda connection: _fill(connection, path, aside, found, now))
    except StoreFullError as error:
        raise NoRoomToRescueError(error.cause) from error
    replacing.take_place(path)


def _fill(connection: Connection, path: Path, aside: Path, found: Salvaged, now: datetime) -> None:
    kept, lost = refilled.fill(connection, found)
    kind, kept_as = ("damaged", str(aside)) if path.exists() else ("missing", "")
    notices.add(connection, Notice(kind, now.isoformat(), kept_as, kept, found.lost + lost, found.whole))


def _salvaged(path: Path) -> Salvaged:
    """What can be read: with its log, from a copy, as the damaged file stays as it was found."""
    log = path.with_name(path.name + "-wal")
    if path.exists() and not log.exists():
        return salvage(path, path)
    work = path.with_name("salvage")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        copy = work / path.name
        if path.exists():
            shutil.copy(path, copy)
        else:
            copy.touch()
        if log.exists():
            shutil.copy(log, work)
        return salvage(copy, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)
