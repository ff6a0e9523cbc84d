"""A damaged or lost store: set aside, never deleted; what waits in it goes into a new one first (S28).

The new store is made whole under another name before the old one is moved, so that a crash at any moment
leaves either the old store in its place, or a finished new one that the next start takes.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from rollbook.store import doubt, notices, refilled
from rollbook.store.database import StoreDatabase, open_store
from rollbook.store.engine_lock import EngineLock
from rollbook.store.errors import NewerStoreError, StoreDamagedError
from rollbook.store.failures import translated, translated_system
from rollbook.store.notices import Notice
from rollbook.store.salvage import Salvaged, salvage

_SIDECARS = ("-wal", "-shm", "")  # the file itself last: until then it is what it was


def open_or_rescue(path: Path, *, expected: bool, now: Callable[[], datetime]) -> StoreDatabase:
    """Open the store at ``path``; one that is damaged, or gone though ``expected``, is rescued first.

    Raises :class:`StoreError`: full, locked, of a later version, or damaged and open in another program.
    """
    with translated_system():
        _finish_earlier(path)
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
    stamp = now.strftime("%Y%m%d-%H%M%S")
    while _aside(path, stamp).exists():
        stamp += "-2"
    found = _salvaged(path)
    rescued = path.with_name(f"{path.stem}.rescued-{stamp}{path.suffix}")
    part = rescued.with_suffix(".part")
    _forget(part)
    database = open_store(part)
    try:
        with database.write() as connection:
            kept, lost = refilled.fill(connection, found)
            kind, aside = ("damaged", str(_aside(path, stamp))) if path.exists() else ("missing", "")
            at = now.isoformat()
            notices.add(connection, Notice(kind, at, aside, kept, found.lost + lost, found.whole))
    finally:
        database.close()
    part.rename(rescued)
    _synced(path.parent)
    _finish_earlier(path)


def _salvaged(path: Path) -> Salvaged:
    """What can be read, from a copy: the damaged file stays as it was found."""
    work = path.with_name("salvage")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        copy = work / path.name
        if path.exists():
            shutil.copy(path, copy)
        else:
            copy.touch()
        log = path.with_name(path.name + "-wal")
        if log.exists():
            shutil.copy(log, work)
        return salvage(copy, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _finish_earlier(path: Path) -> None:
    """Put a finished new store in its place, and the old one aside."""
    for rescued in path.parent.glob(f"{path.stem}.rescued-*{path.suffix}"):
        stamp = rescued.stem.partition("rescued-")[2]
        aside = _aside(path, stamp)
        for sidecar in _SIDECARS:
            old = path.with_name(path.name + sidecar)
            if old.exists():
                old.rename(aside.with_name(aside.name + sidecar))
        rescued.rename(path)
        doubt.clear(path)
        _synced(path.parent)


def _aside(path: Path, stamp: str) -> Path:
    return path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")


def _forget(part: Path) -> None:
    """What a rescue that was cut short has begun."""
    for sidecar in _SIDECARS:
        part.with_name(part.name + sidecar).unlink(missing_ok=True)


def _synced(folder: Path) -> None:
    """Have the names on the disk, too, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
