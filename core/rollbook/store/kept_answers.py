"""The cache's file itself: opened at first use, rebuilt once it is found damaged. For one thread (R9)."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from diskcache import Cache, Timeout

from rollbook.store.cache_folder import delete_cache, open_cache, set_aside
from rollbook.store.safe_disk import DamagedCacheError

_NO_CODE = sqlite3.SQLITE_OK
_DAMAGE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class CacheFailedError(Exception):
    """The disk or the file failed; the message is the failure's name, without any content."""


class Kept(msgspec.Struct, frozen=True):
    """An answer as it is kept; ``as_of`` is in UTC."""

    as_of: Annotated[datetime, msgspec.Meta(tz=True)]
    data: bytes


class KeptAnswers:
    """Methods raise :class:`CacheFailedError`.

    A damaged cache is set aside before that: the next call finds an empty one.
    """

    def __init__(self, folder: Path, size_mib: int) -> None:
        self._folder = folder
        self._size_mib = size_mib
        self._cache: Cache | None = None

    def read(self, key: str) -> Kept | None:
        """What was kept for ``key``."""
        with self._translated():
            packed = self._opened().get(key)
            return None if packed is None else _unpacked(packed)

    def write(self, key: str, kept: Kept) -> bool:
        """Keep it in place of what was; ``True`` once it is there."""
        with self._translated():
            return bool(self._opened().set(key, msgspec.msgpack.encode(kept)))

    def delete(self, key: str) -> bool:
        """Delete what is kept for ``key``; ``True`` once nothing is."""
        with self._translated():
            self._opened().delete(key)
            return True

    def delete_all(self) -> None:
        """Delete everything, for other processes that have it open too."""
        with contextlib.suppress(CacheFailedError), self._translated():
            if self._folder.exists():
                self._opened().clear()
        self.close()
        with self._translated():
            delete_cache(self._folder)  # whatever was in the way above

    def close(self) -> None:
        """Close the file, if it is open."""
        cache, self._cache = self._cache, None
        if cache is not None:
            cache.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DamagedCacheError, sqlite3.Error, Timeout, OSError) as error:
            if _is_damage(error):
                self._set_aside()
            raise CacheFailedError(type(error).__name__) from error

    def _set_aside(self) -> None:
        self.close()
        try:
            set_aside(self._folder)
        except OSError as error:
            raise CacheFailedError(type(error).__name__) from error

    def _opened(self) -> Cache:
        if self._cache is None:
            self._cache = open_cache(self._folder, self._size_mib)
        return self._cache


def _is_damage(error: Exception) -> bool:
    """Whether the file is no good; a lock, a full disk or a lost folder passes."""
    if isinstance(error, DamagedCacheError):
        return True
    return getattr(error, "sqlite_errorcode", _NO_CODE) & 0xFF in _DAMAGE


def _unpacked(packed: bytes) -> Kept:
    try:
        return msgspec.msgpack.decode(packed, type=Kept)
    except msgspec.MsgspecError as error:
        raise DamagedCacheError("A kept answer cannot be read.") from error
