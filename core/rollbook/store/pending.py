"""Entries of the outbox as they bear on the records that are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.contract.operations import Kind
from rollbook.store import rows
from rollbook.store.entry_text import changes_of
from rollbook.store.rows import THESE, listed, these
from rollbook.store.states import ACTIVE, State

# The + keeps SQLite from reading all that waits, where the entries of some records are wanted.
_OF_THESE = f"entity_id IN {THESE} AND +state IN ({listed(ACTIVE)})"


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """An entry that the school has not settled: its sequence, id, kind, state and changes."""

    sequence: int
    op_id: str
    kind: str
    state: str
    changes: dict[str, dict[str, Any]]


def entries_of(connection: Connection, record_id: str) -> list[PendingEntry]:
    """The record's entries that wait, in the order in which they go."""
    return entries_of_all(connection, [record_id]).get(record_id, [])


def entries_of_all(connection: Connection, record_ids: Iterable[str]) -> dict[str, list[PendingEntry]]:
    """The entries that wait of those of the records that have any, in the order in which they go."""
    found: dict[str, list[PendingEntry]] = {}
    statement = (
        "SELECT entity_id, sequence, op_id, kind, state, changes FROM operation "
        f"WHERE {_OF_THESE} ORDER BY entity_id, position, sequence"
    )
    for record_id, sequence, op_id, kind, state, changes in rows.read(
        connection, statement, [these(record_ids)]
    ):
        entry = PendingEntry(sequence, op_id, kind, state, changes_of(changes))
        found.setdefault(record_id, []).append(entry)
    return found


def records_with_entries(connection: Connection, record_ids: Iterable[str]) -> set[str]:
    """Those of the records that have an entry waiting."""
    statement = f"SELECT DISTINCT entity_id FROM operation WHERE {_OF_THESE}"
    return {record_id for (record_id,) in rows.read(connection, statement, [these(record_ids)])}


def on_top(
    base: dict[str, Any], deleted: bool, entries: Sequence[PendingEntry]
) -> tuple[dict[str, Any], bool]:
    """The base's values with the entries applied in order, and whether the record shows as archived."""
    values = dict(base)
    for entry in entries:
        values.update({name: change["value"] for name, change in entry.changes.items()})
        deleted = entry.kind == Kind.ARCHIVE or (deleted and entry.kind != Kind.CREATE)
    return values, deleted


def mark_of(entries: Sequence[PendingEntry]) -> str:
    """The mark that a record carries in every list (W5)."""
    states = {entry.state for entry in entries}
    if State.CONFLICT in states:
        return "conflict"
    if State.PARKED in states:
        return "parked"
    return "waiting" if states else ""
