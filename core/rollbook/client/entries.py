"""Entries of the outbox in words, for the Sync centre and the command line (W6)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rollbook.client.values import Attempt, WaitingEntry
from rollbook.store.attempts import AttemptRow
from rollbook.store.entry_text import changes_of, object_of
from rollbook.store.states import NEEDS_A_PERSON, State

WAITS_FOR_CHOICE = "an earlier entry of this record needs a decision"
WAITS_FOR_EARLIER = "an earlier entry of this record goes first"
Causes = Mapping[str, Sequence[Any]]
"""By entry: rows of others that wait, and that it waits for, as its record names theirs (S4)."""
_NO_CAUSES: Causes = {}


def waiting_entry(row: Any) -> WaitingEntry:
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
        settled_at=row.settled_at,
        held_by=row.held_by,
        carried_by=row.carried_by,
        merged_fields=tuple(json.loads(row.merged_fields)),
    )


def as_one(rows: Sequence[Any], causes: Causes = _NO_CAUSES) -> WaitingEntry:
    """An entry, whose row is the first, with the edits that its bytes carry (S5): first had, last value."""
    head, *riders = (waiting_entry(row) for row in rows)
    return _waiting_for_others(_with(head, riders), causes)


def waiting_entries(rows: Iterable[Any], causes: Causes = _NO_CAUSES) -> tuple[WaitingEntry, ...]:
    """Rows in the order in which they go, each with what holds it; what a person decides together is one."""
    found: dict[str, WaitingEntry] = {}
    for row in rows:
        entry = waiting_entry(row)
        if entry.carried_by in found and entry.state in NEEDS_A_PERSON:
            found[entry.carried_by] = _with(found[entry.carried_by], [entry])
        else:
            found[entry.op_id] = entry
    return tuple(_waiting_for_others(entry, causes) for entry in _held(list(found.values())))


def attempt(row: AttemptRow) -> Attempt:
    """A stored request as the facade shows it."""
    return Attempt(**{name: getattr(row, name) for name in AttemptRow.__slots__})


def _with(head: WaitingEntry, riders: Iterable[WaitingEntry]) -> WaitingEntry:
    fields = dict(head.fields)
    for rider in riders:
        for name, (had, value) in rider.fields.items():
            fields[name] = (fields.get(name, (had, value))[0], value)
    return replace(head, fields=fields)


def _held(found: Iterable[WaitingEntry]) -> Iterable[WaitingEntry]:
    """Each with the first earlier entry of its record that has not gone, for which it waits."""
    first_of_record: dict[str, WaitingEntry] = {}
    for entry in found:
        earlier = first_of_record.setdefault(entry.entity_id, entry)
        goes_with_it = entry.carried_by is not None
        if earlier is entry or goes_with_it or entry.state not in (State.QUEUED, State.UNKNOWN):
            yield entry
            continue
        blocked = earlier.state in (State.PARKED, State.CONFLICT)
        words = WAITS_FOR_CHOICE if blocked else WAITS_FOR_EARLIER
        yield replace(entry, waits_for=words, held_by=earlier.op_id)


def _waiting_for_others(entry: WaitingEntry, causes: Causes) -> WaitingEntry:
    """The entry with the first entry of another record that it waits for, if it waits for no nearer one."""
    found = causes.get(entry.op_id)
    if not found or entry.waits_for is not None or entry.state != State.QUEUED:
        return entry
    first = found[0]
    which = f"the entry of {first.label}" if first.label else "another record's entry"
    words = f"{which} {'needs a decision' if first.state in NEEDS_A_PERSON else 'goes first'}"
    return replace(entry, waits_for=words, held_by=first.op_id)
