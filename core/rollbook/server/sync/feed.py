"""Pull (S17): pages of the feed, their changes passed on as the bytes that were stored.

A page holds what the caller may see (S23): its cursor goes past the rest, so that everybody reaches the head.
"""

import re
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, case, null, or_, select

from rollbook.contract.aliases import ALIAS
from rollbook.contract.erasure import ERASED
from rollbook.contract.feed import START, Change
from rollbook.contract.sums import TableSum
from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act
from rollbook.server.auth.caller import Caller
from rollbook.server.database import Database
from rollbook.server.problems import ProblemError
from rollbook.server.proposals.showing import waiting
from rollbook.server.sync.sums import TABLES, sums_now
from rollbook.server.tables import TO_ALL, feed

_CURSOR = re.compile(r"([1-9][0-9]{0,17})\.([0-9a-f]{1,64})")


def page_of_changes(database: Database, caller: Caller, cursor: str, limit: int, known: str = START) -> bytes:
    """The page behind ``cursor``, encoded as ``contract.feed.ChangesPage``.

    Raises :class:`ProblemError`: ``cursor-unknown`` where the feed does not hold the very row of the cursor,
    or of ``known``, the last that the sender has been told of; ``cursor-too-old`` where it holds no more what
    came after it.
    """

    def read(connection: Connection) -> bytes:
        check_known(connection, caller.school_id, known)
        return _page(connection, caller, cursor, limit)

    return database.read(read)


def check_known(connection: Connection, school_id: str, known: str) -> None:
    """Raise :class:`ProblemError` ``cursor-unknown`` where the feed does not hold that very row.

    The server was put back to an earlier state then, and nothing of the sender may be taken before it has
    noticed (S22).
    """
    _position_of(connection, school_id, known)


def is_known(connection: Connection, school_id: str, cursor: str) -> bool:
    """Whether the feed holds the very row of ``cursor``."""
    try:
        check_known(connection, school_id, cursor)
    except ProblemError:
        return False
    return True


def cursor_of_head(connection: Connection, school_id: str) -> str:
    """The feed's last row as a cursor."""
    row = connection.execute(
        select(feed.c.position, feed.c.mark)
        .where(feed.c.school_id == school_id)
        .order_by(feed.c.position.desc())
        .limit(1)
    ).first()
    return START if row is None else f"{row.position}.{row.mark}"


def _page(connection: Connection, caller: Caller, cursor: str, limit: int) -> bytes:
    position = _position_of(connection, caller.school_id, cursor)
    seen = case((_may_be_seen(caller), feed.c.payload), else_=null()).label("payload")
    rows = connection.execute(
        select(feed.c.position, feed.c.mark, feed.c.entity, seen)
        .where(feed.c.school_id == caller.school_id, feed.c.position > position)
        .order_by(feed.c.position)
        .limit(limit)
    ).all()
    # Read after the rows: the head may be ahead of them, never behind; what they lack lies below the horizon.
    head, horizon, sums = sums_now(connection, caller.school_id)
    if position < horizon:
        raise ProblemError("cursor-too-old")
    if rows:
        position = rows[-1].position
        cursor = f"{position}.{rows[-1].mark}"
    page: dict[str, Any] = {"cursor": cursor, "more": position < head, "head": head, "position": position}
    if position == head:
        page["sums"] = _told(caller, sums)  # they are those of this very cursor (S21)
        page["proposals"] = waiting(connection, caller)
    tail = msgspec.json.encode(page)
    changes = ",".join(row.payload for row in rows if _is_seen(caller, row)).encode()
    return b'{"changes":[' + changes + b"]," + tail[1:]


def _told(caller: Caller, sums: dict[str, TableSum]) -> dict[str, TableSum]:
    """The sums of the tables of which the caller may read all: a part has no sum of its own (S21, S23)."""
    return {
        name: sums.get(name, TableSum())
        for name in TABLES
        if any(scope.is_whole for scope in caller.may(Act.READ, name))
    }


def _may_be_seen(caller: Caller) -> ColumnElement[bool]:
    """What is addressed to the caller, and what is of an entity of which they may read any record."""
    readable = [name for name in ENTITIES if caller.may(Act.READ, name)]
    if readable:
        readable.append(ALIAS)  # two ids, and nothing of the record
    readable.append(ERASED)  # an id: also to who may not read it now, and could once (D3)
    to_all = (feed.c.addressee == TO_ALL) & feed.c.entity.in_(readable)
    return or_(feed.c.addressee == caller.user_id, to_all)


def _is_seen(caller: Caller, row: Any) -> bool:
    if row.payload is None:
        return False
    scopes = caller.may(Act.READ, row.entity)
    if not scopes or any(scope.is_whole for scope in scopes):  # none: it is addressed to the caller
        return True
    change = msgspec.json.decode(row.payload, type=Change)
    return caller.covers(Act.READ, change.entity, change.id, change.values or {})


def _position_of(connection: Connection, school_id: str, cursor: str) -> int:
    """The position of ``cursor``, 0 for the start. Raises :class:`ProblemError` ``cursor-unknown``."""
    if cursor == START:
        return 0
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise ProblemError("cursor-unknown")
    position = int(match[1])
    mark = connection.execute(
        select(feed.c.mark).where(feed.c.school_id == school_id, feed.c.position == position)
    ).scalar()
    if mark != match[2]:
        _head, horizon, _sums = sums_now(connection, school_id)
        raise ProblemError("cursor-too-old" if position < horizon else "cursor-unknown")
    return position
