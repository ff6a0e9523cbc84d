"""Putting salvaged entries into a new store, as they were (S28)."""

import json
from typing import Any

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.exc import IntegrityError, InterfaceError

from rollbook.domain.registry import ENTITIES
from rollbook.store import erasing, fence, recovery, replica, unreadable
from rollbook.store.entry_text import changes_of, object_of
from rollbook.store.salvage_shapes import KEPT_FACTS
from rollbook.store.salvaged import Row, Salvaged
from rollbook.store.states import SETTLED, State
from rollbook.store.tables import LANE, META, OPERATION, STAGED, metadata

_WITH_ENTRIES = (OPERATION.name, LANE.name, META.name, STAGED.name)


def fill(connection: Connection, found: Salvaged) -> tuple[int, int]:
    """Store it under its ids, states and bytes; returns how many edits wait, and how many could not be kept.

    Parts of an import that had not become entries yet are kept too, and their edits wait with the others.
    """
    lost = _put_entries(connection, found)
    unreadable.park_doubtful(connection, found.doubtful)
    unreadable.park(connection)
    for name in found.parts:
        if name not in _WITH_ENTRIES:
            for row in found.rows(name).values():
                _insert(connection, metadata.tables[name], row)
    staged, unstored = _put_staged(connection, found)
    _put_facts(connection, found)
    _show(connection)
    _go_on_giving_back(connection)
    return _waiting(connection) + staged, lost + unstored


def _put_entries(connection: Connection, found: Salvaged) -> int:
    """How many could not be."""
    lost = 0
    lanes = _lanes_kept(found)
    for sequence, entry in sorted(found.rows(OPERATION.name).items()):
        if not _insert(connection, OPERATION, _as_it_was(entry)):
            lost += 1
            continue
        for lane in lanes.get(sequence) or _lanes_of(entry):
            _insert(connection, LANE, {"lane": lane, "sequence": sequence})
    return lost


def _lanes_kept(found: Salvaged) -> dict[int, set[str]]:
    """The lanes as they stood, if all of them could be read; else each entry's are told from itself."""
    part = found.parts.get(LANE.name)
    lanes: dict[int, set[str]] = {}
    for row in part.rows.values() if part is not None and part.complete else ():
        if isinstance(row["lane"], str) and "\0" not in row["lane"]:
            lanes.setdefault(row["sequence"], set()).add(row["lane"])
    return lanes


def _put_staged(connection: Connection, found: Salvaged) -> tuple[int, int]:
    """How many edits wait in the parts of imports, and how many parts could not be kept.

    A part of which entries are here was stored, and what was found of it is an older picture.
    """
    edits, lost = 0, 0
    for row in found.rows(STAGED.name).values():
        ids = {each.get("record_id") for each in json.loads(row["edits"]) if isinstance(each, dict)}
        stored = select(OPERATION.c.op_id).where(
            OPERATION.c.run == row["run"], OPERATION.c.entity_id.in_(ids)
        )
        if connection.execute(stored.limit(1)).first() is not None:
            continue
        if _insert(connection, STAGED, row):
            edits += len(json.loads(row["edits"]))
        else:
            lost += 1
    return edits, lost


def _put_facts(connection: Connection, found: Salvaged) -> None:
    for row in found.rows(META.name).values():
        if row["name"] in KEPT_FACTS and isinstance(row["value"], str) and "\0" not in row["value"]:
            _insert(connection, META, row)


def _show(connection: Connection) -> None:
    """Show what waits, on whatever of the record comes."""
    waits = select(OPERATION.c.entity, OPERATION.c.entity_id).where(OPERATION.c.state.not_in(SETTLED))
    for entity, record_id in connection.execute(waits.distinct()).all():
        if entity in ENTITIES:
            replica.refresh(connection, ENTITIES[entity], record_id)


def _go_on_giving_back(connection: Connection) -> None:
    """A recovery of the server that was going on goes on from its beginning (S22).

    Else what the school is known to have had is asked for once: it may have been put back meanwhile.
    """
    erasing.to_ask(connection, wanted=True)  # the rescued store may be of before one (D3)
    if recovery.outstanding(connection) or recovery.step(connection) is not None:
        recovery.set_step(connection, recovery.BEGUN)
    else:
        recovery.ask_for_receipts(connection, wanted=True)
        fence.leap(connection)


def _waiting(connection: Connection) -> int:
    waits = select(func.count()).select_from(OPERATION).where(OPERATION.c.state.not_in(SETTLED))
    return connection.execute(waits).scalar_one()


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
