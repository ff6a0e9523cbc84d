"""What is in the school and in the stores after the kills, by plain SQL, against what people entered.

Shares no code with what it judges: it knows tables, and that each value was entered by one person once.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crash.desk_work import Desk, Noted

LOST, DOUBLED, DIFFERS, NOT_HEALED = KINDS = ("lost", "doubled", "differs", "not healed")
FIELDS = ("given_name", "family_name", "phone", "homeroom", "address")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that must not be."""

    kind: str
    what: str


@dataclass(slots=True)
class Change:
    """One version of one student in the school's history."""

    record: str
    version: int
    kind: str
    op_id: str
    values: dict[str, Any]  # field -> the new value


@dataclass(slots=True)
class AtSchool:
    """The server's database, read whole."""

    students: dict[str, tuple[int, bool, dict[str, Any]]]
    history: list[Change]
    receipts: list[str]
    feed: list[tuple[int, str, str]]  # position, entity, op_id
    head: int


@dataclass(slots=True)
class AtDesk:
    """A store, read whole. ``entries`` maps op_id to (state, what carries it, record, values, kind)."""

    desk: Desk
    noted: list[Noted]
    entries: dict[str, tuple[str, str, str, dict[str, Any], str]]
    order: list[str]
    bases: dict[str, tuple[int, bool, dict[str, Any]]]
    marks: int
    healed: dict[str, Any] = field(default_factory=dict)


def rows(file: Path, query: str) -> list[Any]:
    """Rows of one query on a file that somebody else may be writing."""
    with closing(sqlite3.connect(file, timeout=10)) as connection:
        return connection.execute(query).fetchall()


def read_school(file: Path) -> AtSchool:
    """Read the server's database."""
    named = ", ".join(FIELDS)
    students = {
        row[0]: (row[1], row[2] is not None, dict(zip(FIELDS, row[3:], strict=True)))
        for row in rows(file, f"SELECT id, version, deleted_at, {named} FROM student")
    }
    history = [
        Change(*row[:4], {name: change[1] for name, change in json.loads(row[4]).items()})
        for row in rows(
            file,
            "SELECT entity_id, version, kind, op_id, changes FROM history WHERE entity = 'student' "
            "ORDER BY entity_id, version",
        )
    ]
    receipts = [row[0] for row in rows(file, "SELECT op_id FROM receipt ORDER BY op_id")]
    feed = rows(file, "SELECT position, entity, op_id FROM feed ORDER BY position")
    [(head,)] = rows(file, "SELECT max(head) FROM school_feed")
    return AtSchool(students, history, receipts, feed, head)


def read_desk(desk: Desk, store: Path, noted: list[Noted]) -> AtDesk:
    """Read a store. A base holds the values that there are; the others are nothing."""
    found = rows(
        store,
        "SELECT op_id, state, coalesce(carried_by, op_id), entity_id, changes, kind FROM operation "
        "ORDER BY position, sequence",
    )
    entries = {
        row[0]: (row[1], row[2], row[3], {k: v["value"] for k, v in json.loads(row[4]).items()}, row[5])
        for row in found
    }
    bases = {
        row[0]: (row[1], bool(row[3]), {name: json.loads(row[2]).get(name) for name in FIELDS})
        for row in rows(store, "SELECT id, version, base, base_deleted FROM student WHERE base IS NOT NULL")
    }
    [(marks,)] = rows(store, "SELECT count(*) FROM student WHERE mark != ''")
    return AtDesk(desk, noted, entries, [row[0] for row in found], bases, marks)


def after_a_kill(school: AtSchool, desks: Iterable[AtDesk]) -> Iterator[Fault]:
    """What must hold at any moment: what a save or an answer acknowledged is there."""
    receipts = set(school.receipts)
    for at in desks:
        for noted in at.noted:
            if noted.op_id is not None and noted.op_id not in at.entries:
                yield Fault(LOST, f"the save {noted.op_id} of {at.desk.name} had returned and is not stored")
        for op_id, (state, carrier, *_rest) in at.entries.items():
            if state == "applied" and carrier not in receipts:
                yield Fault(LOST, f"{op_id} of {at.desk.name} is called applied; the school has no receipt")


def after_healing(school: AtSchool, desks: Iterable[AtDesk]) -> Iterator[Fault]:
    """What must hold when everything was left alone for a while."""
    desks = list(desks)
    yield from after_a_kill(school, desks)
    yield from _books_balance(school)
    for at in desks:
        yield from _all_went(at)
        yield from _stored_as_entered(at)
        yield from _values_came(school, at)
        yield from _same_as_school(school, at)
    yield from _nothing_of_nobody(school, desks)


