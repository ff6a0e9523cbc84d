"""Entries that were handed to the registrar, and what was decided, for their owner (S23)."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from rollbook.client.entries import as_one
from rollbook.client.values import HandedEntry
from rollbook.store import decisions, outbox
from rollbook.store.states import State
from rollbook.store.tables import OPERATION

OPEN = "open"


def unread(connection: Connection) -> tuple[HandedEntry, ...]:
    """The decisions that the owner has not read yet."""
    return tuple(_decided(connection, row) for row in decisions.unread(connection))


def of_record(connection: Connection, entity: str, entity_id: str) -> tuple[HandedEntry, ...]:
    """What was handed over of a record: decided, then what still waits for the registrar."""
    decided = [_decided(connection, row) for row in decisions.of_record(connection, entity, entity_id)]
    waits = select(OPERATION).where(
        OPERATION.c.entity == entity,
        OPERATION.c.entity_id == entity_id,
        OPERATION.c.state == State.HANDED_OVER,
        OPERATION.c.carried_by.is_(None),
    )
    rows = connection.execute(waits.order_by(OPERATION.c.sequence)).all()
    return (*decided, *(_open(connection, row, row.created_at) for row in rows))


def _decided(connection: Connection, row: Any) -> HandedEntry:
    return replace(
        _open(connection, row, row.entered_at), state=row.state, by=row.by, at=row.at, note=row.note
    )


def _open(connection: Connection, row: Any, entered_at: str) -> HandedEntry:
    entries = outbox.group(connection, row.op_id)
    return HandedEntry(
        op_id=row.op_id,
        kind=row.kind,
        entity=row.entity,
        entity_id=row.entity_id,
        entered_at=entered_at,
        state=OPEN,
        label=row.label or "",
        fields=as_one(entries).fields if entries else {},
    )
