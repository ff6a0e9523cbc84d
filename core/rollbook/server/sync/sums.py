"""The sums of a school's tables, kept with its feed's counter: each belongs to exactly that head (S21)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, insert, select, update

from rollbook.contract.sums import MASK, TableSum, sum_of, version_hash
from rollbook.server.tables import record_tables, school, school_feed, school_sum

Moved = tuple[str, str, int | None, int | None]
"""An entity, a record's id, the version that it had (``None``: it is new), and the one that it has
(``None``: it was erased)."""
TABLES: dict[str, Table] = {"school": school, **record_tables}


def note_versions(connection: Connection, school_id: str, moved: Iterable[Moved]) -> None:
    """Take new versions into the sums. The caller holds the school's counter: nobody comes between."""
    by_entity: dict[str, TableSum] = {}
    for entity, record_id, before, after in moved:
        rows = int(before is None) - int(after is None)
        by = version_hash(record_id, after) - version_hash(record_id, before)
        by_entity[entity] = by_entity.get(entity, TableSum()).moved(rows, by)
    for entity, difference in by_entity.items():
        _add(connection, school_id, entity, difference)


def sums_now(connection: Connection, school_id: str) -> tuple[int, int, dict[str, TableSum]]:
    """The feed's head, its horizon and the sums at that head: one statement, so that they belong together."""
    rows = connection.execute(
        select(
            school_feed.c.head,
            school_feed.c.feed_horizon,
            school_sum.c.entity,
            school_sum.c.rows,
            school_sum.c.sum,
        )
        .outerjoin_from(school_feed, school_sum, school_sum.c.school_id == school_feed.c.school_id)
        .where(school_feed.c.school_id == school_id)
    ).all()
    if not rows:
        return 0, 0, {}
    sums = {row.entity: TableSum(row.rows, row.sum) for row in rows if row.rows}
    return rows[0].head, rows[0].feed_horizon, sums


def counted_anew(connection: Connection, school_id: str) -> dict[str, TableSum]:
    """The sums of the records themselves, whatever was kept. Reads every record's id and version."""
    found = {}
    for name, table in TABLES.items():
        query = select(table.c.id, table.c.version).where(of_school(table, school_id))
        rows = connection.execute(query, execution_options={"yield_per": 5_000})
        counted = sum_of((row[0], row[1]) for row in rows)
        if counted.rows:
            found[name] = counted
    return found


def set_right(connection: Connection, school_id: str) -> None:
    """Keep what is counted anew; holds the school's counter, so that no writer comes between."""
    hold_counter(connection, school_id)
    connection.execute(delete(school_sum).where(school_sum.c.school_id == school_id))
    for name, counted in counted_anew(connection, school_id).items():
        _add(connection, school_id, name, counted)


def hold_counter(connection: Connection, school_id: str) -> int:
    """Keep other writers of the school out until the commit; gives the feed's head."""
    query = select(school_feed.c.head).where(school_feed.c.school_id == school_id).with_for_update()
    return int(connection.execute(query).scalar_one())


def of_school(table: Table, school_id: str) -> Any:
    """The condition that a record is the school's."""
    return (table.c.school_id if "school_id" in table.c else table.c.id) == school_id


def _add(connection: Connection, school_id: str, entity: str, difference: TableSum) -> None:
    kept = school_sum.c
    changed = connection.execute(
        update(school_sum)
        .where(and_(kept.school_id == school_id, kept.entity == entity))
        .values(rows=kept.rows + difference.rows, sum=(kept.sum + difference.sum).op("&")(MASK))
    )
    if not changed.rowcount:
        values = {"rows": difference.rows, "sum": difference.sum}
        connection.execute(insert(school_sum).values(school_id=school_id, entity=entity, **values))


def schools(connection: Connection) -> list[str]:
    """The ids of all schools."""
    return list(
        connection.execute(select(school_feed.c.school_id).order_by(school_feed.c.school_id)).scalars()
    )


def is_right(connection: Connection, school_id: str) -> bool:
    """Whether the kept sums are those of the records. A write in between may deceive it once, not twice."""
    return any(
        sums_now(connection, school_id)[2] == counted_anew(connection, school_id) for _attempt in range(2)
    )
