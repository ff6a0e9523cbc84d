"""The school's records as they are now, by (entity, id): a first sync reads them, not the feed (S20)."""

import msgspec

from rollbook.contract.scope import ScopeChange

MAX_SNAPSHOT_PAGE = 20_000
FIRST = ""
"""The key before every id."""


class SnapshotTable(msgspec.Struct, frozen=True):
    """An entity that the snapshot holds, and how many records of it there are, so that the size is known."""

    entity: str
    rows: int


class SnapshotPlan(msgspec.Struct, frozen=True):
    """``cursor`` is the feed's head before any record is read: the feed is followed from there.

    ``tables`` come smallest first. What changes while they are read comes again by the feed. ``rights`` is
    what the asking user has: they may never have been told by the feed, or by one that is gone (S22, S23).
    """

    cursor: str
    tables: list[SnapshotTable]
    rights: ScopeChange | None = None


class SnapshotRow(msgspec.Struct, frozen=True, array_like=True):
    """A record: ``values`` is an object of its known values, canonical; a field that it lacks is unknown."""

    id: str
    version: int
    deleted: bool
    values: msgspec.Raw


class SnapshotPage(msgspec.Struct, frozen=True):
    """Records behind a key, in the order of their ids; ``more``: there are others behind the last."""

    rows: list[SnapshotRow]
    more: bool
