"""What the database knows about a batch, read set-wise: never a query for each operation (S8)."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, select

from rollbook.contract.feed import Change
from rollbook.contract.operations import Operation
from rollbook.domain.canonical import UnfitError, canonical_value
from rollbook.domain.entity import EntityType, FieldSpec
from rollbook.domain.registry import ENTITIES
from rollbook.server.erasure.reading import erased_among, hold_against_erasures, named_by
from rollbook.server.files.chunks import Whole, files_named, read_whole
from rollbook.server.sync.decide import PastChange, RecordState, version_seen
from rollbook.server.sync.horizon import too_old
from rollbook.server.sync.identity import (
    KeyHeld,
    hold_keys,
    key_after,
    key_of_create,
    read_aliases,
    read_keyed,
)
from rollbook.server.sync.incoming import Incoming
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import feed, history, receipt, record_tables

T = TypeVar("T")
RecordKey = tuple[str, str]
"""Entity name and record id."""
_IN_ONE_QUERY = 1_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an operation was applied or merged, and what came of it (S7)."""

    digest: bytes
    entity: str
    entity_id: str
    outcome: str
    version: int
    merged_fields: tuple[str, ...]


@dataclass(slots=True)
class Known:
    """Receipts by operation id, records and their changes by key, holders by entity, field and value.

    A natural key is held like the value of a field (S16); ``archived`` are archived records by such a key.
    ``aliases`` are ids that mean another record, by entity and id. ``files`` says how files stand, by value.
    ``too_old`` are operations that were sent before, so long ago that their receipt may be gone (S7).
    """

    receipts: dict[str, Receipt] = field(default_factory=dict)
    records: dict[RecordKey, RecordState] = field(default_factory=dict)
    past: dict[RecordKey, list[PastChange]] = field(default_factory=dict)
    holders: dict[tuple[str, str, Any], str] = field(default_factory=dict)
    archived: dict[KeyHeld, str] = field(default_factory=dict)
    aliases: dict[RecordKey, str] = field(default_factory=dict)
    files: dict[str, Whole] = field(default_factory=dict)
    too_old: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    """Ids of records that were erased, of all that operations write or name (D3)."""
    named: set[RecordKey] = field(default_factory=set)
    """Records that operations name as another's, as far as there are such; aliases among them."""
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of receipts without the operation's bytes, by operation: the record as it was after it."""

    def meant(self, entity: EntityType, operation: Operation) -> str:
        """The id of the record that an operation means (S16, D4)."""
        named = self.aliases.get((entity.name, operation.entity_id), operation.entity_id)
        held = key_of_create(entity, operation)
        if held is None or (entity.name, named) in self.records:
            return named
        return self.holders.get(held) or self.archived.get(held) or named


def read_known(connection: Connection, school_id: str, owner: str, batch: Sequence[Incoming]) -> Known:
    """Read what is needed to decide ``batch``, and hold its records against other writers."""
    operations = [item.operation for item in batch if item.operation is not None]
    hold_against_erasures(connection, school_id)
    known = Known(receipts=read_receipts(connection, school_id, owner, _receipts_wanted(operations)))
    wanted = {record_id for operation in operations for record_id in named_by(operation)}
    known.erased = erased_among(connection, school_id, wanted)
    known.made = _read_made(connection, school_id, known.receipts.items())
    again = {item.op_id: item.again_at for item in batch if item.again_at is not None}
    known.too_old = set(too_old(connection, school_id, again, again.keys() - known.receipts.keys()))
    known.named = set(_read_named(connection, school_id, operations))
    for name in record_tables:
        mine = [operation for operation in operations if operation.entity == name]
        if mine:
            _read_entity(connection, school_id, ENTITIES[name], mine, known)
    return known


def _read_named(
    connection: Connection, school_id: str, operations: Sequence[Operation]
) -> Iterator[RecordKey]:
    """Which of the records that the operations name are there, live or archived, or are aliases (D4)."""
    wanted: dict[str, set[str]] = {}
    for operation in operations:
        entity = ENTITIES.get(operation.entity)
        for spec in () if entity is None else entity.references:
            change = operation.changes.get(spec.name)
            if change is not None and isinstance(change.value, str):
                wanted.setdefault(spec.refers_to, set()).add(change.value)
    for name, ids in wanted.items():
        table = record_tables[name]
        query = select(table.c.id).where(
            table.c.school_id == school_id, among(connection, table.c.id, sorted(ids))
        )
        there = set(connection.execute(query).scalars())
        there |= read_aliases(connection, school_id, name, ids - there).keys()
        yield from ((name, record_id) for record_id in there)


def _read_made(
    connection: Connection, school_id: str, receipts: Iterable[tuple[str, Receipt]]
) -> dict[str, dict[str, Any]]:
    unread = [op_id for op_id, each in receipts if not each.digest]
    if not unread:
        return {}
    rows = connection.execute(
        select(feed.c.op_id, feed.c.payload).where(
            feed.c.school_id == school_id, among(connection, feed.c.op_id, unread)
        )
    )
    return {row.op_id: msgspec.json.decode(row.payload, type=Change).values or {} for row in rows}


def read_receipts(
    connection: Connection, school_id: str, owner: str, op_ids: Collection[str]
) -> dict[str, Receipt]:
    """The receipts that exist for ``op_ids``."""
    mine = (receipt.c.school_id == school_id, receipt.c.owner == owner)
    rows = connection.execute(select(receipt).where(*mine, among(connection, receipt.c.op_id, op_ids)))
    return {
        row.op_id: Receipt(
            row.digest,
            row.entity,
            row.entity_id,
            row.outcome,
            row.version,
            tuple(json.loads(row.merged_fields)),
        )
        for row in rows
    }


