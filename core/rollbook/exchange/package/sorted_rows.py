"""The rows of a package's files, kept on the disk until all are known, given out in a stable order (D13)."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self


class SortedRows:
    """Rows by file and id, and lists of texts by owner; memory stays bounded whatever the school's size.

    What is kept is in a nameless file of SQLite's, which the system removes with this object.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.execute("CREATE TABLE row (file, id, cells, PRIMARY KEY (file, id)) WITHOUT ROWID")
        self._database.execute(
            "CREATE TABLE list (kind, owner, item, PRIMARY KEY (kind, owner, item)) WITHOUT ROWID"
        )

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Self]:
        """A new one, closed in the end."""
        rows = cls()
        try:
            yield rows
        finally:
            rows._database.close()

    def add(self, file: str, cells: Sequence[str]) -> bool:
        """Keep a row, whose first cell is its id; whether no other row of the file had it."""
        statement = "INSERT OR IGNORE INTO row VALUES (?, ?, ?)"
        return self._database.execute(statement, (file, cells[0], json.dumps(cells))).rowcount == 1

    def rows(self, file: str) -> Iterator[list[str]]:
        """The rows of a file, by their ids."""
        found = self._database.execute("SELECT cells FROM row WHERE file = ? ORDER BY id", (file,))
        return (json.loads(cells) for (cells,) in found)

    def has_any(self, file: str) -> bool:
        """Whether the file has rows."""
        found = self._database.execute("SELECT 1 FROM row WHERE file = ? LIMIT 1", (file,))
        return found.fetchone() is not None

    def add_item(self, kind: str, owner: str, item: str) -> None:
        """Keep an item of an owner's list."""
        self._database.execute("INSERT OR IGNORE INTO list VALUES (?, ?, ?)", (kind, owner, item))

    def items(self, kind: str, owner: str) -> list[str]:
        """The items of an owner's list, in the order of their texts."""
        statement = "SELECT item FROM list WHERE kind = ? AND owner = ? ORDER BY item"
        return [item for (item,) in self._database.execute(statement, (kind, owner))]
