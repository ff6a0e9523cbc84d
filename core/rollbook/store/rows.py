"""Statements of the hot way, in SQLite's own words: made once, run by the driver as they are.

What is read or written for each entry goes through here; all else is written with SQLAlchemy. It is the same
connection and the same transaction.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection

THESE = "(SELECT value FROM json_each(?))"
"""A list of any length as one parameter, given by :func:`these`."""


_encode = msgspec.json.Encoder().encode


def these(values: Iterable[Any]) -> str:
    """The parameter for :data:`THESE`."""
    return as_json(list(values))


def as_json(value: Any) -> str:
    """The value as a text column keeps it."""
    return _encode(value).decode()


def read(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
    """All rows, as tuples."""
    return _driver(connection).execute(statement, parameters).fetchall()


def write(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run the statement for each row of parameters, in their order."""
    if rows:
        _driver(connection).executemany(statement, rows)


def insert(connection: Connection, table: str, columns: Iterable[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, each with the values of ``columns``."""
    if rows:
        write(connection, _insertion(table, tuple(columns)), rows)


@cache
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    return f'INSERT INTO "{table}" ({named(columns)}) VALUES ({marks(columns)})'


def update(
    connection: Connection, table: str, columns: tuple[str, ...], key: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Set ``columns`` of the rows that have each ``key``; a row of parameters ends with its key."""
    if rows:
        write(connection, _updating(table, columns, key), rows)


@cache
def _updating(table: str, columns: tuple[str, ...], key: str) -> str:
    return f'UPDATE "{table}" SET {moved(columns)} WHERE "{key}" = ?'


def changed(connection: Connection) -> int:
    """How many rows this connection has changed since it was opened."""
    return _driver(connection).total_changes


def named(columns: Iterable[str]) -> str:
    """Columns by name, for a statement."""
    return ", ".join(f'"{name}"' for name in columns)


def marks(columns: Iterable[str]) -> str:
    """As many parameters, for a statement."""
    return ", ".join("?" for _ in columns)


def moved(columns: Iterable[str]) -> str:
    """Each column set to a parameter, for a statement."""
    return ", ".join(f'"{name}" = ?' for name in columns)


def listed(states: Iterable[str]) -> str:
    """States, for a statement."""
    return ", ".join(f"'{state}'" for state in states)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
