"""Entries that their owner may not write any more, on their way to the registrar (S23)."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from rollbook.contract.problems import Problem, problem
from rollbook.contract.proposals import Handing, HandingResult
from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act, Scope
from rollbook.store import decisions, listing, replica, scopes
from rollbook.store.lease import Leased, lease_these
from rollbook.store.states import ACTIVE, State
from rollbook.store.tables import LANE, OPERATION


def lease_for_registrar(
    connection: Connection,
    device: str,
    limit: int,
    tried: Collection[str],
    lanes: Collection[str],
    known: int,
) -> list[Leased]:
    """Take up to ``limit`` entries on what was withdrawn, in whatever state, but for ``tried`` and ``lanes``.

    Their bytes freeze as those of any that is sent, so that an entry stays the same one wherever it goes.
    """
    found = [row for row in withdrawn_entries(connection) if row.op_id not in tried and row.lane not in lanes]
    return lease_these(connection, device, found, limit, known)


def withdrawn_entries(connection: Connection) -> Iterator[Any]:
    """The entries that wait on records that may not be written any more, in their order."""
    for entity, gone in _withdrawn(connection).items():
        kept = scopes.held(connection, Act.WRITE, entity)
        for row in connection.execute(
            select(OPERATION, LANE.c.lane)
            .join(LANE, LANE.c.sequence == OPERATION.c.sequence)
            .where(
                OPERATION.c.entity == entity,
                OPERATION.c.state.in_(ACTIVE),
                OPERATION.c.carried_by.is_(None),
            )
            .order_by(OPERATION.c.position, OPERATION.c.sequence)
        ).all():
            mine = (connection, entity, row.entity_id)
            if covered(*mine, gone) and not covered(*mine, kept):
                yield row


def lanes_held_back(connection: Connection) -> set[str]:
    """The lanes of these entries: nothing of them is pushed."""
    return {row.lane for row in withdrawn_entries(connection)} if _withdrawn(connection) else set()


def settle(
    connection: Connection,
    leased: Sequence[Leased],
    results: Sequence[HandingResult],
    request_id: str,
    at: str,
) -> None:
    """Take the server's results. An entry without a result of its own stays unknown."""
    overwrite_what_goes(connection)
    answered = {result.op_id: result for result in results}
    for each in leased:
        result = answered.get(each.op_id)
        _set(connection, each.op_id, last_request_id=request_id, **_values_after(result, at))
    decisions.settle(connection, [each.op_id for each in leased])
    for each in leased:
        result = answered.get(each.op_id)
        if result is not None and result.outcome is not Handing.REFUSED:
            _forget_what_may_not_be_seen(connection, each)
        replica.refresh(connection, ENTITIES[each.entity], each.entity_id)


def overwrite_what_goes(connection: Connection) -> None:
    """From now on the file's writer leaves nothing of what it deletes in the file."""
    connection.exec_driver_sql("PRAGMA secure_delete=ON")


def covered(connection: Connection, entity: str, record_id: str, some: Collection[Scope]) -> bool:
    """Whether one of the scopes means the record, as it is shown here."""
    if any(scope.is_whole for scope in some) or not some:
        return bool(some)
    row = listing.one(connection, entity, record_id)
    values = {} if row is None else {name: row[name] for name in ENTITIES[entity].names}
    return any(scope.covers(record_id, values) for scope in some)


def scrubbed() -> dict[str, Any]:
    """What is set where an entry stays and nothing of a record may: it keeps what it was, and no value."""
    return {"changes": "{}", "label": "", "frozen": None, "conflict": None}


def _withdrawn(connection: Connection) -> dict[str, list[Scope]]:
    found: dict[str, list[Scope]] = {}
    for scope in scopes.leaving(connection):
        if ENTITIES[scope.entity].writable:
            found.setdefault(scope.entity, []).append(scope)
    return found


def _values_after(result: HandingResult | None, at: str) -> dict[str, Any]:
    if result is None:
        return {"state": State.UNKNOWN, "uncertain": 1}
    if result.outcome is Handing.REFUSED:
        return _kept(result.problem or problem("validation-failed"))
    settled = {"uncertain": 0, "held_by": None, "problem": None, "settled_at": at}
    if result.outcome is Handing.APPLIED:
        return {"state": State.APPLIED, "result_version": result.version, **settled}
    return {"state": State.HANDED_OVER, **settled}


def _kept(cause: Problem) -> dict[str, Any]:
    # What is still allowed goes as any other; the feed is about to say that the right is back.
    state = State.QUEUED if cause.error == "still-allowed" else State.PARKED
    text = json.dumps(msgspec.to_builtins(cause), ensure_ascii=False)
    return {"state": state, "uncertain": 0, "problem": text}


def _forget_what_may_not_be_seen(connection: Connection, each: Leased) -> None:
    readable = scopes.held(connection, Act.READ, each.entity)
    if not covered(connection, each.entity, each.entity_id, readable):
        _set(connection, each.op_id, **scrubbed())


def _set(connection: Connection, op_id: str, **values: Any) -> None:
    """Set the entry and those that its bytes carry."""
    connection.execute(
        update(OPERATION)
        .where((OPERATION.c.op_id == op_id) | (OPERATION.c.carried_by == op_id))
        .values(**values)
    )
