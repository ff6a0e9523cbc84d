"""Putting salvaged entries into a new store, as they were (S28)."""

from typing import Any

from sqlalchemy import Connection, Table, update
from sqlalchemy.exc import IntegrityError, InterfaceError

from rollbook.domain.registry import ENTITIES
from rollbook.store import replica, unreadable
from rollbook.store.entry_text import changes_of, object_of
from rollbook.store.salvage import Row, Salvaged
from rollbook.store.states import SETTLED, State
from rollbook.store.tables import LANE, OPERATION, metadata


def fill(connection: Connection, found: Salvaged) -> tuple[int, int]:
    """Store them under their ids, states and bytes; returns how many wait, and how many could not be kept."""
    kept, lost = 0, 0
    records: dict[tuple[str, str], None] = {}
    for sequence, entry in sorted(found.entries.items()):
        if not _insert(connection, OPERATION, _as_it_was(entry)):
            lost += 1
            continue
        for lane in found.lanes.get(sequence) or _lanes_of(entry):
            _insert(connection, LANE, {"lane": lane, "sequence": sequence})
        if entry["state"] not in SETTLED:
            kept += 1
            records[entry["entity"], entry["entity_id"]] = None
    unreadable.park(connection)
    for entity, record_id in records:
        if entity in ENTITIES:
            replica.refresh(connection, ENTITIES[entity], record_id)
    for name, rows in found.others.items():
        for row in rows:
            _insert(connection, metadata.tables[name], row)
    return kept, lost


def doubt_what_was_sent(connection: Connection) -> None:
    """The store may be older than what this computer has sent: the server's receipts tell (S7)."""
    connection.execute(
        update(OPERATION)
        .where(OPERATION.c.frozen.is_not(None), OPERATION.c.state.in_((State.QUEUED, State.FAILED)))
        .values(state=State.UNKNOWN, uncertain=1)
    )


def _as_it_was(entry: Row) -> Row:
    if entry["state"] == State.SENDING:
        return entry | {"state": State.UNKNOWN, "uncertain": 1}
    return entry


def _insert(connection: Connection, table: Table, row: Row) -> bool:
    """Insert what this version has columns for; a value that is not there has its column's default."""
    values = {
        name: value for name, value in row.items() if name in table.c and not _left_out(table, name, value)
    }
    try:
        with connection.begin_nested():
            connection.execute(table.insert().values(values))
    except (IntegrityError, InterfaceError):
        return False
    return True


def _left_out(table: Table, name: str, value: Any) -> bool:
    return value is None and table.c[name].server_default is not None


def _lanes_of(entry: Row) -> list[str]:
    """Those that its bytes name, else those of its entity."""
    frozen = entry.get("frozen")
    named = (object_of(frozen) or {}).get("lanes") if isinstance(frozen, bytes | str) else None
    if isinstance(named, list) and named and all(isinstance(lane, str) for lane in named):
        return named
    entity = ENTITIES.get(entry["entity"])
    if entity is None:
        return [entry["entity_id"]]
    values = {name: change["value"] for name, change in changes_of(entry.get("changes")).items()}
    return [entity.lane(entry["entity_id"], values)]
