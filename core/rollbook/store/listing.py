"""Pages of records for lists and searches, straight from SQL (W12, D5)."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    TextClause,
    UnaryExpression,
    and_,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
)

from rollbook.domain.labels import NAMING
from rollbook.domain.registry import ENTITIES
from rollbook.schema.search_text import Alternatives, asked_words
from rollbook.store import merges
from rollbook.store.rows import THESE, read, these
from rollbook.store.tables import REPLICA, SEARCHED

_FEW = 2_000
"""Up to so many matches are fetched by the word index and sorted; more are read along the sorted index."""


Conditions = tuple[ColumnElement[bool] | TextClause, ...]


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Rows of the replica as mappings, and how many match in all."""

    rows: list[Mapping[str, Any]]
    total: int


@dataclass(frozen=True, slots=True)
class _Matches:
    """Which rows match, as conditions; how many, if that is known without counting them; or which, if few."""

    where: Conditions
    total: int | None = None
    rows: list[int] | None = None


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
    equal = tuple(
        _holds(table.c[_known(entity_name, name)], value) for name, value in (filters or {}).items()
    )
    matches = _without_merged(connection, table, _matches(connection, table, asked_words(words)))
    where = (*matches.where, *equal)
    total = _count(connection, table, where) if matches.total is None or equal else matches.total
    columns = (
        table.c.id,
        table.c.version,
        table.c.mark,
        *(table.c[name] for name in ENTITIES[entity_name].names),
    )
    rows: list[Mapping[str, Any]] = []
    for part in _in_order(connection, table, where, sort, descending):
        if len(rows) == limit:
            break
        ordered = part.statement.with_only_columns(*columns)
        found = connection.execute(ordered.limit(limit - len(rows)).offset(max(0, offset - part.before)))
        rows += [dict(row) for row in found.mappings()]
    return ListedPage(rows, total)


def _holds(column: Column[Any], value: Any) -> ColumnElement[bool]:
    """The field has the value, or one of several; ``None`` is one that it lacks."""
    wanted = value if isinstance(value, tuple) else (value,)
    known = [each for each in wanted if each is not None]
    lacks = column.is_(None) if None in wanted else false()
    return or_(column.in_(known), lacks)


def count(connection: Connection, entity_name: str) -> int:
    """How many records of the entity are not archived.

    Every status asks it, so they are not counted one by one: those that the school has are counted already
    (S21), and what it does not have yet, or what is archived, are few and stand together in an index.
    """
    ((of_school, unsent, archived),) = read(
        connection,
        "SELECT (SELECT rows FROM base_sum WHERE entity = ?), "
        f'(SELECT count(*) FROM "{entity_name}" WHERE version IS NULL), '
        f'(SELECT count(*) FROM "{entity_name}" WHERE deleted = 1)',
        (entity_name,),
    )
    merged = merges.merged(connection, entity_name)
    return int((of_school or 0) + unsent - archived) - _live(connection, entity_name, merged)


def _live(connection: Connection, entity_name: str, ids: Collection[str]) -> int:
    """How many of those records are here and not archived."""
    if not ids:
        return 0
    statement = f'SELECT count(*) FROM "{entity_name}" WHERE deleted = 0 AND id IN {THESE}'
    return int(read(connection, statement, [these(list(ids))])[0][0])


def one(connection: Connection, entity_name: str, record_id: str) -> Mapping[str, Any] | None:
    """One record by id, archived ones too."""
    table = REPLICA[entity_name]
    found = connection.execute(select(table).where(table.c.id == record_id)).mappings().first()
    return None if found is None else dict(found)


def naming(
    connection: Connection, entity_name: str, record_ids: Iterable[str]
) -> dict[str, Mapping[str, Any]]:
    """What those of the records that are here are called by: the values that make their labels, by id."""
    table = REPLICA[entity_name]
    columns = [table.c[name] for name in NAMING if name in table.c]
    these = _among(table, "id", list(record_ids))
    found = connection.execute(select(table.c.id, *columns).where(these)).mappings()
    return {row["id"]: dict(row) for row in found}


def matching(
    connection: Connection, entity_name: str, *, archived: bool = False, **any_of: Collection[str]
) -> list[Mapping[str, Any]]:
    """The records that hold one of the values given for each field (or ``id``), in no order.

    ``archived``: archived ones too. Raises ``KeyError`` for an unknown entity or field.
    """
    table = REPLICA[entity_name]
    where: list[ColumnElement[bool] | TextClause] = [
        _among(table, name, values) for name, values in any_of.items()
    ]
    if not archived:
        where.append(table.c.deleted == 0)
    return [dict(row) for row in connection.execute(select(table).where(*where)).mappings()]


def ids_holding(connection: Connection, entity_name: str, values: Mapping[str, Any]) -> list[str]:
    """The ids of the records, none archived, that hold all these values, by name; ``None`` means empty.

    Raises ``KeyError`` for an unknown entity or field.
    """
    table = REPLICA[entity_name]
    equal = (table.c[_known(entity_name, name)] == value for name, value in values.items())
    query = select(table.c.id).where(table.c.deleted == 0, *equal).order_by(table.c.sort_name, table.c.row)
    return list(connection.execute(query).scalars())


