"""How far the store has come, kept in it and beside it: so that a log that loses its end is noticed (S28).

Each commit counts itself in the store. The mark beside it is written after the commit, and not forced to the
disk, so that a save does not wait for it: after a power cut it may be older than the store, never newer.
"""

import errno
import mmap
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from rollbook.store import rows

_COUNTER = "commits made"  # no table has this name; the row lies where a new entry writes anyway
_ENTRIES = "operation"
_SHAPE = struct.Struct(">8sQQ")
_MAGIC = b"rollbook"
_SIZE = _SHAPE.size + 4


@dataclass(frozen=True, slots=True)
class Mark:
    """How many commits there were, and the number of the last entry that was made."""

    commits: int
    entries: int


def count(connection: Connection) -> Mark:
    """Count the transaction that is about to be committed."""
    now = of(connection)
    if now.commits:
        rows.write(connection, "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = ?", [(_COUNTER,)])
    else:
        rows.write(connection, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, 1)", [(_COUNTER,)])
    return Mark(now.commits + 1, now.entries)


def of(connection: Connection) -> Mark:
    """How far the store itself says that it has come."""
    found = rows.read(
        connection, "SELECT name, seq FROM sqlite_sequence WHERE name IN (?, ?)", (_COUNTER, _ENTRIES)
    )
    known = dict(found)
    return Mark(int(known.get(_COUNTER, 0)), int(known.get(_ENTRIES, 0)))


def reach(connection: Connection, mark: Mark) -> None:
    """Go on from the mark: what it says to have been given is not given again."""
    for name, number in ((_COUNTER, mark.commits), (_ENTRIES, mark.entries)):
        rows.write(connection, "DELETE FROM sqlite_sequence WHERE name = ? AND seq < ?", [(name, number)])
        statement = "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, ?2 WHERE NOT EXISTS "
        statement += "(SELECT 1 FROM sqlite_sequence WHERE name = ?1)"
        rows.write(connection, statement, [(name, number)])


class MarkBeside:
    """The mark beside a store that is open: a page of memory that the system writes when it likes.

    Where there is no room for it, none is kept; an earlier one stays as it was.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._page: mmap.mmap | None = None

    def note(self, mark: Mark) -> None:
        """It was committed."""
        content = _SHAPE.pack(_MAGIC, mark.commits, mark.entries)
        content += struct.pack(">I", zlib.crc32(content))
        if self._page is None:
            self._page = _mapped(_beside(self._store))
        if self._page is not None:
            self._page[:_SIZE] = content

    def close(self) -> None:
        """Let it go."""
        if self._page is not None:
            self._page.close()
            self._page = None


def told(store: Path) -> Mark | None:
    """How far the mark beside it says that it had come; ``None`` where there is none to be believed."""
    try:
        content = _beside(store).read_bytes()
    except OSError:
        return None
    if len(content) != _SIZE or content[-4:] != struct.pack(">I", zlib.crc32(content[:-4])):
        return None
    magic, commits, entries = _SHAPE.unpack(content[:-4])
    return Mark(commits, entries) if magic == _MAGIC else None


def forget(store: Path) -> None:
    """Another store takes its place."""
    _beside(store).unlink(missing_ok=True)


def _mapped(file: Path) -> mmap.mmap | None:
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_size != _SIZE:
            _make(descriptor)
        return mmap.mmap(descriptor, _SIZE)
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)


def _make(descriptor: int) -> None:
    """With its bytes written, not only its length set: a page without room on a full disk cannot be."""
    os.ftruncate(descriptor, 0)
    if os.write(descriptor, bytes(_SIZE)) != _SIZE:
        raise OSError(errno.ENOSPC, "no room for the mark")


def _beside(store: Path) -> Path:
    return store.with_name(store.name + ".mark")
