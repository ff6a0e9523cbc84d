"""The sums of what this computer has from the school, kept with each write of a base (S21)."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from rollbook.contract.sums import TableSum, sum_of, version_hash
from rollbook.store.rows import read
from rollbook.store.tables import REPLICA

Moved = tuple[str, int | None, int | None]
"""A record's id, the version that its base had, and the one that it has; ``None`` for no base."""


def note(connection: Connection, entity: str, moved: Iterable[Moved]) -> None:
    """Take bases that have moved into the sum."""
    rows = by = 0  # plain numbers: a first sync comes here with every record of the school
    for record_id, before, after in moved:
        if after is not None:
            rows += 1
            by += version_hash(record_id, after)
        if before is not None:
            rows -= 1
            by -= version_hash(record_id, before)
    difference = TableSum().moved(rows, by)
    if difference != TableSum():
        _put(connection, entity, kept(connection, entity).moved(difference.rows, difference.sum))


def kept(connection: Connection, entity: str) -> TableSum:
    """The sum as it was kept."""
    found = read(connection, "SELECT rows, sum FROM base_sum WHERE entity = ?", (entity,))
    return TableSum(*found[0]) if found else TableSum()


def counted(connection: Connection, entity: str) -> TableSum:
    """The sum of the rows that are really here, whatever was kept; reads all of them."""
    table = REPLICA[entity]
    query = select(table.c.id, table.c.version).where(table.c.version.is_not(None))
    rows = connection.execute(query, execution_options={"yield_per": 5_000})
    return sum_of((row[0], row[1]) for row in rows)


def wrongly_kept(connection: Connection) -> dict[str, tuple[int, int]]:
    """By entity, how far what was kept is from what is here (rows and sum); empty when all is right."""
    found = {}
    for entity in REPLICA:
        right, as_kept = counted(connection, entity), kept(connection, entity)
        if right != as_kept:
            found[entity] = (right.rows - as_kept.rows, right.sum - as_kept.sum)
    return found


def mend(connection: Connection, wrong: dict[str, tuple[int, int]]) -> None:
    """Move what is kept by those distances: what was written since they were found stays counted."""
    for entity, (rows, by) in wrong.items():
        _put(connection, entity, kept(connection, entity).moved(rows, by))


def differing(connection: Connection, at_school: dict[str, TableSum]) -> list[str]:
    """The entities of which this computer does not have what the school tells at the same cursor."""
    told = [entity for entity in REPLICA if entity in at_school]
    return [entity for entity in told if kept(connection, entity) != at_school[entity]]


def _put(connection: Connection, entity: str, found: TableSum) -> None:
    connection.exec_driver_sql(
        "INSERT INTO base_sum (entity, rows, sum) VALUES (?, ?, ?) "
        "ON CONFLICT (entity) DO UPDATE SET rows = excluded.rows, sum = excluded.sum",
        (entity, found.rows, found.sum),
    )
