"""The durable outbox: entries in, their states, and what may be done with them by a person (S1–S3, S6)."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select, update

from rollbook.contract.operations import Kind
from rollbook.contract.problems import Problem
from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.store import causes, replica, runs, unreadable, versions
from rollbook.store.entry_text import changes_of, object_of
from rollbook.store.errors import NotAllowedNowError
from rollbook.store.later_entries import rebase
from rollbook.store.rows import THESE, as_json, insert, listed, read, these
from rollbook.store.states import ACTIVE, NEEDS_A_PERSON, SETTLED, SHOWN, State
from rollbook.store.tables import OPERATION

# From each state that there is to the next, along the index: what is settled is kept, and not walked.
_COUNTS = (
    "WITH RECURSIVE present (state) AS (SELECT min(state) FROM operation UNION "
    "SELECT (SELECT min(state) FROM operation WHERE state > present.state) FROM present "
    "WHERE present.state IS NOT NULL) "
    "SELECT present.state, (SELECT count(*) FROM operation WHERE operation.state = present.state "
    f"AND (present.state NOT IN ({listed(NEEDS_A_PERSON)}) OR carried_by IS NULL)) "
    f"FROM present WHERE present.state NOT IN ({listed(SETTLED)})"
)
_NAMED = 5
"""Of the entries that hang on one, so many are named in a message."""
_OLDEST = f"SELECT created_at FROM operation WHERE state IN ({listed(ACTIVE)}) ORDER BY sequence LIMIT 1"


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry about to be stored. ``changes`` maps field to ``{"had": …, "value": …}``."""

    op_id: str
    kind: Kind
    entity_id: str
    changes: dict[str, dict[str, Any]]
    base_version: int | None
    action_id: str
    created_at: str
    created_by: str
    label: str
    run: str | None = None
    replaces: str | None = None
    alias: str | None = None
    depends_on: tuple[str, ...] = ()


def add(connection: Connection, entity: EntityType, new: NewEntry) -> None:
    """Store the entry and show it, in the caller's transaction (S1)."""
    add_all(connection, entity, [new])


def add_all(connection: Connection, entity: EntityType, news: Sequence[NewEntry]) -> None:
    """Store entries in their order and show them, in the caller's transaction (S1)."""
    if not news:
        return
    first = last_saved(connection) + 1  # one that was given once is never given again
    seals = versions.seals_of(connection, [new.entity_id for new in news])
    if any(new.base_version and (new.entity_id, new.base_version) not in seals for new in news):
        news = _without_doubtful_bases(connection, news, seals)
    made = [_row(connection, entity, new, sequence, seals) for sequence, new in enumerate(news, first)]
    lanes = [(_lane(entity, new), sequence) for sequence, new in enumerate(news, first)]
    insert(connection, "operation", made[0], [tuple(row.values()) for row in made])
    insert(connection, "operation_lane", ("lane", "sequence"), lanes)
    for new in news:
        if new.replaces is not None and new.kind in (Kind.CREATE, Kind.ALIAS):  # others wait for nothing else
            causes.turn(connection, new.replaces, new.op_id)
    replica.renew(connection, entity, dict.fromkeys(new.entity_id for new in news))


def _without_doubtful_bases(
    connection: Connection, news: Sequence[NewEntry], seals: versions.Seals
) -> Sequence[NewEntry]:
    """Where the school was put back and is not read anew, a number without a seal says no version (S22)."""
    if not versions.are_bases_in_doubt(connection):
        return news
    return [
        replace(new, base_version=0)
        if new.base_version and (new.entity_id, new.base_version) not in seals
        else new
        for new in news
    ]


