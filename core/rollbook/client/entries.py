"""Entries of the outbox in words, for the Sync centre and the command line (W6)."""

from typing import Any

from rollbook.client.values import Attempt, WaitingEntry
from rollbook.store.attempts import AttemptRow
from rollbook.store.entry_text import changes_of, object_of
from rollbook.store.states import State

WAITS_FOR_CHOICE = "an earlier entry of this record needs a decision"
WAITS_FOR_EARLIER = "an earlier entry of this record goes first"


def waiting_entry(row: Any, waits_for: str | None = None) -> WaitingEntry:
    """An outbox row as the facade shows it."""
    return WaitingEntry(
        op_id=row.op_id,
        kind=row.kind,
        entity=row.entity,
        entity_id=row.entity_id,
        label=row.label,
        state=row.state,
        fields={name: (change["had"], change["value"]) for name, change in changes_of(row.changes).items()},
        created_at=row.created_at,
        created_by=row.created_by,
        attempts=row.attempts,
        action_id=row.action_id,
        first_request_id=row.first_request_id,
        last_request_id=row.last_request_id,
        problem=object_of(row.problem),
        conflict=object_of(row.conflict),
        waits_for=waits_for,
        settled_at=row.settled_at,
    )


def waiting_entries(rows: list[Any]) -> tuple[WaitingEntry, ...]:
    """Rows in the order in which they go, each with what holds it."""
    first_of_record: dict[str, str] = {}
    found: list[WaitingEntry] = []
    for row in rows:
        earlier = first_of_record.get(row.entity_id)
        waits_for = None
        if row.state == State.QUEUED and earlier is not None:
            blocked = earlier in (State.PARKED, State.CONFLICT)
            waits_for = WAITS_FOR_CHOICE if blocked else WAITS_FOR_EARLIER
        found.append(waiting_entry(row, waits_for))
        first_of_record.setdefault(row.entity_id, row.state)
    return tuple(found)


def attempt(row: AttemptRow) -> Attempt:
    """A stored request as the facade shows it."""
    return Attempt(**{name: getattr(row, name) for name in AttemptRow.__slots__})
