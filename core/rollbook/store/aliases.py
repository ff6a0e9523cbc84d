"""Ids that mean another record (S16, D4): what was entered under them goes there."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert

from rollbook.domain.entity import EntityType
from rollbook.store.rows import THESE, read, these
from rollbook.store.states import ACTIVE
from rollbook.store.tables import ALIAS, LANE, OPERATION


def meant(connection: Connection, entity: str, record_id: str) -> str:
    """The id of the record that ``record_id`` means: itself, unless it is an alias."""
    query = select(ALIAS.c.record_id).where(ALIAS.c.entity == entity, ALIAS.c.alias_id == record_id)
    return connection.execute(query).scalar() or record_id


def meant_all(connection: Connection, record_ids: Sequence[str]) -> dict[str, str]:
    """The ids that are meant, by those of ``record_ids`` that are aliases."""
    statement = f"SELECT alias_id, record_id FROM alias WHERE alias_id IN {THESE}"
    return dict(read(connection, statement, [these(record_ids)]))


def names_of(connection: Connection, entity: str, record_id: str) -> list[str]:
    """The ids under which a record may be named: its own, and its aliases."""
    query = select(ALIAS.c.alias_id).where(ALIAS.c.entity == entity, ALIAS.c.record_id == record_id)
    return [record_id, *connection.execute(query).scalars()]


def names_of_all(connection: Connection, record_ids: Sequence[str]) -> list[str]:
    """The same for several records, of whichever entity: ids are unique in all of them."""
    statement = f"SELECT alias_id FROM alias WHERE record_id IN {THESE}"
    return [*record_ids, *(alias for (alias,) in read(connection, statement, [these(record_ids)]))]


def learn(connection: Connection, entity: EntityType, alias_id: str, record_id: str) -> str:
    """Keep the alias and turn the entries that wait on it to the record; gives the id that is meant.

    The bytes of those that were frozen stay as they are: the school knows the alias too, and takes them for
    what is meant. The caller shows both records anew.
    """
    record_id = meant(connection, entity.name, record_id)
    if record_id == alias_id:
        return record_id
    row = insert(ALIAS).values(entity=entity.name, alias_id=alias_id, record_id=record_id)
    connection.execute(
        row.on_conflict_do_update(index_elements=["entity", "alias_id"], set_={"record_id": record_id})
    )
    of_alias = (ALIAS.c.entity == entity.name, ALIAS.c.record_id == alias_id)
    connection.execute(update(ALIAS).where(*of_alias).values(record_id=record_id))
    _turn_entries(connection, entity, alias_id, record_id)
    return record_id


def _turn_entries(connection: Connection, entity: EntityType, alias_id: str, record_id: str) -> None:
    waiting = connection.execute(
        select(OPERATION.c.sequence, OPERATION.c.changes).where(
            OPERATION.c.entity == entity.name,
            OPERATION.c.entity_id == alias_id,
            OPERATION.c.state.in_(ACTIVE),
        )
    ).all()
    for sequence, changes in waiting:
        lane = entity.lane(record_id, _values(changes))
        connection.execute(
            update(OPERATION).where(OPERATION.c.sequence == sequence).values(entity_id=record_id)
        )
        connection.execute(update(LANE).where(LANE.c.sequence == sequence).values(lane=lane))


def _values(changes: str) -> dict[str, Any]:
    return {name: change["value"] for name, change in json.loads(changes).items()}
