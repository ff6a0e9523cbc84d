"""A snapshot that is read in page by page, each with its progress in one transaction (S20).

What is here stays usable while it runs: pages are small, the search index follows each of them, and of the
other indexes only the list's own order is kept up; the rest are made at the end, each in its own transaction.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, inspect, select, update
from sqlalchemy.schema import CreateIndex

from rollbook.contract.feed import Change
from rollbook.contract.snapshot import SnapshotPlan, SnapshotTable
from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.store import filling_number, meta, pending, recovery, replica, sums
from rollbook.store.bulk import put_rows
from rollbook.store.replica_rows import Row
from rollbook.store.tables import FILLING, REPLICA

_CURSOR = "filling_cursor"
_WHERE_IT_IS = "-"
_FEW_TO_INDEX = 300_000
"""A larger table keeps its indexes while it is filled: making one anew would hold up a save for too long."""


@dataclass(frozen=True, slots=True)
class Filling:
    """Where it is: the next records to ask for are those of ``entity`` behind the id ``after``.

    ``entity`` is ``None`` when all are here. ``taken`` and ``rows`` count records, over all entities.
    """

    cursor: str
    entity: str | None
    after: str
    taken: int
    rows: int


def begin(connection: Connection, plan: SnapshotPlan) -> None:
    """From now on all that the plan names is read in, but for entities that this version does not know.

    What is here already stays as it is shown: each record that is found takes its place, and what is not
    found is gone at the end (S7).
    """
    _note(connection, plan.tables, plan.cursor)


def begin_repair(connection: Connection, plan: SnapshotPlan, entity: str) -> None:
    """The same for one entity alone; the feed is followed from where it is (S21)."""
    _note(connection, [table for table in plan.tables if table.entity == entity], _WHERE_IT_IS)


def abandon(connection: Connection) -> None:
    """Nothing is read in any more."""
    connection.execute(FILLING.delete())
    meta.put(connection, _CURSOR, None)


def _note(connection: Connection, tables: Sequence[SnapshotTable], cursor: str) -> None:
    connection.execute(FILLING.delete())
    filling_number.next_number(connection)
    meta.put(connection, _CURSOR, cursor)
    known = [table for table in tables if table.entity in REPLICA]
    for place, table in enumerate(known):
        empty = sums.kept(connection, table.entity).rows == 0 and _is_empty(connection, table.entity)
        values = {"entity": table.entity, "place": place, "rows": table.rows, "swept": None if empty else 0}
        values["done"] = int(table.rows == 0)  # what comes after the cursor comes with the feed
        connection.execute(insert(FILLING).values(**values))
        if table.rows <= _FEW_TO_INDEX and empty:
            _drop_indexes(connection, table.entity)


def running(connection: Connection) -> Filling | None:
    """The snapshot that is being read in, ``None`` for none."""
    rows = connection.execute(select(FILLING).order_by(FILLING.c.place)).all()
    cursor = meta.get(connection, _CURSOR)
    if not rows or cursor is None:
        return None
    at = next((row for row in rows if not row.done), None)
    return Filling(
        cursor,
        None if at is None else at.entity,
        "" if at is None else at.after,
        sum(row.taken for row in rows),
        sum(max(row.rows, row.taken) for row in rows),
    )


def take_page(connection: Connection, entity_name: str, rows: Sequence[Row], *, more: bool) -> None:
    """Take a page's rows, in the order of their ids, and remember that they are here."""
    put_page(connection, entity_name, rows, filling_number.finding(connection, entity_name))
    values: dict[str, Any] = {"taken": FILLING.c.taken + len(rows), "done": int(not more)}
    if rows:
        values["after"] = rows[-1][0]
    connection.execute(update(FILLING).where(FILLING.c.entity == entity_name).values(values))


def put_page(connection: Connection, entity_name: str, rows: Sequence[Row], filling: int = 0) -> None:
    """Take rows as the school has them; entries that wait stay on top. No row goes to a lower version."""
    entity = ENTITIES[entity_name]
    waiting = pending.records_with_entries(connection, (row[0] for row in rows))
    put_rows(connection, entity, [row for row in rows if row[0] not in waiting], filling)
    news = {row[0]: _change(entity_name, row) for row in rows if row[0] in waiting}
    replica.renew(connection, entity, news, news)


def missing_index(connection: Connection) -> tuple[str, str] | None:
    """The table and the name of an index that was left for the end, ``None`` when all are there."""
    present = inspect(connection)
    for name, table in REPLICA.items():
        made = {index["name"] for index in present.get_indexes(name)}
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if index.name not in made:
                return name, str(index.name)
    return None


def make_index(connection: Connection, table: str, name: str) -> None:
    """Make one index."""
    (index,) = (index for index in REPLICA[table].indexes if index.name == name)
    connection.execute(CreateIndex(index, if_not_exists=True))


def sweep(connection: Connection, limit: int) -> bool:
    """Let some rows go whose records were not found: the school has them no more. ``False``: all is swept.

    A record on which entries wait stays as it was shown, with no base: the school answers for each of them,
    and a person decides.
    """
    at = connection.execute(select(FILLING).where(FILLING.c.swept.is_not(None)).limit(1)).first()
    if at is None:
        return False
    entity, number = ENTITIES[at.entity], filling_number.number(connection)
    until = at.swept + limit
    missing = connection.exec_driver_sql(
        f'SELECT id, version FROM "{at.entity}" WHERE row > ? AND row <= ? AND version IS NOT NULL '
        "AND filled <> ?",
        (at.swept, until, number),
    ).all()
    _let_go(connection, entity, {row[0]: row[1] for row in missing})
    last = connection.exec_driver_sql(f'SELECT coalesce(max(row), 0) FROM "{at.entity}"').scalar_one()
    swept = until if until < last else None
    connection.execute(update(FILLING).where(FILLING.c.entity == at.entity).values(swept=swept))
    return True


def finish(connection: Connection) -> str | None:
    """All is here; returns the cursor from which the feed is to be followed, ``None`` for where it is."""
    cursor = meta.get(connection, _CURSOR)
    abandon(connection)
    if cursor == _WHERE_IT_IS:
        return None
    recovery.bases_are_read_anew(connection)
    return cursor


def _let_go(connection: Connection, entity: EntityType, missing: dict[str, int]) -> None:
    sums.note(connection, entity.name, [(record_id, version, None) for record_id, version in missing.items()])
    ids = json.dumps(list(missing))
    connection.exec_driver_sql(
        f'UPDATE "{entity.name}" SET version = NULL, base_deleted = 0 '
        "WHERE id IN (SELECT value FROM json_each(?))",
        (ids,),
    )
    replica.renew(connection, entity, missing)


def _change(entity_name: str, row: Row) -> Change:
    values = dict(zip(ENTITIES[entity_name].names, row[8:], strict=True))
    return Change(entity_name, row[0], row[1], values, bool(row[3]))


def _is_empty(connection: Connection, name: str) -> bool:
    table = REPLICA[name]
    return connection.execute(select(func.count()).where(table.c.version.is_not(None))).scalar_one() == 0


def _drop_indexes(connection: Connection, name: str) -> None:
    for index in REPLICA[name].indexes:
        if index.name not in (f"{name}_sort", f"{name}_unsent"):
            index.drop(connection, checkfirst=True)
