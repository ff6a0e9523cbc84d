"""The judge: knows what was entered, reads server and stores with plain SQL, shares no merge code."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from faults.desk import Desk
from faults.ledger import FIELDS, Entry, Ledger
from faults.school import School

LOST, DOUBLED, DIVERGED, STUCK, FALSE = "lost", "doubled", "diverged", "stuck", "false_up_to_date"
KINDS = (LOST, DOUBLED, DIVERGED, STUCK, FALSE)

Told = dict[str, tuple[str, str]]
"""By op_id: its state, and the op_id whose bytes carry it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that must never be, of one of the five kinds."""

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Step:
    """One version of one record as the server's history has it; ``changes`` maps field to (old, new)."""

    op_id: str
    record: str
    version: int
    kind: str
    changes: dict[str, tuple[Any, Any]]


@dataclass(slots=True)
class AtSchool:
    """All that the server has, by plain SQL."""

    steps: list[Step]
    feed: list[tuple[int, str, str, int, dict[str, Any]]]
    receipts: dict[str, int]
    students: dict[str, tuple[int, dict[str, Any], bool]]
    positions: list[int]
    before: set[str] = field(default_factory=set)  # operations of the template
    forgotten: set[str] = field(default_factory=set)  # operations that a restore took from it


def read_school(school: School) -> AtSchool:
    """Read it."""
    mine = "WHERE school_id = ?"
    steps = school.rows(
        f"SELECT op_id, entity_id, version, kind, changes FROM history {mine} ORDER BY entity_id, version",
        school.school_id,
    )
    feed = school.rows(
        f"SELECT position, op_id, entity_id, version, payload FROM feed {mine} ORDER BY position",
        school.school_id,
    )
    positions = [row[0] for row in feed]
    feed = [row for row in feed if row[1]]  # the school itself, and a user's rights, come by no operation
    receipts = school.rows(f"SELECT op_id, version FROM receipt {mine}", school.school_id)
    students = school.rows(
        f"SELECT id, version, deleted_at IS NOT NULL, {', '.join(FIELDS)} FROM student {mine}",
        school.school_id,
    )
    return AtSchool(
        [
            Step(op, record, version, kind, json.loads(changes))
            for op, record, version, kind, changes in steps
        ],
        [(*row[:4], json.loads(row[4])) for row in feed],
        dict(receipts),
        {row[0]: (row[1], dict(zip(FIELDS, row[3:], strict=True)), bool(row[2])) for row in students},
        positions,
    )


def judge(school: School, desks: Sequence[Desk], ledger: Ledger, known_before: set[str]) -> list[Fault]:
    """All that is wrong once everything has healed and is quiet."""
    found = read_school(school)
    found.before, found.forgotten = known_before, school.forgotten
    return [
        *_doubled(found, ledger),
        *_told_apart(found),
        *_overwritten(found, ledger),
        *_lost(found, told_by(desks), ledger),
        *(fault for desk in desks for fault in _diverged(found, desk)),
    ]


def _doubled(found: AtSchool, ledger: Ledger) -> Iterator[Fault]:
    for name, op_ids in (
        ("history", [one.op_id for one in found.steps]),
        ("feed", [row[1] for row in found.feed]),
    ):
        for op_id, times in Counter(op_ids).items():
            if times > 1:
                yield Fault(DOUBLED, f"{op_id[-6:]} is {times} times in the {name}")
            if op_id not in ledger.entries and op_id not in found.before:
                yield Fault(DOUBLED, f"{op_id[-6:]} in the {name} was entered by nobody")
            if op_id not in found.receipts:
                yield Fault(
                    DOUBLED, f"{op_id[-6:]} is in the {name} without a receipt: it could be applied again"
                )
    for op_id, decision in ledger.decisions.items():
        # What the school had before it went back, another desk may have seen there and give back: it was
        # applied before the person decided, who was told of it as if it had not been.
        if op_id in found.receipts and op_id not in found.forgotten:
            yield Fault(DOUBLED, f"{op_id[-6:]} was {decision.how} and is at the school all the same")
    yield from _values_twice(found, ledger)
    yield from _given_up(found, ledger)


