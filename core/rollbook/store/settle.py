"""What an answer of the server does to an entry, in one local transaction each batch (S8, S9, S18)."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select, update

from rollbook.contract.feed import Change
from rollbook.contract.operations import NO_RECORD, Outcome, Result
from rollbook.contract.problems import Problem, problem
from rollbook.domain.registry import ENTITIES
from rollbook.store import replica
from rollbook.store.lease import Leased
from rollbook.store.states import State
from rollbook.store.tables import OPERATION

WENT = (Outcome.APPLIED, Outcome.MERGED, Outcome.DUPLICATE)


def settle(
    connection: Connection, leased: Sequence[Leased], results: Sequence[Result], request_id: str, at: str
) -> None:
    """Take the server's results for a batch. An entry without a result of its own stays unknown."""
    answered = {result.op_id: result for result in results}
    touched: dict[tuple[str, str], None] = {}
    for each in leased:
        result = answered.get(each.op_id)
        if result is None:
            _set(connection, each.op_id, request_id, state=State.UNKNOWN, uncertain=1)
            continue
        _take_result(connection, result, request_id, at)
        _take_record(connection, each.op_id, result)
        row = _record_of(connection, each.op_id)
        touched[row] = None
        _rebase_later(connection, row[1], each.op_id, result)
    for entity_name, record_id in touched:
        replica.refresh(connection, ENTITIES[entity_name], record_id)


def give_back(
    connection: Connection, leased: Sequence[Leased], request_id: str | None, *, uncertain: bool
) -> None:
    """The system failed: nothing is counted; ``uncertain`` when the server may have applied it (S9)."""
    for each in leased:
        values: dict[str, Any] = {"state": State.UNKNOWN, "uncertain": 1} if uncertain else {}
        if not uncertain:
            values["state"] = _state_before(connection, each.op_id)
        _set(connection, each.op_id, request_id, **values)


def fail_alone(connection: Connection, each: Leased, request_id: str | None, cause: Problem) -> None:
    """A batch of this one entry failed: it is the entry's own failure, for the moment (S8, S9)."""
    _set(
        connection,
        each.op_id,
        request_id,
        state=State.FAILED,
        uncertain=1,
        attempts=OPERATION.c.attempts + 1,
        problem=_text(cause),
    )


def not_applied(connection: Connection, op_ids: Sequence[str]) -> None:
    """The server has no receipt: these were never applied, and a person may discard them again (S7)."""
    connection.execute(update(OPERATION).where(OPERATION.c.op_id.in_(list(op_ids))).values(uncertain=0))


def _state_before(connection: Connection, op_id: str) -> State:
    """An entry whose outcome was unknown before stays so; another goes back to the queue."""
    uncertain = connection.execute(
        OPERATION.select().with_only_columns(OPERATION.c.uncertain).where(OPERATION.c.op_id == op_id)
    ).scalar_one()
    return State.UNKNOWN if uncertain else State.QUEUED


def _take_result(connection: Connection, result: Result, request_id: str, at: str) -> None:
    if result.outcome in WENT:
        values: dict[str, Any] = {
            "state": State.APPLIED,
            "result_version": result.version,
            "settled_at": at,
            "problem": None,
        }
    elif result.outcome is Outcome.CONFLICT:
        values = {"state": State.CONFLICT, "problem": _text(result.problem or problem("edit-conflict"))}
        values["conflict"] = (
            None if result.conflict is None else msgspec.json.encode(result.conflict).decode()
        )
    elif result.outcome is Outcome.REJECTED:
        values = {"state": State.PARKED, "problem": _text(result.problem or problem("validation-failed"))}
    elif result.outcome is Outcome.HELD:
        _set(connection, result.op_id, request_id, state=State.QUEUED, uncertain=0, held_by=result.held_by)
        return
    else:
        values = {"state": State.FAILED, "problem": _text(result.problem or problem("internal-error"))}
    values |= {"uncertain": 0, "held_by": None, "attempts": OPERATION.c.attempts + 1}
    _set(connection, result.op_id, request_id, **values)


def _rebase_later(connection: Connection, record_id: str, op_id: str, result: Result) -> None:
    """Later entries of the record were made on top of this one: its version is what they saw (S13).

    After a merge they had not seen what others changed; nor had one that was saved before this one learned of
    it (this one may be a choice in a conflict). Those keep their version, so that an archive asks (S15).
    """
    if result.outcome not in WENT or result.version is None:
        return
    settled = connection.execute(
        select(OPERATION.c.position, OPERATION.c.base_version).where(OPERATION.c.op_id == op_id)
    ).one()
    saw_as_much: ColumnElement[bool] = OPERATION.c.base_version.is_(None)
    if result.outcome is Outcome.APPLIED:
        saw_as_much = saw_as_much | (OPERATION.c.base_version >= (settled.base_version or 0))
    connection.execute(
        update(OPERATION)
        .where(
            OPERATION.c.entity_id == record_id,
            OPERATION.c.position > settled.position,
            OPERATION.c.frozen.is_(None),
            saw_as_much,
        )
        .values(base_version=result.version)
    )


def _take_record(connection: Connection, op_id: str, result: Result) -> None:
    """The record as the server has it, where it sent it: it counts only if newer than ours (S18).

    With a conflict it is what the person chooses against, so it must be here when they do.
    """
    if result.record == NO_RECORD:
        return
    entity_name, record_id = _record_of(connection, op_id)
    change = msgspec.json.decode(result.record, type=Change)
    if change.id == record_id and change.entity == entity_name:
        replica.set_base(connection, ENTITIES[entity_name], change)


def _record_of(connection: Connection, op_id: str) -> tuple[str, str]:
    row = connection.execute(
        OPERATION.select()
        .with_only_columns(OPERATION.c.entity, OPERATION.c.entity_id)
        .where(OPERATION.c.op_id == op_id)
    ).one()
    return row.entity, row.entity_id


def _set(connection: Connection, op_id: str, request_id: str | None, **values: Any) -> None:
    """Set the entry and those it carries; the request that told it is remembered (R16)."""
    if request_id is not None:
        values["last_request_id"] = request_id
        values["first_request_id"] = _first(request_id)
    connection.execute(
        update(OPERATION)
        .where((OPERATION.c.op_id == op_id) | (OPERATION.c.carried_by == op_id))
        .values(**values)
    )


def _first(request_id: str) -> Any:
    return func.coalesce(OPERATION.c.first_request_id, request_id)


def _text(cause: Problem) -> str:
    return json.dumps(msgspec.to_builtins(cause), ensure_ascii=False)
