"""Versions of records as the school made them: kept so that they can be given back to it (S22)."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, delete, func, select

from rollbook.contract.feed import Change
from rollbook.contract.operations import NO_RECORD, Result
from rollbook.store import rows
from rollbook.store.rows import THESE, marks, named, these
from rollbook.store.tables import KNOWN_VERSION

KEPT_AT_MOST = 50_000
_TOLD = ("entity_id", "version", "seal", "entity", "op_id", "change", "number", "kept_at")
_RECORD = msgspec.json.Decoder(Change)
Seals = dict[tuple[str, int | None], str]
"""The seal of each version that this computer knows, by record and version."""


def note(connection: Connection, changes: Sequence[Change], at: str) -> None:
    """Remember versions that the school told; ``at`` is the time now, ISO 8601 in UTC.

    Only what carries its seal and its operation can be given back, so only that is kept.
    """
    number = connection.execute(select(func.max(KNOWN_VERSION.c.number))).scalar() or 0
    told = [
        (
            change.id,
            change.version,
            change.seal,
            change.entity,
            change.op_id,
            msgspec.json.encode(change),
            number + place,
            at,
        )
        for place, change in enumerate(changes, start=1)
        if change.seal and change.op_id
    ]
    statement = f"INSERT INTO known_version ({named(_TOLD)}) VALUES ({marks(_TOLD)}) ON CONFLICT DO NOTHING"
    rows.write(connection, statement, told)


def note_results(connection: Connection, results: Iterable[Result], at: str) -> None:
    """Remember the versions that our own operations made."""
    records = [result.record for result in results if result.record != NO_RECORD]
    note(connection, [_RECORD.decode(record) for record in records], at)


def seals_of(connection: Connection, record_ids: Iterable[str]) -> Seals:
    """The seals of the versions that this computer knows of these records."""
    statement = (
        f"SELECT entity_id, version, seal FROM known_version WHERE entity_id IN {THESE} ORDER BY number"
    )
    known = rows.read(connection, statement, [these(record_ids)])
    return {(record_id, version): seal for record_id, version, seal in known}


def forget(connection: Connection, before: str) -> int:
    """Forget versions kept before that time, and all but the last 50,000; returns how many went."""
    newest = connection.execute(select(func.max(KNOWN_VERSION.c.number))).scalar() or 0
    old = (KNOWN_VERSION.c.kept_at < before) | (KNOWN_VERSION.c.number <= newest - KEPT_AT_MOST)
    still_ours = KNOWN_VERSION.c.state.in_(("lost", "held"))
    return connection.execute(delete(KNOWN_VERSION).where(old, ~still_ours)).rowcount