def _told_apart(found: AtSchool) -> Iterator[Fault]:
    """The school's own books do not agree."""
    if {(one.op_id, one.record, one.version) for one in found.steps} != {row[1:4] for row in found.feed}:
        yield Fault(DOUBLED, "history and feed do not tell the same versions")
    for before, position in itertools.pairwise(found.positions):
        if position != before + 1:
            yield Fault(DIVERGED, f"the feed's row {position} follows {before}")


def _values_twice(found: AtSchool, ledger: Ledger) -> Iterator[Fault]:
    carried = Counter(
        (entry.record, name, value)
        for entry in ledger.entries.values()
        for name, value in entry.values.items()
    )
    came = Counter(
        (one.record, name, new) for one in found.steps for name, (_old, new) in one.changes.items()
    )
    before = {
        one.record for one in found.steps if one.op_id in found.before
    }  # their first values are no entry's
    for (record, name, value), times in came.items():
        if value is not None and times > carried[record, name, value] + (record in before):
            yield Fault(DOUBLED, f"{name}={value} of {record[-6:]} came {times} times to the school")


def _given_up(found: AtSchool, ledger: Ledger) -> Iterator[Fault]:
    """What a person gave up must not come to the school by another way."""
    wanted: set[tuple[str, str, Any]] = set()
    ended: set[tuple[str, str, Any]] = set()
    for entry in ledger.entries.values():
        values = {(entry.record, name, value) for name, value in entry.values.items()}
        given_up = entry.op_id in ledger.decisions and entry.op_id not in found.forgotten
        (ended if given_up else wanted).update(values)
    came = {(one.record, name, new) for one in found.steps for name, (_old, new) in one.changes.items()}
    for record, name, value in sorted((ended - wanted) & came, key=str):
        if value is not None:
            yield Fault(
                DOUBLED, f"{name}={value} of {record[-6:]} was given up and came to the school all the same"
            )


def _overwritten(found: AtSchool, ledger: Ledger) -> Iterator[Fault]:
    """A value gave way that the person who entered the new one had never had in front of them."""
    state: dict[str, dict[str, Any]] = {}
    gone: dict[str, bool] = {}
    for one in found.steps:
        before = state.setdefault(one.record, dict.fromkeys(FIELDS))
        entry = ledger.entries.get(one.op_id)
        if entry is not None:
            for name, (old, new) in one.changes.items():
                yield from _blind(ledger, entry, name, (old, new))
            if one.kind == "archive":
                yield from _archived_blind(ledger, entry, before)
            if gone.get(one.record) and not _was_asked(one.op_id, ledger):
                yield Fault(LOST, f"{one.op_id[-6:]} brought {one.record[-6:]} back and nobody was asked")
        before.update({name: new for name, (_old, new) in one.changes.items() if name in FIELDS})
        gone[one.record] = one.kind == "archive"


def _was_asked(op_id: str, ledger: Ledger) -> bool:
    """Whether a person's decision made this entry, or one that it goes on for since it was mended."""
    entry = ledger.entries.get(op_id)
    earlier = (other for other, decision in ledger.decisions.items() if decision.successor == op_id)
    return (entry is not None and entry.follows is not None) or any(
        _was_asked(other, ledger) for other in earlier
    )


def _blind(ledger: Ledger, entry: Entry, name: str, change: tuple[Any, Any]) -> Iterator[Fault]:
    old, new = change
    where = f"{name} of {entry.record[-6:]}: {old} became {new} by {entry.op_id[-6:]} of {entry.desk}"
    if new not in ledger.entered.get((entry.desk, entry.record, name), {}):
        yield Fault(LOST, f"{where}, who never entered that")
    elif not _knew(ledger, entry, name, old):
        yield Fault(LOST, f"{where}, who never saw {old}: overwritten in silence")


