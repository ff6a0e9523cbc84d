"""The people that were erased, in a file that no backup of the database holds (D3, S22).

A line is a school's id and the erasure as the feed told it: ids, by whom and when. A restore brings the
people back, and leaves this file alone; so it is known whom to erase again.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from rollbook.contract.feed import Change


class Listed(msgspec.Struct, frozen=True):
    """One line."""

    school_id: str
    erased: Change


class KeptList:
    """Appended to, never rewritten. Where the setting names no file, nothing is kept."""

    def __init__(self, file: str) -> None:
        self._file = Path(file) if file else None

    def read(self) -> Iterator[Listed]:
        """What is in it; a line that a crash has cut is passed over. Raises ``OSError``."""
        if self._file is None or not self._file.exists():
            return
        for line in self._file.read_bytes().splitlines():
            try:
                yield msgspec.json.decode(line, type=Listed)
            except msgspec.MsgspecError:
                continue

    def add(self, listed: Iterable[Listed]) -> None:
        """Add lines; they are on the disk when this returns. Raises ``OSError``."""
        lines = b"".join(b"\n" + msgspec.json.encode(each) for each in listed)
        if self._file is None or not lines:
            return
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "ab", closefd=True) as file:
            file.write(lines + b"\n")
            file.flush()
            os.fsync(descriptor)
