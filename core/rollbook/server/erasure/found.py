"""Which records go with a person (D3): those that are about them, as the domain describes it."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from rollbook.domain.erasure import kept_for, references_about
from rollbook.server.sync.known import RecordKey
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import alias, record_tables

Ids = dict[str, set[str]]
"""Ids of records, by entity."""
Going = Mapping[str, set[str]]


def with_other_ids(connection: Connection, school_id: str, people: Iterable[RecordKey]) -> Ids:
    """The people by all ids that mean them: a merge keeps both records, and one is the alias (D4)."""
    found: Ids = {}
    for entity, record_id in people:
        found.setdefault(entity, set()).update(_same(connection, school_id, entity, record_id))
    return found


def _same(connection: Connection, school_id: str, entity: str, record_id: str) -> set[str]:
    same, fresh = {record_id}, {record_id}
    mine = (alias.c.school_id == school_id) & (alias.c.entity == entity)
    while fresh:
        either = among(connection, alias.c.alias_id, fresh) | among(connection, alias.c.record_id, fresh)
        rows = connection.execute(select(alias.c.alias_id, alias.c.record_id).where(mine, either))
        fresh = {each for row in rows for each in row} - same
        same |= fresh
    return same


def about(connection: Connection, school_id: str, people: Going) -> Ids:
    """The people themselves, and every record that is about one of them, archived ones too."""
    going = {entity: set(ids) for entity, ids in people.items()}
    for person, ids in people.items():
        for entity, spec in references_about(person):
            table = record_tables[entity.name]
            query = select(table.c.id).where(
                table.c.school_id == school_id, among(connection, table.c[spec.name], ids)
            )
            going.setdefault(entity.name, set()).update(connection.execute(query).scalars())
    return going


def left_alone(connection: Connection, school_id: str, going: Going) -> list[RecordKey]:
    """People who were here for the sake of those that go, and of nobody else."""
    found: list[RecordKey] = []
    for person in going:
        for kept in kept_for(person):
            mine = _people_named(connection, school_id, kept.name, going, named_by_going=True)
            others = _people_named(connection, school_id, kept.name, going, named_by_going=False)
            alone = mine - others - going.get(kept.name, set())
            found += [(kept.name, record_id) for record_id in sorted(alone)]
    return found


def _people_named(
    connection: Connection,
    school_id: str,
    person: str,
    going: Going,
    *,
    named_by_going: bool,
) -> set[str]:
    """The people of that entity whom records name that go, or that stay and are not archived."""
    found: set[str] = set()
    for entity, spec in references_about(person):
        table = record_tables[entity.name]
        goes = among(connection, table.c.id, going.get(entity.name, set()))
        which = goes if named_by_going else ~goes & table.c.deleted_at.is_(None)
        query = select(table.c[spec.name]).where(table.c.school_id == school_id, which).distinct()
        found |= {record_id for record_id in connection.execute(query).scalars() if record_id}
    return found
