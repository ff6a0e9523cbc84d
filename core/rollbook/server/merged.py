"""Records of a school that mean another one, because a person said that they are one (D4)."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from rollbook.domain.merging import MERGE, meant_by, without_archived
from rollbook.server.sync.identity import names_of, read_aliases
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import record_tables

MERGED = next(spec.refers_to for spec in MERGE.references)
"""The entity whose records can be merged."""


def merged(connection: Connection, school_id: str) -> dict[str, str]:
    """The ids that mean another record, each with the one it means. Most schools have few."""
    table = record_tables[MERGE.name]
    rows = connection.execute(
        select(table.c.id, table.c.kept_id, table.c.merged_id).where(
            table.c.school_id == school_id, table.c.deleted_at.is_(None)
        )
    ).all()
    named = {each for row in rows for each in row[1:]}
    known = read_aliases(connection, school_id, MERGED, named) if named else {}
    meant = meant_by(
        {"id": row[0], "kept_id": known.get(row[1], row[1]), "merged_id": known.get(row[2], row[2])}
        for row in rows
    )
    return without_archived(meant, _archived(connection, school_id, {*meant, *meant.values()}))


def _archived(connection: Connection, school_id: str, record_ids: Collection[str]) -> set[str]:
    if not record_ids:
        return set()
    table = record_tables[MERGED]
    mine = (table.c.school_id == school_id) & table.c.deleted_at.is_not(None)
    query = select(table.c.id).where(mine, among(connection, table.c.id, sorted(record_ids)))
    return set(connection.execute(query).scalars())


def person_of(connection: Connection, school_id: str, record_id: str) -> str:
    """The record that is shown for an id."""
    return persons(connection, school_id, [record_id])[record_id]


def persons(connection: Connection, school_id: str, record_ids: Collection[str]) -> dict[str, str]:
    """Each id with the record that is shown for it."""
    known = read_aliases(connection, school_id, MERGED, set(record_ids))
    others = merged(connection, school_id)
    meant = {each: known.get(each, each) for each in record_ids}
    return {each: others.get(person, person) for each, person in meant.items()}


def all_ids(connection: Connection, school_id: str, record_id: str) -> list[str]:
    """All ids by which the person is named whose record is shown for an id."""
    meant = read_aliases(connection, school_id, MERGED, {record_id}).get(record_id, record_id)
    known = merged(connection, school_id)
    shown = known.get(meant, meant)
    others = [each for each, person in known.items() if person == shown]
    return list(names_of(connection, school_id, MERGED, [shown, *others]))
