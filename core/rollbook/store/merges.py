"""Records that mean another one here, because a person said that they are one (D4). Read, never written."""

from collections.abc import Collection

from sqlalchemy import Connection

from rollbook.domain.merging import MERGE, meant_by, without_archived
from rollbook.store import aliases
from rollbook.store.rows import THESE, read, these

MERGED = next(spec.refers_to for spec in MERGE.references)
"""The entity whose records can be merged."""


def merged(connection: Connection, entity: str) -> dict[str, str]:
    """The ids of the entity that mean another record, each with the one it means. Most schools have few."""
    if entity != MERGED:
        return {}
    rows = read(connection, 'SELECT id, kept_id, merged_id FROM "merge" WHERE deleted = 0')
    if not rows:
        return {}
    known = aliases.meant_all(connection, [each for row in rows for each in row[1:]])
    meant = meant_by(
        {"id": row[0], "kept_id": known.get(row[1], row[1]), "merged_id": known.get(row[2], row[2])}
        for row in rows
    )
    return without_archived(meant, _archived(connection, {*meant, *meant.values()}))


def _archived(connection: Connection, record_ids: Collection[str]) -> set[str]:
    statement = f'SELECT id FROM "{MERGED}" WHERE deleted = 1 AND id IN {THESE}'
    return {row[0] for row in read(connection, statement, [these(list(record_ids))])}


def person(connection: Connection, entity: str, record_id: str) -> str:
    """The record that is shown for an id: what an alias means, and what a merged one was merged into."""
    record_id = aliases.meant(connection, entity, record_id)
    return merged(connection, entity).get(record_id, record_id)


def persons(connection: Connection, entity: str, record_ids: Collection[str]) -> dict[str, str]:
    """The records that are shown, by those of the ids that mean another."""
    known = aliases.meant_all(connection, list(record_ids))
    others = merged(connection, entity)
    found = {each: known.get(each, each) for each in record_ids}
    shown = {each: others.get(meant, meant) for each, meant in found.items()}
    return {each: meant for each, meant in shown.items() if meant != each}


def all_ids(connection: Connection, entity: str, record_id: str) -> list[str]:
    """All ids under which the record that is shown may be named, its own first."""
    meant, others = aliases.meant(connection, entity, record_id), merged(connection, entity)
    shown = others.get(meant, meant)
    together = [shown, *(each for each, person_id in others.items() if person_id == shown)]
    return [name for each in together for name in aliases.names_of(connection, entity, each)]
