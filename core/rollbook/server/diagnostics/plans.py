"""How the database would go about a statement, without its values and without running it (R14)."""

import re

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

_HAVE_PLANS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_NAME = "rollbook_plan"
_PLACES = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|%\((\w+)\)s|%s|\?""")


class NoPlanError(Exception):
    """There is no plan to be had; the message says why."""


def plan_of(connection: Connection, statement: str) -> list[str]:
    """The plan's lines. Raises :class:`NoPlanError`."""
    if not statement:
        raise NoPlanError("The statement is too long to be kept.")
    if not statement.lstrip(" (").upper().startswith(_HAVE_PLANS):
        raise NoPlanError("A statement of this kind has no plan.")
    plan = _of_sqlite if connection.dialect.name == "sqlite" else _of_postgresql
    try:
        with connection.begin_nested():
            lines = plan(connection, statement)
    except SQLAlchemyError as error:
        code = getattr(getattr(error, "orig", None), "sqlstate", None) or type(error).__name__
        raise NoPlanError(f"The database gives no plan without the values ({code}).") from None
    if not lines:
        raise NoPlanError("The database looks nothing up for it.")
    return lines


def _of_sqlite(connection: Connection, statement: str) -> list[str]:
    values = (None,) * sum(1 for place in _PLACES.finditer(statement) if place[0] == "?")
    depths = {0: -1}
    lines = []
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
        depths[row.id] = depths.get(row.parent, -1) + 1
        lines.append("  " * depths[row.id] + row.detail)
    return lines


def _of_postgresql(connection: Connection, statement: str) -> list[str]:
    """The generic plan, which a prepared statement has whose values are not looked at."""
    numbered, places = _numbered(statement)
    nothing = f"({', '.join(['NULL'] * places)})" if places else ""
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    connection.exec_driver_sql(f"PREPARE {_NAME} AS {numbered}")
    try:
        with connection.begin_nested():
            return [str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN EXECUTE {_NAME}{nothing}")]
    finally:
        connection.exec_driver_sql(f"DEALLOCATE {_NAME}")  # it would outlive the transaction


def _numbered(statement: str) -> tuple[str, int]:
    """``statement`` with ``$1``, ``$2`` in place of the driver's own marks, and how many they are.

    What stands in quotes stays: a per cent sign is doubled there already, and is halved again on its way.
    """
    known: dict[str, int] = {}

    def number(place: re.Match[str]) -> str:
        if place[0][0] in "'\"":
            return place[0]
        name = place[1] or f"%{len(known)}"
        return f"${known.setdefault(name, len(known) + 1)}"

    return _PLACES.sub(number, statement), len(known)
