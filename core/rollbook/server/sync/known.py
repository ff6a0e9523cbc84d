"""What the database knows about a batch, read set-wise: never a query for each operation (S8)."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from rollbook.contract.operations import Operation
from rollbook.domain.canonical import UnfitError, canonical_value
from rollbook.domain.entity import EntityType, FieldSpec
from rollbook.domain.registry import ENTITIES
from rollbook.schema.columns import values_of
from rollbook.server.sync.decide import PastChange, RecordState, version_seen
from rollbook.server.sync.incoming import Incoming
from rollbook.server.tables import history, receipt, record_tables

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
    """Receipts by operation id, records and their changes by key, holders by entity, field and value."""

    receipts: dict[str, Receipt] = field(default_factory=dict)
    records: dict[RecordKey, RecordState] = field(default_factory=dict)
    past: dict[RecordKey, list[PastChange]] = field(default_factory=dict)
    holders: dict[tuple[str, str, Any], str] = field(default_factory=dict)


def read_known(connection: Connection, school_id: str, owner: str, batch: Sequence[Incoming]) -> Known:
    """Read what is needed to decide ``batch``, and hold its records against other writers."""
    operations = [item.operation for item in batch if item.operation is not None]
    known = Known(receipts=read_receipts(connection, school_id, owner, _receipts_wanted(operations)))
    for name in record_tables:
        mine = [operation for operation in operations if operation.entity == name]
        if mine:
            _read_entity(connection, school_id, ENTITIES[name], mine, known)
    return known


def read_receipts(
    connection: Connection, school_id: str, owner: str, op_ids: Collection[str]
) -> dict[str, Receipt]:
    """The receipts that exist for ``op_ids``."""
    rows = (
        row
        for some in in_parts(sorted(op_ids))
        for row in connection.execute(
            select(receipt).where(
                receipt.c.school_id == school_id, receipt.c.owner == owner, receipt.c.op_id.in_(some)
            )
        )
    )
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
    records = read_records(connection, school_id, entity, {item.entity_id for item in operations}, lock=True)
    known.records |= {(entity.name, record_id): state for record_id, state in records.items()}
    behind = {
        item.entity_id: item.base_version or 0
        for item in operations
        if item.entity_id in records and (item.base_version or 0) < records[item.entity_id].version
    }
    known.past |= _read_past(connection, school_id, entity, behind)
    # What was seen may be a version that this server does not have (S22): then all that was done counts.
    elsewhere = {item.entity_id: 0 for item in operations if _saw_another(item, entity, known)}
    known.past |= _read_past(connection, school_id, entity, elsewhere)
    for spec in entity.fields:
        if spec.unique:
            values = sorted(_wanted_values(spec, operations))
            known.holders |= _read_holders(connection, school_id, entity, spec.name, values)


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
    for some in in_parts(sorted(ids)):
        query = select(table).where(table.c.school_id == school_id, table.c.id.in_(some)).order_by(table.c.id)
        for row in connection.execute(query.with_for_update() if lock else query).mappings():
            found[row["id"]] = RecordState(
                version=row["version"],
                values=values_of(entity, row),
                deleted=row["deleted_at"] is not None,
                changed_by=row["updated_by"],
                changed_at=row["updated_at"],
                seal=row["seal"],
            )
    return found


def _read_past(
    connection: Connection, school_id: str, entity: EntityType, behind: dict[str, int]
) -> dict[RecordKey, list[PastChange]]:
    past: dict[RecordKey, list[PastChange]] = {}
    for some in in_parts(sorted(behind)):
        query = (
            select(history)
            .where(
                history.c.school_id == school_id,
                history.c.entity == entity.name,
                history.c.entity_id.in_(some),
                history.c.version >= min(behind[record_id] for record_id in some),
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
    table = record_tables[entity.name]
    return {
        (entity.name, name, row[1]): row[0]
        for some in in_parts(values)
        for row in connection.execute(
            select(table.c.id, table.c[name]).where(
                table.c.school_id == school_id, table.c.deleted_at.is_(None), table.c[name].in_(some)
            )
        )
    }
