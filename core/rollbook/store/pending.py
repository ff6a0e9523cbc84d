"""Entries of the outbox as they bear on the records that are shown."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from rollbook.contract.operations import Kind
from rollbook.store.states import ACTIVE, State
from rollbook.store.tables import OPERATION

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """An entry that the school has not settled: its sequence, id, kind, state and changes."""

    sequence: int
    op_id: str
    kind: Kind
    state: State
    changes: dict[str, dict[str, Any]]


def entries_of(connection: Connection, record_id: str) -> list[PendingEntry]:
    """The record's entries that wait, in the order in which they go."""
    rows = connection.execute(
        select(
            OPERATION.c.sequence, OPERATION.c.op_id, OPERATION.c.kind, OPERATION.c.state, OPERATION.c.changes
        )
        .where(OPERATION.c.entity_id == record_id, OPERATION.c.state.in_(ACTIVE))
        .order_by(OPERATION.c.position, OPERATION.c.sequence)
    )
    return [_entry(row) for row in rows]


def _entry(row: Any) -> PendingEntry:
    return PendingEntry(row.sequence, row.op_id, Kind(row.kind), State(row.state), json.loads(row.changes))


def records_with_entries(connection: Connection, record_ids: Iterable[str]) -> set[str]:
    """Those of the records that have an entry waiting."""
    found: set[str] = set()
    wanted = list(record_ids)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        found.update(
            connection.execute(
                select(OPERATION.c.entity_id)
                .where(OPERATION.c.entity_id.in_(chunk), OPERATION.c.state.in_(ACTIVE))
                .distinct()
            ).scalars()
        )
    return found


def on_top(
    base: dict[str, Any], deleted: bool, entries: Sequence[PendingEntry]
) -> tuple[dict[str, Any], bool]:
    """The base's values with the entries applied in order, and whether the record shows as archived."""
    values = dict(base)
    for entry in entries:
        values.update({name: change["value"] for name, change in entry.changes.items()})
        deleted = entry.kind is Kind.ARCHIVE or (deleted and entry.kind is not Kind.CREATE)
    return values, deleted


def mark_of(entries: Sequence[PendingEntry]) -> str:
    """The mark that a record carries in every list (W5)."""
    states = {entry.state for entry in entries}
    if State.CONFLICT in states:
        return "conflict"
    if State.PARKED in states:
        return "parked"
    return "waiting" if states else ""
