"""Writing versions that came back: record, history, receipt and feed, as if never away (S22)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, insert, select, update

from rollbook.contract.feed import Change
from rollbook.contract.operations import Kind, Operation
from rollbook.domain.registry import ENTITIES
from rollbook.server.recovery.judge import Candidate
from rollbook.server.request_context import current
from rollbook.server.search.words import note_words
from rollbook.server.sync.decide import RecordState
from rollbook.server.sync.known import RecordKey
from rollbook.server.sync.sums import note_versions
from rollbook.server.sync.write import RandomMark, advance_head, feed_row, live_values
from rollbook.server.tables import app_user, feed, history, receipt, record_tables

Taken = Sequence[tuple[Candidate, RecordState | None]]
"""Versions in order, each with the record as it was before it."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Where and when it is written."""

    connection: Connection
    school_id: str
    new_mark: RandomMark
    at: str


def write_taken(writing: Writing, taken: Taken) -> None:
    """Write them all; the caller commits right after."""
    if not taken:
        return
    names = _names_of_owners(writing.connection, taken)
    versions = [(item, old, _told(item.change, names)) for item, old in taken]
    for name, table in record_tables.items():
        _write_records(writing, table, [each for each in versions if each[2].entity == name])
    note_words(
        writing.connection,
        writing.school_id,
        [
            (change.entity, change.id, live_values(old), None if change.deleted else change.values)
            for _item, old, change in versions
        ],
    )
    writing.connection.execute(insert(history), [_history_row(writing.school_id, *each) for each in versions])
    head = advance_head(writing.connection, writing.school_id, len(versions))
    moved = [
        (change.entity, change.id, old.version if old else None, change.version)
        for _item, old, change in versions
    ]
    note_versions(writing.connection, writing.school_id, moved)
    first = head - len(versions) + 1
    rows = [
        feed_row(writing.school_id, first + place, writing.new_mark(), change)
        for place, (_item, _old, change) in enumerate(versions)
    ]
    writing.connection.execute(insert(feed), rows)
    receipts = [
        receipt_row(writing, item, first + place)
        for place, (item, _old, change) in enumerate(versions)
        if change.owner in names
    ]
    if receipts:
        writing.connection.execute(insert(receipt), receipts)


def complete_receipts(writing: Writing, known: Sequence[Candidate]) -> None:
    """Versions that were here already, now given back by their owners: their receipts get the digest (S7)."""
    mine = [item for item in known if item.operation is not None]
    if not mine:
        return
    head = advance_head(writing.connection, writing.school_id, 0)
    for item in mine:
        where = (
            (receipt.c.school_id == writing.school_id)
            & (receipt.c.owner == item.change.owner)
            & (receipt.c.op_id == item.change.op_id)
        )
        digest = writing.connection.execute(select(receipt.c.digest).where(where)).scalar()
        if digest is None:
            writing.connection.execute(insert(receipt).values(receipt_row(writing, item, head)))
        elif not digest:
            writing.connection.execute(update(receipt).where(where).values(digest=digest_of(item)))
        _name_device(writing, item)


def receipt_row(writing: Writing, item: Candidate, position: int) -> dict[str, Any]:
    """The receipt of the operation that made the version; no digest where its bytes are not known."""
    change = item.change
    return {
        "school_id": writing.school_id,
        "owner": change.owner,
        "op_id": change.op_id,
        "digest": digest_of(item),
        "entity": change.entity,
        "entity_id": change.id,
        "outcome": "applied",
        "version": change.version,
        "position": position,
        "merged_fields": "[]",
        "at": writing.at,
    }


def digest_of(item: Candidate) -> bytes:
    """The digest of the operation's bytes, empty where they did not come."""
    return b"" if item.operation is None else hashlib.sha256(item.operation).digest()


