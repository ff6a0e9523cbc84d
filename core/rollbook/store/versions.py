"""Versions of records as the school made them: kept so that they can be given back to it (S22)."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from rollbook.contract.feed import Change
from rollbook.contract.operations import NO_RECORD, Result
from rollbook.store.tables import KNOWN_VERSION

KEPT_AT_MOST = 50_000
_PART = 1_000


def note(connection: Connection, changes: Sequence[Change], at: str) -> None:
    """Remember versions that the school told; ``at`` is the time now, ISO 8601 in UTC.

    Only what carries its seal and its operation can be given back, so only that is kept.
    """
    number = connection.execute(select(func.max(KNOWN_VERSION.c.number))).scalar() or 0
    rows = [
        {
            "entity_id": change.id,
            "version": change.version,
            "seal": change.seal,
            "entity": change.entity,
            "op_id": change.op_id,
            "change": msgspec.json.encode(change),
            "number": number + place,
            "kept_at": at,
        }
        for place, change in enumerate(changes, start=1)
        if change.seal and change.op_id
    ]
    for start in range(0, len(rows), _PART):
        connection.execute(insert(KNOWN_VERSION).on_conflict_do_nothing(), rows[start : start + _PART])


def note_results(connection: Connection, results: Iterable[Result], at: str) -> None:
    """Remember the versions that our own operations made."""
    records = [result.record for result in results if result.record != NO_RECORD]
    note(connection, [msgspec.json.decode(record, type=Change) for record in records], at)


def seal_of(connection: Connection, record_id: str, version: int | None) -> str:
    """The seal of the version that this computer has of a record; empty where it does not know it."""
    found = connection.execute(
        select(KNOWN_VERSION.c.seal)
        .where(KNOWN_VERSION.c.entity_id == record_id, KNOWN_VERSION.c.version == version)
        .order_by(KNOWN_VERSION.c.number.desc())
        .limit(1)
    ).scalar()
    return found or ""


def forget(connection: Connection, before: str) -> int:
    """Forget versions kept before that time, and all but the last 50,000; returns how many went."""
    newest = connection.execute(select(func.max(KNOWN_VERSION.c.number))).scalar() or 0
    old = (KNOWN_VERSION.c.kept_at < before) | (KNOWN_VERSION.c.number <= newest - KEPT_AT_MOST)
    return connection.execute(delete(KNOWN_VERSION).where(old, KNOWN_VERSION.c.state == "")).rowcount
