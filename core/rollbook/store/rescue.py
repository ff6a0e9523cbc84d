"""A damaged or lost store: set aside, never deleted; what waits in it goes into a new one first (S28)."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from rollbook.store import broken_log, damage, doubt, high_water, notices, raw_pages, refilled, replacing
from rollbook.store.broken_log import BrokenLog
from rollbook.store.database import StoreDatabase, open_store
from rollbook.store.engine_lock import EngineLock
from rollbook.store.errors import (
    NewerStoreError,
    NoRoomToRescueError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
)
from rollbook.store.failures import translated, translated_system
from rollbook.store.high_water import Mark
from rollbook.store.notices import Notice
from rollbook.store.raw_pages import RawFile
from rollbook.store.salvage import salvage
from rollbook.store.salvaged import Salvaged
from rollbook.store.work_folder import work_folder


def open_or_rescue(path: Path, *, expected: bool, now: Callable[[], datetime]) -> StoreDatabase:
    """Open the store at ``path``; one that is damaged, or gone though ``expected``, is rescued first.

    Raises :class:`StoreError`: full, locked, of a later version, or damaged and open in another program.
    """
    with translated_system():
        if replacing.is_finished(path):
            with _alone(path):
                replacing.take_place(path)
        broken = _broken_log(path)
        if broken is not None and _is_sure(path, broken):
            _mend_log(path, broken, now())
            broken = None
        lost_log = _log_is_gone(path)
        if not _is_bad(path, expected):
            with contextlib.suppress(_BadError):
                return _opened(path, lost_log, broken, now)
        with _alone(path):
            _rescue(path, now())
    return open_store(path)


class _BadError(Exception):
    """It turned out at opening."""


def _opened(
    path: Path, lost_log: bool, broken: BrokenLog | None, now: Callable[[], datetime]
) -> StoreDatabase:
    told = high_water.told(path)  # read first: who has the store open goes on
    database = _opened_if_sound(path)
    try:
        behind = _is_behind(database, told)
        if not (behind or lost_log):
            return database
        if broken is None or not broken.commits:
            _tell_of_lost_log(database, told, now())
            return database
    except BaseException:
        database.close()
        raise
    database.close()
    _mend_log(path, broken, now())
    return _opened(path, lost_log, None, now)


def _opened_if_sound(path: Path) -> StoreDatabase:
    try:
        return open_store(path)
    except NewerStoreError:
        raise
    except StoreDamagedError as error:
        raise _BadError from error


def _is_behind(database: StoreDatabase, told: Mark | None) -> bool:
    """Whether commits are gone that were made: the mark beside the store tells of more."""
    if told is None:
        return False
    try:
        with database.read() as connection:
            return high_water.of(connection).commits < told.commits
    except StoreDamagedError as error:
        database.close()
        raise _BadError from error


def _tell_of_lost_log(database: StoreDatabase, told: Mark | None, at: datetime) -> None:
    with database.write() as connection:
        lost = 0
        if told is not None:
            lost = max(0, told.entries - high_water.of(connection).entries)
            high_water.reach(connection, told)
        refilled.doubt_what_was_sent(connection)
        notices.add(connection, Notice("log_lost", at.isoformat(), lost=lost, whole=False))


def _broken_log(path: Path) -> BrokenLog | None:
    """Its log, if SQLite would forget a part of it. Where somebody has the store open, they have looked."""
    log = broken_log.log_of(path)
    if not path.exists() or not log.exists() or not log.stat().st_size:
        return None
    lock = EngineLock(path.parent)
    with contextlib.suppress(StoreError):
        if lock.take():
            try:
                return broken_log.look(path)
            finally:
                lock.release()
    return None


def _is_sure(path: Path, broken: BrokenLog) -> bool:
    """Whether an acknowledged commit is behind the break; one alone may be of a power cut, the mark tells."""
    return broken.commits > 1 or (broken.commits == 1 and high_water.told(path) is None)


def _mend_log(path: Path, broken: BrokenLog, now: datetime) -> None:
    """Put a mended log in its place, or where it lacks something, rescue the store with what it has."""
    mended = broken_log.mended(broken.content, broken.page_size)
    with _alone(path):
        if mended.whole:
            replacing.keep_log(replacing.name_aside(path, now), broken.content)
            replacing.put_log(path, mended.content)
            doubt.note(path)  # its pages are looked at before it is used
        else:
            replacing.put_log(path, broken.content)  # as it was found
            _rescue(path, now)


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
            return not damage.is_in_file(connection)
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
    whole, log = _content(path), _content(broken_log.log_of(path))
    mended = broken_log.mended(log, raw_pages.page_size(whole, log))
    log = mended.content
    pages = RawFile(whole, log, mended.strays)
    if whole and not log:
        return salvage(path, pages, writable=False)
    with work_folder(path, "salvage") as work:
        copy = work / path.name
        copy.write_bytes(whole)
        if log:
            broken_log.log_of(copy).write_bytes(log)
        return salvage(copy, pages, writable=True)


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""
