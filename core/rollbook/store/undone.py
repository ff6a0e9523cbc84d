"""Entries of a run as they bear on undoing it, read and taken away set by set (D9, S6)."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from rollbook.domain.registry import ENTITIES
from rollbook.store import replica, runs
from rollbook.store.entry_text import changes_of
from rollbook.store.later_entries import rebase
from rollbook.store.rows import THESE, listed, read, these, write
from rollbook.store.states import ACTIVE, State

_OVER = (State.REPLACED, State.DISCARDED, State.DECLINED)


def of_run(connection: Connection, run: str) -> list[tuple[str, str]]:
    """(entry, record) of what a run entered and is not over, the last first; without what is undone."""
    statement = (
        f"SELECT op_id, entity_id FROM operation WHERE run = ? AND +state NOT IN ({listed(_OVER)}) "
        "AND op_id NOT IN (SELECT op_id FROM run_row WHERE run = ?1 AND op_id IS NOT NULL AND ended <> '') "
        "ORDER BY position DESC, sequence DESC"
    )
    return [tuple(row) for row in read(connection, statement, [run])]


def entries(connection: Connection, op_ids: Sequence[str]) -> list[Any]:
    """The rows of those of the entries that are there, in the order of the ids."""
    found = connection.exec_driver_sql(f"SELECT * FROM operation WHERE op_id IN {THESE}", (these(op_ids),))
    rows = {row.op_id: row for row in found}
    return [rows[op_id] for op_id in op_ids if op_id in rows]


def waiting_of(connection: Connection, record_ids: Sequence[str]) -> dict[str, list[Any]]:
    """The rows of the entries that wait, by record."""
    found: dict[str, list[Any]] = {}
    statement = f"SELECT * FROM operation WHERE entity_id IN {THESE} AND +state IN ({listed(ACTIVE)})"
    for row in connection.exec_driver_sql(statement, (these(record_ids),)):
        found.setdefault(row.entity_id, []).append(row)
    return found


def naming(connection: Connection, entity: str, record_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(record, the id of another that names it) of what is shown here and not archived."""
    if not record_ids:
        return
    wanted = these(record_ids)
    for other in ENTITIES.values():
        for spec in other.references:
            if spec.refers_to == entity:
                statement = (
                    f'SELECT "{spec.name}", id FROM "{other.name}" '
                    f'WHERE deleted = 0 AND "{spec.name}" IN {THESE}'
                )
                yield from read(connection, statement, [wanted])


def take_back(connection: Connection, rows: Sequence[Any]) -> None:
    """Take entries back that were never leased, as if they had never been; later ones are told (S6, S13)."""
    write(connection, "DELETE FROM operation WHERE sequence = ?", [(row.sequence,) for row in rows])
    runs.end(connection, [(runs.TAKEN_BACK, row.op_id) for row in rows])
    still = waiting_of(connection, [row.entity_id for row in rows])
    records: dict[str, dict[str, None]] = {}
    for row in rows:
        records.setdefault(row.entity, {})[row.entity_id] = None
        if row.entity_id in still:
            there_instead = {
                name: (change["value"], change["had"]) for name, change in changes_of(row.changes).items()
            }
            rebase(connection, row.entity_id, row.position, there_instead)
    for name, ids in records.items():
        replica.renew(connection, ENTITIES[name], ids)
