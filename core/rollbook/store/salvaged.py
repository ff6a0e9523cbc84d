"""What was read of a damaged store, and whether that is all (S28)."""

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(slots=True)
class Part:
    """The rows of one table that could be read, by rowid.

    ``missing`` are those of which an index tells that they were there. ``known``: which were there is known,
    by reading the table to its end or an index of it.
    """

    rows: dict[int, Row] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    known: bool = False

    @property
    def complete(self) -> bool:
        """Whether all that were there are here."""
        return self.known and not self.missing

    def add(self, rowid: int, row: Row) -> None:
        """One more that was found, unless it is here."""
        self.rows.setdefault(rowid, row)
        self.missing.discard(rowid)


@dataclass(slots=True)
class Salvaged:
    """What could be read of a store. ``unread`` counts rows of entries that a page has and nobody can read.

    ``doubtful`` are entries that lie where the disk is known to have changed something (by sequence).
    """

    parts: dict[str, Part] = field(default_factory=dict)
    unread: int = 0
    doubtful: set[int] = field(default_factory=set)

    def rows(self, table: str) -> dict[int, Row]:
        """The rows of a table that could be read."""
        return self.parts[table].rows if table in self.parts else {}

    @property
    def lost(self) -> int:
        """How many were seen to be there and could not be read: entries, and parts of an import."""
        missing = sum(len(self.parts[name].missing) for name in ENTERED if name in self.parts)
        return max(missing, self.unread)

    @property
    def whole(self) -> bool:
        """Whether everything that a person entered is known to have been read."""
        return all(name in self.parts and self.parts[name].complete for name in ENTERED)


ENTERED = ("operation", "staged")
"""The tables that hold what a person has entered."""
