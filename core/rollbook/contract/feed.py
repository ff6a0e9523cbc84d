"""The feed of changes and its pages (S17, S18)."""

from typing import Any

import msgspec

MAX_PAGE = 5_000
START = "0"


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row of the feed: the record as it is after the change. ``values`` are all its fields, canonical."""

    entity: str
    id: str
    version: int
    values: dict[str, Any] | None = None
    deleted: bool = False
    by: str = ""
    at: str = ""
    op_id: str = ""


class ChangesPage(msgspec.Struct, frozen=True):
    """A page: its changes in order, the cursor behind the last one, and whether the head is reached.

    ``head`` is the number of changes that the feed holds, so that progress can be told beforehand.
    """

    changes: list[Change]
    cursor: str
    more: bool
    head: int
    position: int
