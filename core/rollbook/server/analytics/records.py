"""Live records of a school, for what is reckoned from them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from rollbook.domain.registry import ENTITIES
from rollbook.schema.columns import values_of
from rollbook.server.merged import persons
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import record_tables

Records = dict[str, dict[str, Any]]
"""Values by record id."""


def live(connection: Connection, school_id: str, entity: str, **equal: str) -> Records:
    """The records that are not archived and have these values."""
    table = record_tables[entity]
    where = [table.c[name] == value for name, value in equal.items()]
    return _read(connection, school_id, entity, *where)


def among_those(
    connection: Connection, school_id: str, entity: str, field: str, values: Collection[str]
) -> Records:
    """The records that are not archived and have one of the values in ``field``."""
    if not values:
        return {}
    column = record_tables[entity].c[field]
    return _read(connection, school_id, entity, among(connection, column, sorted(values)))


def meant(connection: Connection, school_id: str, records: Records) -> list[dict[str, Any]]:
    """The records with the student whom each means in place of the one that it names (D4)."""
    known = persons(connection, school_id, {each["student_id"] for each in records.values()})
    return [{**each, "student_id": known[each["student_id"]]} for each in records.values()]


def _read(connection: Connection, school_id: str, entity: str, *where: Any) -> Records:
    table = record_tables[entity]
    query = select(table).where(table.c.school_id == school_id, table.c.deleted_at.is_(None), *where)
    described = ENTITIES[entity]
    return {row["id"]: values_of(described, row) for row in connection.execute(query).mappings()}
