"""How cached answers lie on the disk: text keys and bytes, and never a pickle (R9).

diskcache unpickles whatever a row says is pickled (CVE-2025-69872), and opens and deletes whatever path a row
names. Here a row is not trusted: unless it is what this class would have written, the cache is damaged.
"""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

from diskcache import UNKNOWN, Disk
from diskcache.core import MODE_BINARY, MODE_RAW

_OUR_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{28}\.val")


class DamagedCacheError(Exception):
    """A row or a file of the cache is not what the cache wrote."""


class SafeDisk(Disk):  # type: ignore[misc]  # diskcache has no types
    """Keys are ``str``, values are ``bytes``; anything else is refused in both directions."""

    def __init__(self, directory: str, **settings: Any) -> None:
        super().__init__(directory, **settings)
        # The base's own attribute can be set from the cache's settings table, which is not trusted either.
        self.__root = Path(directory)

    def put(self, key: object) -> tuple[str, bool]:
        """The key as it is kept. Raises ``TypeError`` for what would be pickled."""
        if type(key) is not str:
            raise TypeError(f"A key of the cache is text, not {type(key).__name__}.")
        return key, True

    def get(self, key: object, raw: object) -> str:
        """The key of a row. Raises :class:`DamagedCacheError` for a pickled one."""
        if not raw or type(key) is not str:
            raise DamagedCacheError("A key is not text.")
        return key

    def store(self, value: object, read: bool, key: object = UNKNOWN) -> tuple[int, int, str | None, Any]:
        """How a value is kept: (size, mode, file, value). Raises ``TypeError`` for what would be pickled."""
        if type(value) is not bytes or read:
            raise TypeError(f"A value of the cache is bytes, not {type(value).__name__}.")
        if len(value) < self.min_file_size:
            return 0, MODE_RAW, None, value
        name, path = self.filename(key, value)
        self._write(path, io.BytesIO(value), "xb")
        return len(value), MODE_BINARY, name, None

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:
        """The value of a row. Raises :class:`DamagedCacheError`, or ``OSError`` when its file is gone."""
        if mode == MODE_RAW and filename is None and type(value) is bytes and not read:
            return value
        if mode == MODE_BINARY and value is None and not read:
            return self._inside(filename).read_bytes()
        raise DamagedCacheError("A value is not plain bytes.")

    def remove(self, filename: object) -> None:
        """Delete a value's file. Raises :class:`DamagedCacheError` for a path that is not the cache's own."""
        path = self._inside(filename)
        with contextlib.suppress(OSError):  # another process may have deleted it already
            path.unlink()
        with contextlib.suppress(OSError):  # not empty, most often
            path.parent.rmdir()
            path.parent.parent.rmdir()

    def _inside(self, filename: object) -> Path:
        """The path of a value's file, which no link leads outside the directory."""
        if not isinstance(filename, str) or not _OUR_NAME.fullmatch(filename.replace("\\", "/")):
            raise DamagedCacheError("A file's name is not one that the cache gives.")
        path = self.__root / filename.replace("\\", "/")
        if not path.resolve().is_relative_to(self.__root.resolve()):
            raise DamagedCacheError("A file lies outside the cache.")
        return path
