"""Many records into the replica at once; each is what the school has, and no entry waits on it (S18, S20)."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from rollbook.domain.entity import EntityType
from rollbook.store import sums
from rollbook.store.replica_rows import BOOKKEEPING, Row
from rollbook.store.search_index import indexed_at_once

_MANY = 100
"""From so many new rows on, the search index takes them in one statement instead of by its trigger."""


def put_rows(connection: Connection, entity: EntityType, rows: Sequence[Row], filling: int = 0) -> None:
    """Add those that are not here, and move those that are to what the school has.

    No row goes to a lower version, but for those that a ``filling`` (its number) has not found before.
    """
    here = _rows_here(connection, entity.name, (row[0] for row in rows))
    new = [row for row in rows if row[0] not in here]
    moved = [row for row in rows if row[0] in here and _counts(here[row[0]], row[1], filling)]
    _insert(connection, entity, new, filling)
    _update(connection, entity, moved, filling)
    put = [(row[0], here.get(row[0], (None, 0))[0], row[1]) for row in (*new, *moved)]
    sums.note(connection, entity.name, put)


def _counts(here: tuple[int | None, int], version: int, filling: int) -> bool:
    return here[0] is None or version > here[0] or (filling > 0 and here[1] != filling)


def _rows_here(connection: Connection, name: str, ids: Iterable[str]) -> dict[str, tuple[int | None, int]]:
    """Version of the base and the filling that last found it, by id."""
    found = connection.exec_driver_sql(
        f'SELECT id, version, filled FROM "{name}" WHERE id IN (SELECT value FROM json_each(?))',
        (json.dumps(list(ids)),),
    )
    return {row[0]: (row[1], row[2]) for row in found}


def _insert(connection: Connection, entity: EntityType, rows: Sequence[Row], filling: int) -> None:
    if not rows:
        return
    columns = (*BOOKKEEPING, *entity.names)
    names = ", ".join(f'"{name}"' for name in columns)
    statement = (
        f'INSERT INTO "{entity.name}" ({names}, filled) VALUES ({", ".join("?" for _ in columns)}, {filling})'
    )
    if len(rows) < _MANY or not entity.searched:
        connection.exec_driver_sql(statement, list(rows))
        return
    with indexed_at_once(connection, entity.name):
        connection.exec_driver_sql(statement, list(rows))


def _update(connection: Connection, entity: EntityType, rows: Sequence[Row], filling: int) -> None:
    if not rows:
        return
    columns = (*BOOKKEEPING[1:], *entity.names)
    moved = ", ".join(f'"{name}" = ?' for name in columns)
    found_by = f", filled = {filling}" if filling else ""
    values: list[tuple[Any, ...]] = [(*row[1:], row[0]) for row in rows]
    connection.exec_driver_sql(f'UPDATE "{entity.name}" SET {moved}{found_by} WHERE id = ?', values)
