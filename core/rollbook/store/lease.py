"""Taking entries out to be sent: which may go, their bytes frozen at the first lease (S3–S5)."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from rollbook.contract.operations import FieldChange, Kind, Operation, operation_bytes
from rollbook.store import causes, fence, rows, unreadable
from rollbook.store.states import NEEDS_A_PERSON, State
from rollbook.store.tables import LANE, OPERATION

_WINDOW = 500
_CHANGES = msgspec.json.Decoder(dict[str, FieldChange])


@dataclass(frozen=True, slots=True)
class Leased:
    """An entry on its way: its bytes are the same at every attempt."""

    op_id: str
    entity: str
    entity_id: str
    lane: str
    frozen: bytes
    action_id: str
    uncertain: bool = False  # an earlier attempt may still arrive at the server
    first_known: int = 0  # how far this computer knew the feed when it was first sent (S7)


def lease(
    connection: Connection,
    device: str,
    limit: int,
    holds: Collection[str] = (),
    known: int = 0,
    until: int | None = None,
) -> list[Leased]:
    """Take up to ``limit`` entries that head their lanes; those of the lanes in ``holds`` stay.

    Entries of one lane may go in one batch, in order. Later edits of a record that was never sent ride in
    the bytes of its first one. ``known`` is how far this computer knows the feed now. What was saved
    after the sequence ``until`` stays for the next time.
    """
    blocked = set(holds) | _lanes_that_need_a_person(connection)
    lost = _lanes_with_lost_entries(connection)

    def due() -> Iterator[Any]:
        for row in _in_order(connection):
            behind_lost = row.position > lost.get(row.lane, row.position)
            too_new = until is not None and row.sequence > until
            if (
                too_new
                or row.lane in blocked
                or behind_lost
                or not causes.are_met(connection, row.depends_on)
            ):
                blocked.add(row.lane)
            else:
                yield row

    return lease_these(connection, device, due(), limit, known)


def lease_these(
    connection: Connection, device: str, rows: Iterable[Any], limit: int, known: int
) -> list[Leased]:
    """Take up to ``limit`` of ``rows`` (of the outbox, with their ``lane``), in whatever state they are.

    They are composed and frozen as any that is leased, so that an entry is the same one wherever it goes.
    """
    taken = _composed_by_record(rows, limit)
    leased = [_taken(connection, device, carried, known) for carried in taken.values()]
    _mark(connection, leased, taken)
    return leased


def _composed_by_record(rows: Iterable[Any], limit: int) -> dict[str, list[Any]]:
    """Up to ``limit`` entries by id, each with those that ride in its bytes, itself the first."""
    taken: dict[str, list[Any]] = {}
    last_of_record: dict[str, str] = {}
    left: dict[str, dict[str, Any]] = {}  # by the same id: what its entries so far leave in each field
    for row in rows:
        carrier = last_of_record.get(row.entity_id)
        if carrier is not None and _rides_with(taken[carrier], row):
            leaves = left.get(carrier) or _values_of(taken[carrier][0])
            if _saw(row, leaves):
                taken[carrier].append(row)
                left[carrier] = leaves | _values_of(row)
                continue
        if len(taken) == limit:
            break
        taken[row.op_id] = [row]
        last_of_record[row.entity_id] = row.op_id
    return taken


def _values_of(row: Any) -> dict[str, Any]:
    return {name: change.value for name, change in _CHANGES.decode(row.changes).items()}


def _saw(row: Any, leaves: dict[str, Any]) -> bool:
    """Whether the person had in front of them what the entries before leave: else the school must see both,
    and ask (S13)."""
    return all(
        leaves[name] == change.had for name, change in _CHANGES.decode(row.changes).items() if name in leaves
    )


def recover(connection: Connection) -> int:
    """After a crash: what was on its way has an unknown outcome and is sent again, the same bytes (S3).

    What this version cannot read is set aside for a person, so that it hinders nothing else (S28).
    """
    unreadable.park_strange(connection)
    result = connection.execute(
        update(OPERATION).where(OPERATION.c.state == State.SENDING).values(state=State.UNKNOWN, uncertain=1)
    )
    if result.rowcount:
        fence.given_up(connection)
    return result.rowcount


def _lanes_with_lost_entries(connection: Connection) -> dict[str, int]:
    """Lanes in which the school is given back what it lost, and from which place on the others wait (S22)."""
    rows = connection.execute(
        select(LANE.c.lane, func.min(OPERATION.c.position))
        .join(OPERATION, OPERATION.c.sequence == LANE.c.sequence)
        .where(OPERATION.c.state == State.GIVING_BACK)
        .group_by(LANE.c.lane)
    )
    return {row[0]: row[1] for row in rows}


def _lanes_that_need_a_person(connection: Connection) -> set[str]:
    return set(
        connection.execute(
            select(LANE.c.lane)
            .join(OPERATION, OPERATION.c.sequence == LANE.c.sequence)
            .where(OPERATION.c.state.in_(NEEDS_A_PERSON))
        ).scalars()
    )


# One walk along the index for each state, merged: nothing is sorted, however much waits.
_ONE_STATE = (
    "SELECT * FROM (SELECT position, sequence FROM operation WHERE state = '{}' AND carried_by IS NULL "
    "AND position >= :position AND (position > :position OR sequence > :sequence) "
    "ORDER BY position, sequence LIMIT :window)"
)
_NEXT = (
    "WITH next AS ("
    + " UNION ALL ".join(
        _ONE_STATE.format(state.value) for state in (State.QUEUED, State.UNKNOWN, State.FAILED)
    )
    + " ORDER BY position, sequence LIMIT :window) "
    "SELECT operation.position, operation.sequence, op_id, kind, entity, entity_id, changes, base_version, "
    "payload_version, depends_on, replaces, base_seal, alias, uncertain, frozen, first_known, action_id, "
    "lane FROM next "
    "JOIN operation ON operation.sequence = next.sequence "
    "JOIN operation_lane ON operation_lane.sequence = next.sequence "
    "ORDER BY operation.position, operation.sequence"
)


def _in_order(connection: Connection) -> Iterator[Any]:
    """Entries that go by themselves, in order, read a window at a time: an outbox may hold 100,000."""
    after = {"position": -1, "sequence": -1, "window": _WINDOW}
    while True:
        window = connection.exec_driver_sql(_NEXT, after).all()
        yield from window
        if len(window) < _WINDOW:
            return
        after |= {"position": window[-1].position, "sequence": window[-1].sequence}


def _rides_with(taken: list[Any], row: Any) -> bool:
    """Only what was never leased is composed, and never across an archive or another's dependency.

    Nor with a create that brings an archived record back: the server takes that as it is, and a later edit
    would go over what others had changed without being asked about (S14).
    """
    return (
        taken[0].frozen is None
        and not (taken[0].kind == Kind.CREATE and taken[0].base_version is not None)
        and row.frozen is None
        and taken[0].kind in (Kind.CREATE, Kind.UPDATE)
        and row.kind == Kind.UPDATE
        and set(json.loads(row.depends_on)) <= set(json.loads(taken[0].depends_on))
    )


def _taken(connection: Connection, device: str, carried: list[Any], known: int) -> Leased:
    head = carried[0]
    frozen = head.frozen or operation_bytes(_composed(connection, device, carried))
    first = (head.first_known or 0) if head.frozen else known
    uncertain = bool(head.uncertain)
    where = (head.entity, head.entity_id, head.lane)
    return Leased(head.op_id, *where, frozen, head.action_id, uncertain, first)


def _mark(connection: Connection, leased: Sequence[Leased], taken: dict[str, list[Any]]) -> None:
    """Note what is on its way, its bytes, and what rides in them; those that rode before ride again."""
    for statement, values in (
        ("UPDATE operation SET carried_by = ? WHERE op_id = ?", list(_riders(taken))),
        (
            "UPDATE operation SET state = 'sending', frozen = ?, first_known = ? WHERE op_id = ?",
            [(each.frozen, each.first_known, each.op_id) for each in leased],
        ),
        ("UPDATE operation SET state = 'sending' WHERE carried_by = ?", [(each.op_id,) for each in leased]),
    ):
        rows.write(connection, statement, values)


def _riders(taken: dict[str, list[Any]]) -> Iterator[tuple[str, str]]:
    for carrier, carried in taken.items():
        if carried[0].frozen is None:
            yield from ((carrier, row.op_id) for row in carried[1:])


def _composed(connection: Connection, device: str, carried: list[Any]) -> Operation:
    head = carried[0]
    return Operation(
        op_id=head.op_id,
        kind=Kind(head.kind),
        entity=head.entity,
        entity_id=head.entity_id,
        changes=_composed_changes([_CHANGES.decode(row.changes) for row in carried]),
        base_version=_base_version(head),
        payload_version=head.payload_version,
        device=device,
        sequence=head.sequence,
        lanes=(head.lane,),
        depends_on=causes.at_the_school(connection, head.depends_on),
        replaces=head.replaces,
        base_seal=head.base_seal,
        alias=head.alias,
    )


def _base_version(head: Any) -> int | None:
    """An entry saved before its record's create came back saw no version yet: 0 is before all of them."""
    if head.kind == Kind.CREATE:
        return None if head.base_version is None else int(head.base_version)
    return head.base_version or 0


def _composed_changes(edits: list[dict[str, FieldChange]]) -> dict[str, FieldChange]:
    """Edits of one record made one: the first ``had`` of each field and its last value (S5)."""
    composed = dict(edits[0])
    for changes in edits[1:]:
        for name, change in changes.items():
            composed[name] = FieldChange(had=composed.get(name, change).had, value=change.value)
    return composed