def _among(table: Table, name: str, values: Collection[str]) -> TextClause:
    """That a column holds one of the values: as one parameter, however many they are."""
    column, these = table.c[name].name, f"these_{name}"
    clause = text(f'"{table.name}"."{column}" IN (SELECT value FROM json_each(:{these}))')
    return clause.bindparams(**{these: json.dumps(list(values))})


def every(connection: Connection, entity_name: str) -> Iterator[Mapping[str, Any]]:
    """All records, archived ones too, a window of rows at a time."""
    rows = connection.execution_options(yield_per=1_000).execute(
        select(REPLICA[entity_name]).order_by(REPLICA[entity_name].c.row)
    )
    for row in rows.mappings():
        yield dict(row)


def _matches(connection: Connection, table: Table, wanted: list[Alternatives]) -> _Matches:
    live = table.c.deleted == 0
    if not wanted:
        return _Matches((live,))
    if table.name not in SEARCHED:
        return _Matches((false(),), 0)
    match = " AND ".join(f"({_any_of(each)})" for each in wanted)
    index = f"{table.name}_search"
    query = f"FROM {index} WHERE {index} MATCH ?"
    rows = list(connection.exec_driver_sql(f"SELECT rowid {query} LIMIT ?", (match, _FEW + 1)).scalars())
    if len(rows) <= _FEW:
        return _these(table, rows)
    total = connection.exec_driver_sql(f"SELECT count(*) {query}", (match,)).scalar_one()
    along = tuple(_read_along(table, each) for each in wanted)
    return _Matches((live, *along), total)


def _these(table: Table, rows: list[int]) -> _Matches:
    among = text(f"{table.name}.row IN (SELECT value FROM json_each(:these))").bindparams(
        these=json.dumps(rows)
    )
    # The + keeps SQLite from reading the whole sorted index instead of these rows.
    return _Matches((literal_column(f"+{table.name}.deleted") == 0, among), len(rows), rows)


def _without_merged(connection: Connection, table: Table, matches: _Matches) -> _Matches:
    """Who was merged stands in no list; searched for, they lead to whom they mean (D4)."""
    others = merges.merged(connection, table.name)
    if not others:
        return matches
    if matches.rows is None:
        hidden = text(f"{table.name}.id NOT IN (SELECT value FROM json_each(:merged))").bindparams(
            merged=json.dumps(list(others))
        )
        return _Matches((*matches.where, hidden))
    concerned = json.dumps([*others, *others.values()])
    statement = f'SELECT id, row FROM "{table.name}" WHERE id IN (SELECT value FROM json_each(?))'
    row_of = dict(read(connection, statement, (concerned,)))
    leads = {row_of[each]: row_of.get(meant) for each, meant in others.items() if each in row_of}
    shown = dict.fromkeys(leads.get(row, row) for row in matches.rows)
    return _these(table, [row for row in shown if row is not None])


def _any_of(alternatives: Alternatives) -> str:
    """In the words of the index: a star stands for how a word goes on."""
    return " OR ".join("(" + " AND ".join(f'"{word}"*' for word in each) + ")" for each in alternatives)


def _read_along(table: Table, alternatives: Alternatives) -> ColumnElement[bool]:
    """The same of a row that is looked at."""
    text_of_row = table.c.search_text
    found = [and_(*(text_of_row.like(f"% {word}%") for word in each)) for each in alternatives]
    return or_(false(), *found)


def _count(connection: Connection, table: Table, where: Conditions) -> int:
    return connection.execute(select(func.count()).select_from(table).where(and_(*where))).scalar_one()


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of the list that one index gives in order; ``before`` counts the rows in front of it."""

    statement: Select[Any]
    before: int = 0


def _in_order(
    connection: Connection, table: Table, where: Conditions, sort: str, descending: bool
) -> Iterator[_Part]:
    """The list in its order; where it is sorted by a field, records that lack it come last, either way."""
    if sort == "name":
        yield _Part(
            select(table).where(*where).order_by(*_one_way(descending, table.c.sort_name, table.c.row))
        )
        return
    column = table.c[_known(table.name, sort)]
    has, lacks = (*where, column.is_not(None)), (*where, column.is_(None))
    ordered = _one_way(descending, column, table.c.sort_name, table.c.row)
    yield _Part(select(table).where(*has).order_by(*ordered))
    yield _Part(
        select(table).where(*lacks).order_by(table.c.sort_name, table.c.row), _count(connection, table, has)
    )


def _one_way(descending: bool, *columns: Column[Any]) -> list[UnaryExpression[Any]]:
    """All columns the same way, so that an index gives the order when read from either end."""
    return [column.desc() if descending else column.asc() for column in columns]


def _known(entity_name: str, field: str) -> str:
    if ENTITIES[entity_name].field(field) is None:
        raise KeyError(field)
    return field
