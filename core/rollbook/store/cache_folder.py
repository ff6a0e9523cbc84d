"""The folder of a cache: private, looked over before it is opened, set aside when it is damaged (R9)."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from diskcache import Cache
from diskcache.core import DBNAME, DEFAULT_SETTINGS, METADATA

from rollbook.store.safe_disk import DamagedCacheError, SafeDisk

_KNOWN_SETTINGS = frozenset(DEFAULT_SETTINGS) | frozenset(METADATA)
_LOCK_SECONDS = 1.0  # a cache that makes one wait is no cache
_FOREIGN_ROWS = (
    "SELECT count(*) FROM Cache WHERE raw <> 1 OR typeof(key) <> 'text' OR mode NOT IN (1, 2)"
    " OR (mode = 1 AND (typeof(value) <> 'blob' OR filename IS NOT NULL))"
    " OR (mode = 2 AND (typeof(filename) <> 'text' OR value IS NOT NULL))"
)


def open_cache(folder: Path, size_mib: int) -> Cache:
    """Open the cache in ``folder``, made if need be; the least recently stored goes when it is full.

    Raises :class:`DamagedCacheError`, ``sqlite3.Error`` or ``OSError``.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)  # it may have been made by someone else
    _look_over(folder)
    settings = DEFAULT_SETTINGS | {"size_limit": size_mib * 2**20}  # all of them: none is read from the file
    return Cache(str(folder), timeout=_LOCK_SECONDS, disk=SafeDisk, **settings)


def set_aside(folder: Path) -> None:
    """Move a damaged cache away, in place of an earlier one, so that support can look at the last."""
    aside = _aside(folder)
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)


def delete_cache(folder: Path) -> None:
    """Delete the cache and what was set aside of it. Raises ``OSError`` when any of it stays."""
    for each in (folder, _aside(folder)):
        if each.exists():
            shutil.rmtree(each)


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.damaged")


def _look_over(folder: Path) -> None:
    """Refuse a file that says more than the cache would: its settings become attributes when it is opened."""
    file = folder / DBNAME
    if not file.exists():
        return
    with closing(sqlite3.connect(file, timeout=_LOCK_SECONDS)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if "Settings" in tables:
            _look_over_settings(dict(connection.execute("SELECT key, value FROM Settings")))
        if "Cache" in tables and connection.execute(_FOREIGN_ROWS).fetchone()[0]:
            raise DamagedCacheError("The cache has rows that are not its own.")


def _look_over_settings(given: dict[object, object]) -> None:
    counted = all(isinstance(given[name], int) for name in METADATA if name in given)
    if not counted or not given.keys() <= _KNOWN_SETTINGS:
        raise DamagedCacheError("The cache has settings that are not its own.")
