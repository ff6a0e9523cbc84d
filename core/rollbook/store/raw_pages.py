"""Rows out of a SQLite file that SQLite itself cannot read any more, page by page (S28).

Source: the file format as published by its makers, https://www.sqlite.org/fileformat2.html
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_MAGIC = b"SQLite format 3\x00"
_LEAF = 0x0D
_LOG_MAGIC = (0x377F0682, 0x377F0683)
_LONGEST = 64 * 1024 * 1024
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


class BadCellError(Exception):
    """What a page points to is no row."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row of some table: its rowid, and its values in the order in which they are stored."""

    rowid: int
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class RawPage:
    """The rows of one page that can be read, and how many it points to that cannot."""

    rows: tuple[RawRow, ...]
    bad: int


class RawFile:
    """The pages of a store with its log laid over them, as after the last commit."""

    def __init__(self, whole: bytes, log: bytes = b"", strays: Sequence[bytes] = ()) -> None:
        """``strays`` are pages of which nothing is known but that they are of this store."""
        self._size = page_size(whole, log)
        self._pages = dict(enumerate(_cut(whole, self._size), start=1))
        self._pages.update(_logged(log, self._size))
        self._strays = strays
        first = self._pages.get(1, b"")
        self._usable = self._size - (first[20] if first.startswith(_MAGIC) else 0)
        self._free = self._free_pages(first)

    def pages(self) -> Iterator[RawPage]:
        """Every page that holds rows of a table and is in use."""
        for number, page in sorted(self._pages.items()):
            start = 100 if number == 1 else 0
            if number not in self._free and len(page) == self._size and page[start] == _LEAF:
                yield self._rows_of(page, start)

    def strays(self) -> Iterator[RawPage]:
        """Those that hold rows of a table."""
        for page in self._strays:
            if len(page) == self._size and page[0] == _LEAF:
                yield self._rows_of(page, 0)

    def _rows_of(self, page: bytes, start: int) -> RawPage:
        (count,) = struct.unpack_from(">H", page, start + 3)
        rows, bad = [], 0
        for index in range(min(count, (self._size - start - 8) // 2)):
            (at,) = struct.unpack_from(">H", page, start + 8 + 2 * index)
            try:
                rows.append(self._cell(page, at))
            except (BadCellError, IndexError, struct.error, UnicodeDecodeError):
                bad += 1
        return RawPage(tuple(rows), bad)

    def _cell(self, page: bytes, at: int) -> RawRow:
        length, at = _varint(page, at)
        rowid, at = _varint(page, at)
        if not 0 < length <= _LONGEST:
            raise BadCellError
        local = self._local(length)
        payload = page[at : at + local]
        if local < length:
            (following,) = struct.unpack_from(">I", page, at + local)
            payload += self._overflow(following, length - local)
        if len(payload) != length:
            raise BadCellError
        return RawRow(rowid if rowid < 1 << 63 else rowid - (1 << 64), _values(payload))

    def _local(self, length: int) -> int:
        """How much of a payload lies in the page itself."""
        most = self._usable - 35
        if length <= most:
            return length
        least = (self._usable - 12) * 32 // 255 - 23
        kept = least + (length - least) % (self._usable - 4)
        return kept if kept <= most else least

    def _overflow(self, number: int, length: int) -> bytes:
        found = b""
        while len(found) < length:
            page = self._pages.get(number)
            if page is None:
                raise BadCellError
            found += page[4 : self._usable]
            (number,) = struct.unpack_from(">I", page)
        return found[:length]

    def _free_pages(self, first: bytes) -> set[int]:
        """Pages that hold nothing any more: what was deleted must not come back."""
        if not first.startswith(_MAGIC):
            return set()
        (trunk,) = struct.unpack_from(">I", first, 32)
        free: set[int] = set()
        while trunk and trunk not in free and trunk in self._pages:
            page = self._pages[trunk]
            free.add(trunk)
            trunk, count = struct.unpack_from(">II", page)
            count = min(count, self._size // 4 - 2)
            free.update(struct.unpack_from(f">{count}I", page, 8))
        return free


def page_size(whole: bytes, log: bytes) -> int:
    """The size of the pages, by the beginning of the store's file, or by its log."""
    size = 0
    if whole.startswith(_MAGIC):
        (size,) = struct.unpack_from(">H", whole, 16)
        size = 65536 if size == 1 else size
    elif len(log) >= 32:
        (size,) = struct.unpack_from(">I", log, 8)
    return size if size in {2**power for power in range(9, 17)} else 4096


def _cut(whole: bytes, size: int) -> list[bytes]:
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def _logged(log: bytes, size: int) -> dict[int, bytes]:
    """The pages of the log's commits; what was not committed, or is of an earlier round, does not count."""
    if len(log) < 32 or struct.unpack_from(">I", log)[0] not in _LOG_MAGIC:
        return {}
    salt, taken, waiting = log[16:24], {}, {}
    for at in range(32, len(log) - 24 - size + 1, 24 + size):
        number, committed = struct.unpack_from(">II", log, at)
        if log[at + 8 : at + 16] != salt:
            break
        waiting[number] = log[at + 24 : at + 24 + size]
        if committed:
            taken.update(waiting)
            waiting = {}
    return taken


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9


def _values(payload: bytes) -> tuple[Any, ...]:
    end, at = _varint(payload, 0)
    if end > len(payload):
        raise BadCellError
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    found = []
    at = end
    for kind in kinds:
        value, at = _value(payload, at, kind)
        found.append(value)
    if at != len(payload):
        raise BadCellError
    return tuple(found)


def _value(payload: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (0, 8, 9):
        return {0: None, 8: 0, 9: 1}[kind], at
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    if kind in (10, 11):
        raise BadCellError
    length = _INTEGER_BYTES.get(kind, (kind - 12) // 2)
    part = payload[at : at + length]
    if len(part) != length:
        raise BadCellError
    if kind in _INTEGER_BYTES:
        return int.from_bytes(part, "big", signed=True), at + length
    return (part if kind % 2 == 0 else part.decode("utf-8")), at + length
