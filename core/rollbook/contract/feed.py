"""The feed of changes and its pages (S17, S18)."""

from typing import Any

import msgspec

from rollbook.contract.sums import TableSum

MAX_PAGE = 5_000
START = "0"


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row of the feed: the record as it is after the change. ``values`` are all its fields, canonical.

    ``seal`` is the server's own mark on this very version, made over its content, ``owner`` (the id of the
    user whose operation made it) and ``after``, the seal of the version before it: so a computer can give it
    back to a server that has lost it (S22). ``recovered`` tells one that came back so.
    """

    entity: str
    id: str
    version: int
    values: dict[str, Any] | None = None
    deleted: bool = False
    by: str = ""
    at: str = ""
    op_id: str = ""
    owner: str = ""
    after: str = ""
    seal: str = ""
    recovered: bool = False


def position_of(cursor: str) -> int:
    """The position of the row to which a cursor of ours points."""
    return int(cursor.partition(".")[0] or 0)


def later_cursor(one: str, other: str) -> str:
    """The cursor that is further in the feed."""
    return max(one, other, key=position_of)


class ChangesPage(msgspec.Struct, frozen=True):
    """A page: its changes in order, the cursor behind the last one, and whether the head is reached.

    The last page has ``sums``, those of the tables at its cursor (S21), and, for one who decides proposals,
    ``proposals``: how many are open (S23).
    ``head`` is the number of changes that the feed holds, so that progress can be told beforehand.
    """

    changes: list[Change]
    cursor: str
    more: bool
    head: int
    position: int
    sums: dict[str, TableSum] = {}
    proposals: int | None = None