def in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """``items`` in parts that fit one query's parameters."""
    for start in range(0, len(items), _IN_ONE_QUERY):
        yield items[start : start + _IN_ONE_QUERY]


def _receipts_wanted(operations: Iterable[Operation]) -> set[str]:
    return {op_id for operation in operations for op_id in (operation.op_id, *operation.depends_on)}


def _read_entity(
    connection: Connection, school_id: str, entity: EntityType, operations: list[Operation], known: Known
) -> None:
    named = {item.entity_id for item in operations} | {item.alias for item in operations if item.alias}
    aliases = read_aliases(connection, school_id, entity.name, named)
    known.aliases |= {(entity.name, alias_id): record_id for alias_id, record_id in aliases.items()}
    _read_keys(connection, school_id, entity, operations, known)
    ids = named | set(aliases.values()) | {known.meant(entity, item) for item in operations}
    records = read_records(connection, school_id, entity, ids, lock=True)
    known.records |= {(entity.name, record_id): state for record_id, state in records.items()}
    behind: dict[str, int] = {}
    for item in operations:
        record_id, seen = known.meant(entity, item), item.base_version or 0
        if record_id in records and seen < records[record_id].version:
            behind[record_id] = min(seen, behind.get(record_id, seen))
    known.past |= _read_past(connection, school_id, entity, behind)
    # What was seen may be a version that this server does not have (S22): then all that was done counts.
    elsewhere = {known.meant(entity, item): 0 for item in operations if _saw_another(item, entity, known)}
    known.past |= _read_past(connection, school_id, entity, elsewhere)
    files = {text for item in operations for text in files_named(entity, item)}
    known.files |= read_whole(connection, school_id, sorted(files))
    for spec in entity.fields:
        if spec.unique:
            values = sorted(_wanted_values(spec, operations))
            known.holders |= _read_holders(connection, school_id, entity, spec.name, values)


def _read_keys(
    connection: Connection, school_id: str, entity: EntityType, operations: list[Operation], known: Known
) -> None:
    """Who has the natural keys that these operations give, before any of their records is held."""
    parts = {name for key in entity.natural_keys for name in key}
    changing = [item for item in operations if parts.intersection(item.changes)]
    if not changing:
        return
    hold_keys(connection, school_id, entity.name)
    before = read_records(connection, school_id, entity, {item.entity_id for item in changing})
    wanted = {
        held
        for item in changing
        for held in (
            key_of_create(entity, item),
            key_after(entity, item, before[item.entity_id].values if item.entity_id in before else {}),
        )
        if held is not None
    }
    live, archived = read_keyed(connection, school_id, entity, wanted)
    known.holders |= live
    known.archived |= archived


def _wanted_values(spec: FieldSpec, operations: Iterable[Operation]) -> Iterator[str]:
    for operation in operations:
        if spec.name not in operation.changes:
            continue
        try:
            value = canonical_value(spec, operation.changes[spec.name].value)
        except UnfitError:
            continue  # refused when it is decided
        if value is not None:
            yield value


def read_records(
    connection: Connection, school_id: str, entity: EntityType, ids: Collection[str], *, lock: bool = False
) -> dict[str, RecordState]:
    """Records by id. ``lock`` holds them, in the order of their ids so that two writers never cross."""
    table = record_tables[entity.name]
    found: dict[str, RecordState] = {}
    columns = (
        table.c.id,
        table.c.version,
        table.c.deleted_at,
        table.c.updated_by,
        table.c.updated_at,
        table.c.seal,
    )
    query = (
        select(*columns, *(table.c[name] for name in entity.names))
        .where(table.c.school_id == school_id, among(connection, table.c.id, ids))
        .order_by(table.c.id)
    )
    for row in connection.execute(query.with_for_update() if lock else query):
        record_id, version, deleted_at, by, at, seal, *values = row
        found[record_id] = RecordState(
            version, dict(zip(entity.names, values, strict=True)), deleted_at is not None, by, at, seal
        )
    return found


def _read_past(
    connection: Connection, school_id: str, entity: EntityType, behind: dict[str, int]
) -> dict[RecordKey, list[PastChange]]:
    past: dict[RecordKey, list[PastChange]] = {}
    if not behind:
        return past
    query = (
        select(history)
        .where(
            history.c.school_id == school_id,
            history.c.entity == entity.name,
            among(connection, history.c.entity_id, behind),
            history.c.version >= min(behind.values()),
        )
        .order_by(history.c.entity_id, history.c.version)
    )
    for row in connection.execute(query):
        past.setdefault((entity.name, row.entity_id), []).append(
            PastChange(
                version=row.version,
                fields=frozenset(json.loads(row.changes)),
                by=row.by,
                at=row.at,
                by_id=row.by_id,
                device=row.device,
                sequence=row.sequence,
                seal=row.seal,
            )
        )
    return past


def _saw_another(operation: Operation, entity: EntityType, known: Known) -> bool:
    key = (entity.name, operation.entity_id)
    state = known.records.get(key)
    if state is None or operation.base_version is None:
        return False
    return version_seen(state, known.past.get(key, ()), operation) != operation.base_version


def _read_holders(
    connection: Connection, school_id: str, entity: EntityType, name: str, values: list[str]
) -> dict[tuple[str, str, Any], str]:
    if not values:
        return {}
    table = record_tables[entity.name]
    query = select(table.c.id, table.c[name]).where(
        table.c.school_id == school_id,
        table.c.deleted_at.is_(None),
        table.c[name].is_not(None),
        among(connection, table.c[name], values),
    )
    return {(entity.name, name, value): holder for holder, value in connection.execute(query)}
