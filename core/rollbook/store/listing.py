"""Pages of records for lists and searches, straight from SQL (W12, D5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, literal_column, select, text

from rollbook.domain.registry import ENTITIES
from rollbook.store.search_text import fold
from rollbook.store.tables import REPLICA

_FEW = 2_000
"""Up to so many matches are fetched by the word index and sorted; more are read along the sorted index."""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Rows of the replica as mappings, and how many match in all."""

    rows: list[Mapping[str, Any]]
    total: int


def page(
    connection: Connection,
    entity_name: str,
    *,
    words: str = "",
    sort: str = "name",
    descending: bool = False,
    limit: int = 200,
    offset: int = 0,
    filters: Mapping[str, Any] | None = None,
) -> ListedPage:
    """A page of the records that are not archived. Raises ``KeyError`` for an unknown entity or field."""
    table = REPLICA[entity_name]
    wanted = fold(words).split()
    where = [
        table.c.deleted == 0,
        *(table.c[_known(entity_name, k)] == v for k, v in (filters or {}).items()),
    ]
    total, narrowed = _narrow(connection, table, wanted, where)
    columns = (
        table.c.id,
        table.c.version,
        table.c.mark,
        *(table.c[name] for name in ENTITIES[entity_name].names),
    )
    statement = select(*columns).where(and_(*where, *narrowed))
    rows = connection.execute(_ordered(statement, table, sort, descending).limit(limit).offset(offset))
    return ListedPage([dict(row) for row in rows.mappings()], total)


def count(connection: Connection, entity_name: str) -> int:
    """How many records of the entity are not archived."""
    table = REPLICA[entity_name]
    return _count(connection, table, [table.c.deleted == 0])


def one(connection: Connection, entity_name: str, record_id: str) -> Mapping[str, Any] | None:
    """One record by id, archived ones too."""
    table = REPLICA[entity_name]
    found = connection.execute(select(table).where(table.c.id == record_id)).mappings().first()
    return None if found is None else dict(found)


def every(connection: Connection, entity_name: str) -> Iterator[Mapping[str, Any]]:
    """All records, archived ones too, a window of rows at a time."""
    rows = connection.execution_options(yield_per=1_000).execute(
        select(REPLICA[entity_name]).order_by(REPLICA[entity_name].c.row)
    )
    for row in rows.mappings():
        yield dict(row)


def _narrow(
    connection: Connection, table: Table, wanted: list[str], where: list[ColumnElement[bool]]
) -> tuple[int, list[ColumnElement[bool]]]:
    if not wanted:
        return _count(connection, table, where), []
    match = " AND ".join(f'"{word}"*' for word in wanted)
    index = f"{table.name}_search"
    found = connection.exec_driver_sql(
        f"SELECT rowid FROM {index} WHERE {index} MATCH ? LIMIT ?",
        (match, _FEW + 1),
    )
    rows = list(found.scalars())
    if len(rows) <= _FEW:
        narrowed: list[ColumnElement[bool]] = [table.c.row.in_(rows)]
        return _count(connection, table, [*where, *narrowed]), narrowed
    along: list[ColumnElement[bool]] = [table.c.search_text.like(f"% {word}%") for word in wanted]
    return _count_matches(connection, table, match), along


def _count(connection: Connection, table: Table, where: list[ColumnElement[bool]]) -> int:
    return connection.execute(select(func.count()).select_from(table).where(and_(*where))).scalar_one()


def _count_matches(connection: Connection, table: Table, match: str) -> int:
    index = f"{table.name}_search"
    found = text(
        f"SELECT count(*) FROM {index} s JOIN {table.name} t ON t.row = s.rowid "
        f"WHERE s.{index} MATCH :match AND t.deleted = 0"
    )
    return int(connection.execute(found, {"match": match}).scalar_one())


def _ordered(statement: Select[Any], table: Table, sort: str, descending: bool) -> Select[Any]:
    column = table.c.sort_name if sort == "name" else table.c[_known(table.name, sort)]
    first = column.desc() if descending else column.asc()
    if sort == "name":
        return statement.order_by(first, table.c.row)
    return statement.order_by(
        literal_column(f'"{column.name}" IS NULL'), first, table.c.sort_name, table.c.row
    )


def _known(entity_name: str, field: str) -> str:
    if ENTITIES[entity_name].field(field) is None:
        raise KeyError(field)
    return field