def _books_balance(school: AtSchool) -> Iterator[Fault]:
    """Receipts, feed and history tell the same; versions and positions have no gap and no double."""
    fed = [op_id for _position, entity, op_id in school.feed if entity == "student"]
    for name, op_ids in (
        ("receipts", school.receipts),
        ("feed rows", fed),
        ("versions", [each.op_id for each in school.history]),
    ):
        for op_id, times in Counter(op_ids).items():
            if times > 1:
                yield Fault(DOUBLED, f"{op_id} has {times} {name}")
    told = set(fed)
    written = {each.op_id for each in school.history}
    if not set(school.receipts) == told == written:
        odd = (set(school.receipts) ^ told) | (told ^ written)
        yield Fault(DIFFERS, f"receipts, feed and history differ by {sorted(odd)[:5]}")
    positions = [row[0] for row in school.feed]
    if positions != list(range(1, school.head + 1)):
        yield Fault(DIFFERS, f"the feed has {len(positions)} rows up to {positions[-1:]}, head {school.head}")
    versions: dict[str, list[int]] = defaultdict(list)
    for each in school.history:
        versions[each.record].append(each.version)
    for record, (version, _deleted, _values) in school.students.items():
        if versions[record] != list(range(1, version + 1)):
            yield Fault(DIFFERS, f"{record} is at version {version}, its history has {versions[record]}")


def _all_went(at: AtDesk) -> Iterator[Fault]:
    if not at.healed.get("up_to_date"):
        yield Fault(NOT_HEALED, f"{at.desk.name}: {at.healed}")
    for wrong in at.healed.get("unsound", []):
        yield Fault(DIFFERS, f"{at.desk.name}'s store: {wrong}")
    waiting = Counter(state for state, *_rest in at.entries.values() if state != "applied")
    if waiting:
        yield Fault(NOT_HEALED, f"{at.desk.name} still has {dict(waiting)}")


def _stored_as_entered(at: AtDesk) -> Iterator[Fault]:
    """Each stored entry was entered once; one whose save had not returned may be there or not, once."""
    tried = Counter(_what(each.values, each.archive) for each in at.noted)
    stored = Counter(_what(values, kind == "archive") for _s, _c, _r, values, kind in at.entries.values())
    for what, times in (stored - tried).items():
        yield Fault(DOUBLED, f"{at.desk.name} has {what} {times} times more than it was entered")
    acknowledged = Counter(_what(each.values, each.archive) for each in at.noted if each.op_id is not None)
    for what, times in (acknowledged - stored).items():
        yield Fault(LOST, f"{at.desk.name} has {what} {times} times less than its saves had returned")


def _what(values: dict[str, Any], archive: bool) -> str:
    return "an archive" if archive else json.dumps(values, sort_keys=True)


def _values_came(school: AtSchool, at: AtDesk) -> Iterator[Fault]:
    """Each value came, or a later one of the same bytes did; the last of each field is at the school."""
    came = {(one.record, name, new) for one in school.history for name, new in one.values.items()}
    last: dict[tuple[str, str], Any] = {}
    later: dict[tuple[str, str], bool] = {}
    for op_id in reversed(at.order):
        _state, carrier, record, values, kind = at.entries[op_id]
        for name, value in values.items():
            last.setdefault((record, name), value)
            if (record, name, value) not in came and not later.get((carrier, name)):
                yield Fault(LOST, f"{name}={value} of {record} by {at.desk.name} never came to the school")
            later[carrier, name] = True
        if kind == "archive" and not school.students.get(record, (0, False, {}))[1]:
            yield Fault(LOST, f"{record} was archived by {at.desk.name}, and is not at the school")
    for (record, name), value in last.items():
        have = school.students.get(record, (0, False, {}))[2].get(name)
        if have != value:
            yield Fault(LOST, f"{name} of {record} is {have} at the school, {at.desk.name} entered {value}")


def _nothing_of_nobody(school: AtSchool, desks: list[AtDesk]) -> Iterator[Fault]:
    """No value comes twice, and none that nobody entered."""
    entered = {
        (name, value)
        for at in desks
        for _state, _carrier, _record, values, _kind in at.entries.values()
        for name, value in values.items()
    }
    times = Counter((one.record, name, value) for one in school.history for name, value in one.values.items())
    for (record, name, value), count in times.items():
        if count > 1:
            yield Fault(DOUBLED, f"{name}={value} of {record} came {count} times")
        if (name, value) not in entered and not str(value).startswith("shared"):
            yield Fault(DIFFERS, f"{name}={value} of {record} was entered by nobody")


def _same_as_school(school: AtSchool, at: AtDesk) -> Iterator[Fault]:
    for record in sorted(school.students.keys() | at.bases.keys()):
        if school.students.get(record) != at.bases.get(record):
            said = f"{at.bases.get(record)}, the school {school.students.get(record)}"
            yield Fault(DIFFERS, f"{at.desk.name} has of {record} {said}")
    if at.marks:
        yield Fault(DIFFERS, f"{at.desk.name} marks {at.marks} records though nothing waits")
