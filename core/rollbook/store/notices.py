"""What befell the store on this computer, kept until a person has seen it (S28)."""

from typing import Annotated

import msgspec
from sqlalchemy import Connection

from rollbook.store import meta

_NAME = "notices"


class Notice(msgspec.Struct, frozen=True):
    """``kind``: ``damaged`` (set aside as the file ``aside``), ``missing``, ``log_lost``, or ``erased``:
    somebody was erased ``by`` that user, which ended ``lost`` entries that waited, the first of them made at
    ``entered_at`` (D3).

    ``kept`` counts the waiting entries that were saved from it, ``lost`` those that were seen and could not
    be read; without ``whole`` there may have been more. ``at`` is ISO 8601 in UTC.
    """

    kind: str
    at: str
    aside: str = ""
    kept: Annotated[int, msgspec.Meta(ge=0)] = 0
    lost: Annotated[int, msgspec.Meta(ge=0)] = 0
    whole: bool = True
    by: str = ""
    entered_at: str = ""


def add(connection: Connection, notice: Notice) -> None:
    """Keep a notice, after the earlier ones."""
    meta.put(connection, _NAME, msgspec.json.encode([*all_of(connection), notice]).decode())


def all_of(connection: Connection) -> tuple[Notice, ...]:
    """Those that nobody has seen yet, the oldest first."""
    try:
        return tuple(msgspec.json.decode(meta.get(connection, _NAME) or "[]", type=list[Notice]))
    except msgspec.MsgspecError:
        return ()


def seen(connection: Connection) -> None:
    """A person has seen them."""
    meta.put(connection, _NAME, None)
