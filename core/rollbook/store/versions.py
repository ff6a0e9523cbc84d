"""Versions of records as the school made them: kept so that they can be given back to it (S22)."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, delete, func, select

from rollbook.contract.erasure import ERASED
from rollbook.contract.feed import Change
from rollbook.contract.operations import NO_RECORD, Result
from rollbook.store import meta, recovery, rows
from rollbook.store.rows import THESE, marks, named, these
from rollbook.store.tables import KNOWN_VERSION

KEPT_AT_MOST = 50_000
_TOLD = ("entity_id", "version", "seal", "entity", "op_id", "change", "number", "kept_at")
_LAST_NUMBER = select(func.max(KNOWN_VERSION.c.number))
_RECORD = msgspec.json.Decoder(Change)
Seals = dict[tuple[str, int | None], str]
"""The seal of each version that this computer knows, by record and version."""


def note(connection: Connection, changes: Sequence[Change], at: str) -> None:
    """Remember versions that the school told; ``at`` is the time now, ISO 8601 in UTC.

    Only what carries its seal and its operation can be given back, so only that is kept.
    """
    _keep(connection, ((change, msgspec.json.encode(change)) for change in changes), at)


def _keep(connection: Connection, told: Iterable[tuple[Change, bytes]], at: str) -> None:
    """Keep changes with their bytes."""
    number = connection.execute(_LAST_NUMBER).scalar() or 0
    kept = [
        (change.id, change.version, change.seal, change.entity, change.op_id, text, number + place, at)
        for place, (change, text) in enumerate(told, start=1)
        if change.seal and change.op_id and change.entity != ERASED
    ]
    statement = f"INSERT INTO known_version ({named(_TOLD)}) VALUES ({marks(_TOLD)}) ON CONFLICT DO NOTHING"
    rows.write(connection, statement, kept)


def records_of(results: Iterable[Result]) -> dict[str, Change]:
    """The records that the server sent with its results, by operation."""
    return {result.op_id: _RECORD.decode(result.record) for result in results if result.record != NO_RECORD}


def note_results(
    connection: Connection, results: Iterable[Result], records: Mapping[str, Change], at: str
) -> None:
    """Remember the versions that our own operations made, as the bytes that came."""
    told = [(records[each.op_id], bytes(each.record)) for each in results if each.op_id in records]
    _keep(connection, told, at)


def seals_of(connection: Connection, record_ids: Iterable[str]) -> Seals:
    """The seals of the versions that this computer knows of these records.

    What the school lost when it was put back has no part in it once the school's records are read anew: it
    has the same numbers for other versions now (S22).
    """
    statement = (
        "SELECT entity_id, version, seal, state FROM known_version "
        f"WHERE entity_id IN {THESE} ORDER BY number"
    )
    known = rows.read(connection, statement, [these(record_ids)])
    if any(state for *_version, state in known) and is_read_anew(connection):
        known = [row for row in known if not row[3]]
    return {(record_id, version): seal for record_id, version, seal, _state in known}


def is_read_anew(connection: Connection) -> bool:
    """Whether the records here are the school's as it is since it was put back, every one."""
    facts = meta.several(connection, (meta.CURSOR, meta.RECOVERY))
    if facts[meta.CURSOR] is None or facts[meta.RECOVERY] == recovery.BEGUN:
        return False
    return not rows.read(connection, "SELECT 1 FROM filling LIMIT 1")


def are_bases_in_doubt(connection: Connection) -> bool:
    """Whether what is shown may be a version that the school lost when it was put back (S22)."""
    return meta.get(connection, meta.BASES_IN_DOUBT) is not None


def forget(connection: Connection, before: str) -> int:
    """Forget versions kept before that time, and all but the last 50,000; returns how many went."""
    newest = connection.execute(select(func.max(KNOWN_VERSION.c.number))).scalar() or 0
    old = (KNOWN_VERSION.c.kept_at < before) | (KNOWN_VERSION.c.number <= newest - KEPT_AT_MOST)
    still_ours = KNOWN_VERSION.c.state.in_(recovery.OUTSTANDING)
    return connection.execute(delete(KNOWN_VERSION).where(old, ~still_ours)).rowcount