def last_saved(connection: Connection) -> int:
    """The sequence of the entry that was saved last, 0 before the first."""
    found = read(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'operation'")
    return int(found[0][0]) if found else 0


def _lane(entity: EntityType, new: NewEntry) -> str:
    return entity.lane(new.entity_id, {name: change["value"] for name, change in new.changes.items()})


def _row(
    connection: Connection, entity: EntityType, new: NewEntry, sequence: int, seals: versions.Seals
) -> dict[str, Any]:
    replaced = find(connection, new.replaces) if new.replaces else None
    return {
        "sequence": sequence,
        "position": sequence if replaced is None else replaced.position,
        "op_id": new.op_id,
        "kind": new.kind.value,
        "entity": entity.name,
        "entity_id": new.entity_id,
        "changes": as_json(new.changes),
        "base_version": new.base_version,
        "payload_version": entity.payload_version,
        "depends_on": as_json(new.depends_on),
        "replaces": new.replaces,
        "alias": new.alias,
        "base_seal": seals.get((new.entity_id, new.base_version), ""),
        "state": State.QUEUED.value,
        "action_id": new.action_id,
        "run": new.run,
        "created_at": new.created_at,
        "created_by": new.created_by,
        "label": new.label,
    }


def find(connection: Connection, op_id: str) -> Any:
    """The row of an entry, or ``None``."""
    return connection.execute(select(OPERATION).where(OPERATION.c.op_id == op_id)).first()


def of_ids(connection: Connection, op_ids: Sequence[str]) -> dict[str, Any]:
    """Rows of those of the entries that are there, by id."""
    if not op_ids:
        return {}
    wanted = these(op_ids)
    if not read(connection, f"SELECT 1 FROM operation WHERE op_id IN {THESE} LIMIT 1", [wanted]):
        return {}  # as it is for all but what another program was asked to save
    found = connection.exec_driver_sql(f"SELECT * FROM operation WHERE op_id IN {THESE}", (wanted,))
    return {row.op_id: row for row in found}


def replacement(connection: Connection, op_id: str) -> Any:
    """The row of the entry that was made in the place of this one, or ``None``."""
    return connection.execute(select(OPERATION).where(OPERATION.c.replaces == op_id).limit(1)).first()


def rows(
    connection: Connection, states: Iterable[str] = ACTIVE, limit: int = 500, offset: int = 0
) -> Sequence[Any]:
    """Rows of entries in those states, in the order in which they go."""
    statement = select(OPERATION).where(OPERATION.c.state.in_(list(states)))
    return connection.execute(
        statement.order_by(OPERATION.c.position, OPERATION.c.sequence).limit(limit).offset(offset)
    ).all()


def rows_of_record(connection: Connection, record_id: str) -> Sequence[Any]:
    """Rows of the record's entries that wait, in the order in which they go."""
    return connection.execute(
        select(OPERATION)
        .where(OPERATION.c.entity_id == record_id, OPERATION.c.state.in_(ACTIVE))
        .order_by(OPERATION.c.position, OPERATION.c.sequence)
    ).all()


def counts(connection: Connection) -> dict[State, int]:
    """How many entries are in each state that is not for good; what a person decides together is one.

    One that is not known needs a person (S28).
    """
    counted: dict[State, int] = {}
    for name, count in read(connection, _COUNTS):
        state = State(name) if name in SHOWN else State.PARKED
        counted[state] = counted.get(state, 0) + count
    return {state: count for state, count in counted.items() if count}


def oldest_waiting(connection: Connection) -> str | None:
    """When the oldest entry that waits was saved, ISO 8601 in UTC."""
    found = read(connection, _OLDEST)
    return str(found[0][0]) if found else None


def take_back(connection: Connection, entity: EntityType, op_id: str) -> bool:
    """Undo an entry that was never leased, as if it had never been (S6); ``False`` when it has gone out."""
    row = find(connection, op_id)
    if row is None or row.state != State.QUEUED or row.frozen is not None or row.carried_by is not None:
        return False
    if row.kind == Kind.CREATE and len(rows_of_record(connection, row.entity_id)) > 1:
        return False  # later edits hang on it: they are decided together (S3)
    if causes.hanging_on(connection, [op_id]):
        return False  # so do entries that name its record
    connection.execute(OPERATION.delete().where(OPERATION.c.sequence == row.sequence))
    runs.end(connection, [(runs.TAKEN_BACK, op_id)])
    rebase(connection, row.entity_id, row.position, _undone(row))
    replica.refresh(connection, entity, row.entity_id)
    return True


def retry(connection: Connection, op_id: str) -> None:
    """Send a refused or failed entry again, the same bytes; its attempts begin anew.

    Raises :class:`NotAllowedNowError` for an entry that is settled or in conflict.
    """
    row = find(connection, op_id)
    if row is None or row.state not in (*ACTIVE,) or row.state == State.CONFLICT:
        raise NotAllowedNowError("This entry cannot be sent again: it is settled, or needs a choice first.")
    if row.state in (State.PARKED, State.FAILED):
        carrier = row.carried_by or op_id  # what goes is the bytes of the one that carries it
        _set_group(connection, carrier, state=State.QUEUED, attempts=0, problem=None)
        if unreadable.park(connection):
            raise NotAllowedNowError(
                "This version of Rollbook cannot read the entry. Update Rollbook, then send it again."
            )


def park(connection: Connection, op_id: str, cause: Problem) -> None:
    """Leave a new entry for a person to mend or discard; it is not sent before."""
    connection.execute(
        update(OPERATION).where(OPERATION.c.op_id == op_id).values(state=State.PARKED, problem=as_json(cause))
    )


def discard(connection: Connection, op_id: str, at: str, *, together: bool) -> list[dict[str, Any]]:
    """Give an entry up, by a person's decision, with those that its bytes carry.

    A create takes with it what hangs on it, entries of other records only where the person has said so:
    ``together``. Returns what was discarded, for export.
    Raises :class:`NotAllowedNowError` also where those would go without a word (S3).
    Raises :class:`NotAllowedNowError` while its outcome is unknown (S3).
    """
    row = find(connection, op_id)
    if row is None or row.state not in ACTIVE:
        raise NotAllowedNowError("This entry is not waiting; there is nothing to discard.")
    if row.carried_by is not None:
        raise NotAllowedNowError(
            "This edit goes together with an earlier one of the same record. Discard that one, which takes "
            "both, or correct the record."
        )
    if row.uncertain or row.state in (State.SENDING, State.UNKNOWN):
        raise NotAllowedNowError("The school may have this entry already; go online once, then decide.")
    given_up = _hanging_together(connection, row)
    others = [each for each in given_up if each.entity_id != row.entity_id]
    if others and not together:
        raise NotAllowedNowError(
            f"{len(others)} other entries hang on this one: {_some_labels(others)}. Discard them together "
            "with it, or correct it and they go."
        )
    for each in given_up:
        connection.execute(
            update(OPERATION)
            .where(OPERATION.c.sequence == each.sequence)
            .values(state=State.DISCARDED, settled_at=at)
        )
    for each in reversed(given_up):
        rebase(connection, each.entity_id, each.position, _undone(each))
    for name, record_id in {(each.entity, each.entity_id): None for each in given_up}:
        if name in ENTITIES:
            replica.refresh(connection, ENTITIES[name], record_id)
    return [exported(each) for each in given_up]


def _some_labels(found: Sequence[Any]) -> str:
    names = [each.label or each.entity for each in found]
    return "; ".join(names[:_NAMED]) + ("; …" if len(names) > _NAMED else "")


def _hanging_together(connection: Connection, row: Any) -> list[Any]:
    """The entry with all that is given up with it: a create takes what hangs on it, also of other records.

    None of those has gone out: they wait for the create.
    """
    if row.kind != Kind.CREATE:
        return group(connection, row.op_id)
    own = list(rows_of_record(connection, row.entity_id))
    known = {each.op_id for each in own}
    others = causes.hanging_on(connection, list(known))
    return own + [each for each in others if each.op_id not in known]


def group(connection: Connection, op_id: str) -> list[Any]:
    """The entry and those that its bytes carry, in order."""
    return list(
        connection.execute(
            select(OPERATION)
            .where((OPERATION.c.op_id == op_id) | (OPERATION.c.carried_by == op_id))
            # The carrier first, whose riders follow in order; a mended one has a later sequence.
            .order_by(OPERATION.c.carried_by.is_not(None), OPERATION.c.position, OPERATION.c.sequence)
        )
    )


def exported(row: Any) -> dict[str, Any]:
    """An entry as plain data, complete enough to be entered again by hand or by a program."""
    return {
        "op_id": row.op_id,
        "kind": row.kind,
        "entity": row.entity,
        "entity_id": row.entity_id,
        "label": row.label,
        "changes": changes_of(row.changes) or row.changes,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "state": row.state,
        "problem": object_of(row.problem),
    }


def behind(connection: Connection, refused: Any) -> list[Any]:
    """Updates of the record that wait behind a refused entry, up to the first that is something else.

    None of them has reached the school: the refused one has held their lane, or they were held in its batch.
    """
    return list(itertools.takewhile(_may_be_absorbed, _later(connection, refused)))


def set_later(connection: Connection, refused: Any) -> set[str]:
    """The fields set by entries of the record that can't be absorbed: whatever takes the place of the
    refused one stands before these."""
    stay = itertools.dropwhile(_may_be_absorbed, _later(connection, refused))
    return {name for row in stay for name in exported(row)["changes"]}


def _later(connection: Connection, refused: Any) -> list[Any]:
    return [
        row
        for row in rows_of_record(connection, refused.entity_id)
        if (row.position, row.sequence) > (refused.position, refused.sequence)
        and row.carried_by != refused.op_id
    ]


def _may_be_absorbed(row: Any) -> bool:
    return row.kind == Kind.UPDATE and row.state == State.QUEUED and not row.uncertain


def refused_entries(connection: Connection, record_ids: Iterable[str]) -> dict[str, Any]:
    """The first entry that needs a person of each of the records that have one, by record."""
    wanted = these(record_ids)
    of_these = f"entity_id IN {THESE} AND +state IN ({listed(NEEDS_A_PERSON)}) AND carried_by IS NULL"
    if not read(connection, f"SELECT 1 FROM operation WHERE {of_these} LIMIT 1", [wanted]):
        return {}
    found = connection.exec_driver_sql(
        f"SELECT * FROM operation WHERE {of_these} ORDER BY position DESC, sequence DESC", (wanted,)
    )
    return {row.entity_id: row for row in found}


def of_run(connection: Connection, run: str, record_ids: Iterable[str]) -> dict[str, Any]:
    """The entries that a run stored for these records, by record."""
    found = connection.exec_driver_sql(
        f"SELECT * FROM operation WHERE entity_id IN {THESE} AND run = ?", (these(record_ids), run)
    )
    return {row.entity_id: row for row in found}


_ASKS_FOR_A_CHOICE = ("edit-conflict", "archived-meanwhile", "already-exists")


def mendable(row: Any) -> bool:
    """Whether a newer edit mends the entry; a conflict over the same fields needs a choice instead (S14)."""
    cause = object_of(row.problem) or {}
    if row.state == State.PARKED:
        return cause.get("error") != unreadable.CODE
    return row.state == State.CONFLICT and cause.get("error") not in _ASKS_FOR_A_CHOICE


def mark_replaced(connection: Connection, op_id: str, at: str) -> None:
    """The entry and those it carries were mended by a newer one (S7)."""
    _set_group(connection, op_id, state=State.REPLACED, settled_at=at)


def _set_group(connection: Connection, op_id: str, **values: Any) -> None:
    connection.execute(
        update(OPERATION)
        .where((OPERATION.c.op_id == op_id) | (OPERATION.c.carried_by == op_id))
        .values(**values)
    )


def _undone(row: Any) -> dict[str, tuple[Any, Any]]:
    return {name: (change["value"], change["had"]) for name, change in changes_of(row.changes).items()}
