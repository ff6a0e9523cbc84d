"""What an entry needs to be at the school first: the records that it names (S4)."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from rollbook.contract.operations import Kind
from rollbook.store.entry_text import ids_of
from rollbook.store.rows import THESE, listed, read, these
from rollbook.store.states import ACTIVE, State
from rollbook.store.tables import OPERATION

NO_CAUSES = "[]"


def unsent(connection: Connection, record_ids: Iterable[str]) -> dict[str, str]:
    """The entries that make those of the records that the school does not have yet, by record."""
    statement = (
        f"SELECT entity_id, op_id FROM operation WHERE entity_id IN {THESE} "
        f"AND kind = ? AND carried_by IS NULL AND +state IN ({listed(ACTIVE)})"
    )
    return dict(read(connection, statement, [these(record_ids), Kind.CREATE.value]))


def are_met(connection: Connection, depends_on: str) -> bool:
    """Whether none of those entries waits any more."""
    if depends_on == NO_CAUSES:
        return True
    waiting = connection.execute(
        select(OPERATION.c.op_id)
        .where(OPERATION.c.op_id.in_(ids_of(depends_on)), OPERATION.c.state.in_(ACTIVE))
        .limit(1)
    ).first()
    return waiting is None


def at_the_school(connection: Connection, depends_on: str) -> tuple[str, ...]:
    """Those of the entries that the school has taken: what was given up or replaced is no cause any more."""
    if depends_on == NO_CAUSES:
        return ()
    wanted = ids_of(depends_on)
    found = connection.execute(
        select(OPERATION.c.op_id).where(OPERATION.c.op_id.in_(wanted), OPERATION.c.state == State.APPLIED)
    )
    taken = set(found.scalars())
    return tuple(op_id for op_id in wanted if op_id in taken)


def waiting(connection: Connection, rows: Iterable[Any]) -> dict[str, list[Any]]:
    """The rows of entries that those of ``rows`` wait for, by the entry that waits."""
    wanted = {row.op_id: ids_of(row.depends_on) for row in rows if row.depends_on != NO_CAUSES}
    if not wanted:
        return {}
    every = these(op_id for causes in wanted.values() for op_id in causes)
    found = connection.exec_driver_sql(
        f"SELECT * FROM operation WHERE op_id IN {THESE} AND +state IN ({listed(ACTIVE)})", (every,)
    )
    by_id = {row.op_id: row for row in found}
    return {op_id: [by_id[each] for each in causes if each in by_id] for op_id, causes in wanted.items()}


def hanging_on(connection: Connection, op_ids: Sequence[str]) -> list[Any]:
    """The rows of entries that wait for any of these, and of those that wait for them, in order."""
    found: dict[str, Any] = {}
    new = list(op_ids)
    while new:
        rows = [row for op_id in new for row in _needing(connection, op_id) if row.op_id not in found]
        found |= {row.op_id: row for row in rows}
        new = [row.op_id for row in rows]
    return sorted(found.values(), key=lambda row: (row.position, row.sequence))


def turn(connection: Connection, old: str, new: str) -> None:
    """What waited for one entry waits for the one in its place."""
    for row in _needing(connection, old):
        needed = [new if each == old else each for each in ids_of(row.depends_on)]
        statement = update(OPERATION).where(OPERATION.c.op_id == row.op_id)
        connection.execute(statement.values(depends_on=json.dumps(needed)))


def _needing(connection: Connection, op_id: str) -> Sequence[Any]:
    return connection.execute(
        select(OPERATION).where(OPERATION.c.depends_on.contains(op_id), OPERATION.c.state.in_(ACTIVE))
    ).all()
