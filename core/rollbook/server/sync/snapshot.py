"""A first sync's records by key (S20): short reads, passed on without an object for each."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from rollbook.contract.feed import START
from rollbook.contract.scope import ScopeChange
from rollbook.contract.snapshot import SnapshotPlan, SnapshotTable
from rollbook.contract.sums import TableSum
from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act, as_text
from rollbook.server.auth.caller import Caller
from rollbook.server.database import Database
from rollbook.server.problems import ProblemError
from rollbook.server.sync.feed import check_known
from rollbook.server.sync.sums import TABLES, of_school, sums_now
from rollbook.server.sync.write import heads_of
from rollbook.server.tables import feed, membership

_VALUES: dict[str, type[msgspec.Struct]] = {
    name: msgspec.defstruct(
        f"{name}_values", [(field, Any, None) for field in ENTITIES[name].names], omit_defaults=True
    )
    for name in TABLES
}
"""What a record's values are encoded as: the known ones only."""
_encoder = msgspec.json.Encoder()


def snapshot_plan(database: Database, caller: Caller) -> SnapshotPlan:
    """The feed's head, then what there is for the caller to read (S23)."""

    def read(connection: Connection) -> SnapshotPlan:
        cursor = head_cursor(connection, caller.school_id)
        _head, _horizon, sums = sums_now(connection, caller.school_id)
        tables = [
            SnapshotTable(name, sums.get(name, TableSum()).rows)
            for name in TABLES
            if caller.may(Act.READ, name)
        ]
        tables.sort(key=lambda table: (table.rows, table.entity))
        return SnapshotPlan(cursor, tables, _rights(connection, caller))

    return database.read(read)


def _rights(connection: Connection, caller: Caller) -> ScopeChange:
    """What the caller has, as the feed would tell it."""
    row = connection.execute(
        select(membership.c.role, membership.c.scope_version).where(
            membership.c.user_id == caller.user_id, membership.c.school_id == caller.school_id
        )
    ).one()
    return ScopeChange(row.scope_version, row.role, as_text(caller.scopes))


def snapshot_page(
    database: Database, caller: Caller, entity: str, after: str, limit: int, known: str = START
) -> bytes:
    """The page behind the id ``after``, encoded as ``contract.snapshot.SnapshotPage``.

    None is older than the feed is at the cursor ``known``, which one names who follows it already (S23).
    Raises :class:`ProblemError`: ``forbidden``, ``not-found`` for an entity that the server does not keep, or
    ``cursor-unknown`` where its feed does not hold the cursor's very row, so that what it has may be older.
    """
    table = TABLES.get(entity)
    if table is None or "\x00" in after:  # PostgreSQL takes no such text, and no id has it
        raise ProblemError("not-found", "The server keeps no such records.")
    if not caller.may(Act.READ, entity):
        raise ProblemError("forbidden")

    def read(connection: Connection) -> bytes:
        check_known(connection, caller.school_id, known)  # first: what is read after it is at it or beyond
        return _page(connection, table, caller, after, limit)

    return database.read(read)


def head_cursor(connection: Connection, school_id: str) -> str:
    """The cursor behind the last change that is committed."""
    head = heads_of(connection, [school_id]).get(school_id, 0)
    mark = connection.execute(
        select(feed.c.mark).where(feed.c.school_id == school_id, feed.c.position == head)
    ).scalar()
    return START if mark is None else f"{head}.{mark}"


def _page(connection: Connection, table: Table, caller: Caller, after: str, limit: int) -> bytes:
    rows = _covered_rows(connection, table, caller, after, limit + 1)
    values = _VALUES[table.name]
    shown = [(row[0], row[1], row[2] is not None, values(*row[3:])) for row in rows[:limit]]
    return _encoder.encode({"rows": shown, "more": len(rows) > limit})


def _covered_rows(connection: Connection, table: Table, caller: Caller, after: str, limit: int) -> list[Any]:
    """The first ``limit`` rows behind ``after`` that the caller may see."""
    rows = rows_behind(connection, table, caller.school_id, after, limit)
    if any(scope.is_whole for scope in caller.may(Act.READ, table.name)):
        return rows
    covered = [row for row in rows if _is_covered(caller, table.name, row)]
    while len(covered) < limit and rows:
        rows = rows_behind(connection, table, caller.school_id, rows[-1][0], limit)
        covered += [row for row in rows if _is_covered(caller, table.name, row)]
    return covered[:limit]


def _is_covered(caller: Caller, entity: str, row: Any) -> bool:
    values = dict(zip(ENTITIES[entity].names, row[3:], strict=True))
    return caller.covers(Act.READ, entity, row[0], values)


def rows_behind(connection: Connection, table: Table, school_id: str, after: str, limit: int) -> list[Any]:
    """Up to ``limit`` rows as they are now: id, version, when archived, then the values in order."""
    entity = ENTITIES[table.name]
    columns = (table.c.id, table.c.version, table.c.deleted_at, *(table.c[name] for name in entity.names))
    query = select(*columns).where(of_school(table, school_id), table.c.id > after)
    return list(connection.execute(query.order_by(table.c.id).limit(limit)))