def _name_device(writing: Writing, item: Candidate) -> None:
    """The history of a version that others gave back gets the computer and the place that its owner names."""
    operation = _operation(item)
    if operation is None:
        return
    writing.connection.execute(
        update(history)
        .where(
            history.c.school_id == writing.school_id,
            history.c.entity == item.change.entity,
            history.c.entity_id == item.change.id,
            history.c.version == item.change.version,
            history.c.seal == item.change.seal,
            history.c.device == "",
        )
        .values(device=operation.device, sequence=operation.sequence)
    )


def _names_of_owners(connection: Connection, taken: Taken) -> dict[str, str]:
    owners = sorted({item.change.owner for item, _old in taken})
    query = select(app_user.c.id, app_user.c.name).where(app_user.c.id.in_(owners))
    return {row.id: row.name for row in connection.execute(query)}


def _told(change: Change, names: Mapping[str, str]) -> Change:
    """As everybody will see it: all fields named, its owner by the name that the server knows."""
    values = {name: (change.values or {}).get(name) for name in ENTITIES[change.entity].names}
    by = names.get(change.owner, change.by)
    return msgspec.structs.replace(change, values=values, by=by, recovered=True)


def _operation(item: Candidate) -> Operation | None:
    return None if item.operation is None else msgspec.json.decode(item.operation, type=Operation)


def _history_row(school_id: str, item: Candidate, old: RecordState | None, change: Change) -> dict[str, Any]:
    operation = _operation(item)
    had: Mapping[str, Any] = {} if old is None else old.values
    values = change.values or {}
    changes = {name: (had.get(name), value) for name, value in values.items() if had.get(name) != value}
    return {
        "school_id": school_id,
        "entity": change.entity,
        "entity_id": change.id,
        "version": change.version,
        "kind": _kind(old, change).value if operation is None else operation.kind.value,
        "changes": json.dumps(changes, ensure_ascii=False),
        "by": change.by,
        "by_id": change.owner,
        "device": "" if operation is None else operation.device,
        "sequence": 0 if operation is None else operation.sequence,
        "op_id": change.op_id,
        "request_id": current().request_id,
        "at": change.at,
        "seal": change.seal,
        "recovered_by": item.user_name,
    }


def _kind(old: RecordState | None, change: Change) -> Kind:
    if change.deleted:
        return Kind.ARCHIVE
    return Kind.CREATE if old is None or old.deleted else Kind.UPDATE


_Version = tuple[Candidate, RecordState | None, Change]


def _write_records(writing: Writing, table: Table, versions: Sequence[_Version]) -> None:
    was: dict[RecordKey, RecordState | None] = {}
    last: dict[RecordKey, tuple[Change, Change]] = {}
    for item, old, change in versions:
        was.setdefault(item.key, old)
        last[item.key] = (last[item.key][0] if item.key in last else change, change)
    for there, write in ((True, _update), (False, _insert)):
        rows = [_row(writing, *last[key]) for key in sorted(last) if (was[key] is not None) is there]
        if rows:
            write(writing.connection, table, rows)


def _row(writing: Writing, first: Change, change: Change) -> dict[str, Any]:
    return {
        **(change.values or {}),
        "school_id": writing.school_id,
        "id": change.id,
        "version": change.version,
        "created_at": first.at,
        "created_by": first.by,
        "updated_at": change.at,
        "updated_by": change.by,
        "deleted_at": change.at if change.deleted else None,
        "seal": change.seal,
    }


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    connection.execute(insert(table), rows)


def _update(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    of_one = (table.c.school_id == bindparam("_school_id")) & (table.c.id == bindparam("_id"))
    # What must be held once is let go first, so that no order of the rows matters.
    unique = [spec.name for spec in ENTITIES[table.name].fields if spec.unique]
    keys = [{"_school_id": row["school_id"], "_id": row["id"]} for row in rows]
    if unique:
        connection.execute(update(table).where(of_one).values(dict.fromkeys(unique)), keys)
    names = [name for name in rows[0] if name not in ("school_id", "id", "created_at", "created_by")]
    connection.execute(
        update(table).where(of_one).values({name: bindparam(f"_{name}") for name in names}),
        [{f"_{name}": value for name, value in row.items()} for row in rows],
    )
