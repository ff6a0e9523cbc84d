"""The records as this computer shows them: what the school has, with the entries that wait on top (S18)."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from rollbook.contract.feed import Change
from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.store import pending
from rollbook.store.search_text import search_text, sort_name
from rollbook.store.tables import REPLICA

_BOOKKEEPING = ("id", "version", "base", "base_deleted", "deleted", "mark", "sort_name", "search_text")


def apply_changes(connection: Connection, changes: Sequence[Change]) -> dict[str, list[str]]:
    """Take what the school has into the base; entries that wait stay on top; no row goes to a lower version.

    Returns the ids that were named, by entity. An entity that this version does not know is passed over:
    a later version reads it by refreshing from the start.
    """
    touched: dict[str, list[str]] = {}
    for entity_name, group in _by_entity(changes).items():
        entity = ENTITIES.get(entity_name)
        if entity is not None:
            touched[entity_name] = _apply_to(connection, entity, group)
    return touched


def _by_entity(changes: Sequence[Change]) -> dict[str, dict[str, Change]]:
    """The last change of each record, by entity: the earlier ones of a page are history already."""
    groups: dict[str, dict[str, Change]] = {}
    for change in changes:
        groups.setdefault(change.entity, {})[change.id] = change
    return groups


def _apply_to(connection: Connection, entity: EntityType, changes: dict[str, Change]) -> list[str]:
    waiting = pending.records_with_entries(connection, changes.keys())
    settled = [change for change in changes.values() if change.id not in waiting]
    _upsert(connection, entity, [_settled_row(entity, change) for change in settled])
    for record_id in waiting:
        set_base(connection, entity, changes[record_id])
        refresh(connection, entity, record_id)
    return list(changes)


def set_base(connection: Connection, entity: EntityType, change: Change) -> bool:
    """Move the base of one row, unless it is at that version or past it; what is shown is left to refresh."""
    table = REPLICA[entity.name]
    found = connection.execute(select(table.c.row, table.c.version).where(table.c.id == change.id)).first()
    base = {
        "version": change.version,
        "base": None if change.values is None else _encoded(change.values),
        "base_deleted": int(change.deleted),
    }
    if found is None:
        connection.execute(table.insert().values(id=change.id, **base))
        return True
    if found.version is not None and found.version >= change.version:
        return False
    connection.execute(table.update().where(table.c.row == found.row).values(**base))
    return True


def refresh(connection: Connection, entity: EntityType, record_id: str) -> None:
    """Compute anew what is shown of one record: its base with the entries that wait on top."""
    table = REPLICA[entity.name]
    found = connection.execute(
        select(table.c.row, table.c.version, table.c.base, table.c.base_deleted).where(
            table.c.id == record_id
        )
    ).first()
    entries = pending.entries_of(connection, record_id)
    if found is not None and found.version is None and not entries:
        connection.execute(table.delete().where(table.c.row == found.row))  # never was at the school
        return
    if found is None and not entries:
        return
    base = json.loads(found.base) if found is not None and found.base else {}
    values, deleted = pending.on_top(base, bool(found.base_deleted) if found is not None else False, entries)
    shown = {**_shown(entity, values, deleted), "deleted": int(deleted), "mark": pending.mark_of(entries)}
    if found is None:
        connection.execute(table.insert().values(id=record_id, **shown))
    else:
        connection.execute(table.update().where(table.c.row == found.row).values(**shown))


def base_of(
    connection: Connection, entity: EntityType, record_id: str
) -> tuple[int | None, dict[str, Any], bool]:
    """Version, values and whether archived, as the school has them; ``(None, {}, False)`` for none."""
    table = REPLICA[entity.name]
    found = connection.execute(
        select(table.c.version, table.c.base, table.c.base_deleted).where(table.c.id == record_id)
    ).first()
    if found is None or found.version is None:
        return None, {}, False
    return found.version, json.loads(found.base) if found.base else {}, bool(found.base_deleted)


def _shown(entity: EntityType, values: dict[str, Any], deleted: bool) -> dict[str, Any]:
    return {
        **{name: values.get(name) for name in entity.names},
        "sort_name": sort_name(values),
        "search_text": "" if deleted else search_text(entity, values),  # what is archived is not found
    }


def _settled_row(entity: EntityType, change: Change) -> tuple[Any, ...]:
    values = change.values or {}
    deleted = int(change.deleted)
    return (
        change.id,
        change.version,
        None if change.values is None else _encoded(values),
        deleted,
        deleted,
        "",
        sort_name(values),
        "" if deleted else search_text(entity, values),
        *(values.get(name) for name in entity.names),
    )


def _upsert(connection: Connection, entity: EntityType, rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    columns = (*_BOOKKEEPING, *entity.names)
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" for _ in columns)
    moved = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name != "id")
    connection.exec_driver_sql(
        f'INSERT INTO "{entity.name}" ({names}) VALUES ({marks}) ON CONFLICT(id) DO UPDATE SET {moved} '
        f'WHERE "{entity.name}".version IS NULL OR excluded.version > "{entity.name}".version',
        rows,
    )


def _encoded(values: dict[str, Any]) -> str:
    return msgspec.json.encode(values).decode()