def _knew(ledger: Ledger, entry: Entry, name: str, value: Any) -> bool:
    """Whether the person had seen or entered the value themselves, before the entry went out."""
    key, at = (entry.desk, entry.record, name), ledger.sent.get(entry.op_id, ledger.step)
    steps = (ledger.seen.get(key, {}).get(value), ledger.entered.get(key, {}).get(value))
    return any(step is not None and step <= at for step in steps)


def _archived_blind(ledger: Ledger, entry: Entry, values: dict[str, Any]) -> Iterator[Fault]:
    for name, value in values.items():
        if value is not None and not _knew(ledger, entry, name, value):
            yield Fault(LOST, f"{entry.desk} archived {entry.record[-6:]} without having seen {name}={value}")


def told_by(desks: Sequence[Desk]) -> Told:
    """What the desks say of their entries: the state, and whose bytes carry them."""
    return {
        op_id: (state, carrier or op_id)
        for desk in desks
        for op_id, state, carrier in desk.rows("SELECT op_id, state, carried_by FROM operation")
    }


def _lost(found: AtSchool, told: Told, ledger: Ledger) -> Iterator[Fault]:
    came = {(one.record, name, new) for one in found.steps for name, (_old, new) in one.changes.items()}
    archived = {one.record for one in found.steps if one.kind == "archive"}
    for entry in ledger.entries.values():
        if entry.op_id in ledger.decisions:
            continue
        state, carrier = told.get(entry.op_id, ("gone", entry.op_id))
        if state != "applied":
            yield Fault(LOST, f"{entry.op_id[-6:]} of {entry.desk} is {state}, and nobody decided that")
        elif carrier not in found.receipts:
            yield Fault(
                LOST, f"{entry.op_id[-6:]} of {entry.desk} is called applied; the school has no receipt"
            )
        else:
            yield from _values_lost(entry, carrier, told, ledger, came)
            if entry.archive and entry.record not in archived:
                yield Fault(LOST, f"{entry.op_id[-6:]} of {entry.desk} did not archive {entry.record[-6:]}")


def _values_lost(
    entry: Entry, carrier: str, told: Told, ledger: Ledger, came: set[tuple[str, str, Any]]
) -> Iterator[Fault]:
    for name, value in entry.values.items():
        if (entry.record, name, value) in came:
            continue
        later = _later_in_the_same_bytes(entry, carrier, told, ledger)
        if value is not None and not any(name in other.values for other in later):
            yield Fault(
                LOST, f"{name}={value} of {entry.record[-6:]} by {entry.desk} never came to the school"
            )


def _later_in_the_same_bytes(entry: Entry, carrier: str, told: Told, ledger: Ledger) -> Iterable[Entry]:
    return [
        other
        for other in ledger.entries.values()
        if (other.place, other.step) > (entry.place, entry.step)
        and told.get(other.op_id, ("", ""))[1] == carrier
    ]


def _diverged(found: AtSchool, desk: Desk) -> Iterator[Fault]:
    base = {
        record: (version, {name: json.loads(values or "{}").get(name) for name in FIELDS}, bool(deleted))
        for record, version, values, deleted in desk.rows(
            "SELECT id, version, base, base_deleted FROM student"
        )
    }
    shown = {
        row[0]: (row[1], dict(zip(FIELDS, row[3:], strict=True)), bool(row[2]))
        for row in desk.rows(f"SELECT id, version, deleted, {', '.join(FIELDS)} FROM student")
    }
    for name, have in (("base", base), ("list", shown)):
        for record in sorted(found.students.keys() | have.keys()):
            if found.students.get(record) != have.get(record):
                said = f"{desk.name}'s {name} has {have.get(record)}, the school {found.students.get(record)}"
                yield Fault(DIVERGED, f"{record[-6:]}: {said}")
    for wrong in desk.client.verify():
        yield Fault(DIVERGED, f"{desk.name}'s store: {wrong}")
    marked = {record for (record,) in desk.rows("SELECT id FROM student WHERE mark != ''")}
    if marked:
        yield Fault(DIVERGED, f"{desk.name} marks {len(marked)} records though nothing waits")
