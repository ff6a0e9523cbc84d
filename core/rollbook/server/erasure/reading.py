"""What was erased, and keeping writers and an erasure apart (D3)."""

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, select, text

from rollbook.contract.erasure import ErasedPage
from rollbook.contract.feed import Change
from rollbook.contract.operations import Operation
from rollbook.domain.registry import ENTITIES
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import erased

_CHANGE = msgspec.json.Decoder(Change)
_SHARED, _ALONE = "pg_advisory_xact_lock_shared", "pg_advisory_xact_lock"


def hold_against_erasures(connection: Connection, school_id: str) -> None:
    """Let no erasure of the school begin until the commit; what is erased is read after this.

    Else a record about somebody could be written while they are erased, and stay. SQLite has one writer
    anyway.
    """
    _hold(connection, school_id, _SHARED)


def hold_for_erasure(connection: Connection, school_id: str) -> None:
    """Wait for the school's writers, and keep others out until the commit."""
    _hold(connection, school_id, _ALONE)


def _hold(connection: Connection, school_id: str, how: str) -> None:
    if connection.dialect.name == "postgresql":
        name = {"name": f"erasure:{school_id}"}
        connection.execute(text(f"SELECT {how}(hashtextextended(:name, 0))"), name)


def named_by(operation: Operation) -> set[str]:
    """The ids of all records that an operation writes or names."""
    entity = ENTITIES.get(operation.entity)
    named = {operation.entity_id, operation.alias}
    for spec in () if entity is None else entity.references:
        change = operation.changes.get(spec.name)
        named.add(change.value if change is not None and isinstance(change.value, str) else None)
    return {record_id for record_id in named if record_id is not None}


def named_in(change: Change) -> set[str]:
    """The ids of all records that a version is of or names."""
    entity, values = ENTITIES.get(change.entity), change.values or {}
    named = {values.get(spec.name) for spec in (() if entity is None else entity.references)}
    return {record_id for record_id in {change.id, *named} if isinstance(record_id, str)}


def erased_among(connection: Connection, school_id: str, ids: Collection[str]) -> set[str]:
    """Those of the ids that were erased."""
    fitting = sorted(record_id for record_id in ids if "\x00" not in record_id)
    if not fitting:
        return set()
    query = select(erased.c.record_id).where(
        erased.c.school_id == school_id, among(connection, erased.c.record_id, fitting)
    )
    return set(connection.execute(query).scalars())


def people(connection: Connection, school_id: str, after: str, limit: int) -> ErasedPage:
    """Up to ``limit`` of the people that were erased, behind the id ``after``."""
    query = select(erased.c.payload).where(
        erased.c.school_id == school_id, erased.c.person == 1, erased.c.record_id > after
    )
    rows = connection.execute(query.order_by(erased.c.record_id).limit(limit + 1)).scalars().all()
    return ErasedPage([_CHANGE.decode(row) for row in rows[:limit]], more=len(rows) > limit)
