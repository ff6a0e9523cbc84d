"""Many rows by one statement, in each database's own way: a batch costs as many statements as one operation.

SQLite runs a statement for many rows inside the driver; PostgreSQL takes the rows as one JSON parameter.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

Row = dict[str, Any]


def among(connection: Connection, column: Column[Any], values: Collection[str]) -> ColumnElement[bool]:
    """Whether the column is one of ``values``, however many: one parameter, so always the same statement."""
    if _is_sqlite(connection):
        text = msgspec.json.encode(list(values)).decode()
        each = func.json_each(bindparam(None, text, Text, unique=True)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == func.any(bindparam(None, list(values), ARRAY(Text), unique=True))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that all have the same columns, in the same order."""
    if not rows:
        return
    into = f'"{table.name}" ({_quoted(rows[0])})'
    if _is_sqlite(connection):
        marks = ", ".join("?" for _ in rows[0])
        values = [tuple(row.values()) for row in rows]
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({marks})", values)
        return
    given = f"SELECT {_quoted(rows[0])} FROM {_recordset(connection, table, rows[0])}"
    connection.exec_driver_sql(f"INSERT INTO {into} {given}", (_as_json(table, rows),))


def update_rows(connection: Connection, table: Table, school_id: str, rows: Sequence[Row]) -> None:
    """Update rows of a school by their ``id``; all rows have the same columns, in the same order."""
    if not rows:
        return
    names = [name for name in rows[0] if name != "id"]
    if _is_sqlite(connection):
        moved = ", ".join(f'"{name}" = ?' for name in names)
        statement = f'UPDATE "{table.name}" SET {moved} WHERE "school_id" = ? AND "id" = ?'
        values = [(*(row[name] for name in names), school_id, row["id"]) for row in rows]
        connection.exec_driver_sql(statement, values)
        return
    moved = ", ".join(f'"{name}" = given."{name}"' for name in names)
    statement = (
        f'UPDATE "{table.name}" SET {moved} FROM {_recordset(connection, table, rows[0])} '
        f'WHERE "{table.name}"."school_id" = %s AND "{table.name}"."id" = given."id"'
    )
    connection.exec_driver_sql(statement, (_as_json(table, rows), school_id))


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _recordset(connection: Connection, table: Table, names: Iterable[str]) -> str:
    dialect = connection.dialect
    typed = ", ".join(f'"{name}" {table.c[name].type.compile(dialect=dialect)}' for name in names)
    return f"json_to_recordset(%s::json) AS given({typed})"


def _as_json(table: Table, rows: Sequence[Row]) -> str:
    binary = [name for name in rows[0] if isinstance(table.c[name].type, LargeBinary)]
    if binary:
        rows = [row | {name: "\\x" + row[name].hex() for name in binary} for row in rows]
    return msgspec.json.encode(rows).decode()
