"""Records that the server itself makes: set-wise, at version 1, each with its row in the feed (S17)."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert

from rollbook.contract.feed import Change
from rollbook.domain.clock import Clock
from rollbook.domain.registry import ENTITIES
from rollbook.server.auth.accounts import BY_THE_SERVER
from rollbook.server.search.words import note_words
from rollbook.server.sync.push import random_mark
from rollbook.server.sync.sums import note_versions
from rollbook.server.sync.write import advance_head, feed_row
from rollbook.server.tables import feed, record_tables

NewRecord = tuple[str, str, dict[str, Any]]
"""The entity, an id that no record has, and canonical values; a field that is not named is unknown."""
_AT_ONCE = 4_000
"""Records in memory, and in one go to the database."""


def store_new(
    connection: Connection,
    clock: Clock,
    school_id: str,
    records: Iterable[NewRecord],
    new_mark: Callable[[], str] = random_mark,
) -> int:
    """Store the records, a part at a time; gives how many. The caller commits: all of them or none."""
    source, count = iter(records), 0
    while part := list(islice(source, _AT_ONCE)):
        _store(connection, clock, school_id, part, new_mark)
        count += len(part)
    return count


def _store(
    connection: Connection,
    clock: Clock,
    school_id: str,
    part: list[NewRecord],
    new_mark: Callable[[], str],
) -> None:
    now = clock.now().isoformat(timespec="milliseconds")
    by_entity: dict[str, list[dict[str, Any]]] = {}
    whole = [(entity, record_id, _UNKNOWN[entity] | values) for entity, record_id, values in part]
    for entity, record_id, values in whole:
        by_entity.setdefault(entity, []).append(_row(school_id, now, record_id, values))
    first = advance_head(connection, school_id, len(part)) - len(part) + 1
    note_versions(connection, school_id, [(entity, record_id, None, 1) for entity, record_id, _ in part])
    for entity, rows in by_entity.items():
        connection.execute(insert(record_tables[entity]), rows)
    note_words(
        connection, school_id, [(entity, record_id, None, values) for entity, record_id, values in whole]
    )
    changes = [
        Change(entity, record_id, 1, values, by=BY_THE_SERVER, at=now) for entity, record_id, values in whole
    ]
    rows = [
        feed_row(school_id, position, new_mark(), change) for position, change in enumerate(changes, first)
    ]
    connection.execute(insert(feed), rows)


_UNKNOWN: dict[str, dict[str, Any]] = {name: dict.fromkeys(entity.names) for name, entity in ENTITIES.items()}


def _row(school_id: str, now: str, record_id: str, values: dict[str, Any]) -> dict[str, Any]:
    made = {"created_at": now, "created_by": BY_THE_SERVER, "updated_at": now, "updated_by": BY_THE_SERVER}
    return {"school_id": school_id, "id": record_id, "version": 1, **values, **made}
