"""What an answer of the server does to its entries, in one local transaction each batch (S8, S9, S18)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import Connection, update

from rollbook.contract.feed import Change
from rollbook.contract.operations import Outcome, Result
from rollbook.contract.problems import Problem, problem
from rollbook.domain.registry import ENTITIES
from rollbook.store import decisions, erasing, fence, replica, rows
from rollbook.store.known_otherwise import send_as_new
from rollbook.store.lease import Leased
from rollbook.store.rows import THESE, these
from rollbook.store.states import State
from rollbook.store.tables import OPERATION

WENT = (Outcome.APPLIED, Outcome.MERGED, Outcome.DUPLICATE)
_NO_RECORDS: Mapping[str, Change] = MappingProxyType({})
Values = dict[str, Any]
Told = tuple[str, Values]
"""An entry's id and what becomes of its columns."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What settling needs to know of an entry that was sent."""

    entity: str
    entity_id: str
    position: int
    base_version: int | None
    uncertain: bool


def settle(
    connection: Connection,
    leased: Sequence[Leased],
    results: Sequence[Result],
    request_id: str | None,
    at: str,
    records: Mapping[str, Change] = _NO_RECORDS,
) -> None:
    """Take the server's results for a batch. An entry without a result of its own stays unknown.

    ``records`` are those that came with the results, by operation.
    """
    answered = {result.op_id: result for result in results}
    heads = _heads(connection, [each.op_id for each in leased])
    told = [(op_id, _outcome_of(answered.get(op_id), at)) for op_id in heads]
    _set(connection, told, request_id)
    send_as_new(connection, answered.values())
    decisions.settle(connection, [op_id for op_id, values in told if values["state"] is State.HANDED_OVER])
    taken = [(head, answered[op_id]) for op_id, head in heads.items() if op_id in answered]
    _rebase_later(connection, taken)
    _show(connection, taken, records)
    erasing.end_refused(connection, results)


def give_back(
    connection: Connection, leased: Sequence[Leased], request_id: str | None, *, uncertain: bool
) -> None:
    """The system failed: nothing is counted; ``uncertain`` when the server may have applied it (S9).

    An entry whose outcome was unknown before stays so; another goes back to the queue.
    """
    if uncertain:
        fence.given_up(connection)
    told: list[Told] = []
    for op_id, head in _heads(connection, [each.op_id for each in leased]).items():
        before = State.UNKNOWN if head.uncertain else State.QUEUED
        told.append((op_id, {"state": State.UNKNOWN, "uncertain": 1} if uncertain else {"state": before}))
    _set(connection, told, request_id)


def fail_alone(connection: Connection, each: Leased, request_id: str | None, cause: Problem) -> None:
    """A batch of this one entry failed: it is the entry's own failure, for the moment (S8, S9)."""
    values = {"state": State.FAILED, "uncertain": 1, "attempts": 1, "problem": _text(cause)}
    _set(connection, [(each.op_id, values)], request_id)


def park_alone(connection: Connection, each: Leased, request_id: str | None, cause: Problem) -> None:
    """A batch of this one entry was refused unread: nothing was done, and a person must mend it (S9)."""
    values = {"state": State.PARKED, "uncertain": 0, "attempts": 1, "problem": _text(cause)}
    _set(connection, [(each.op_id, values)], request_id)


def not_applied(connection: Connection, op_ids: Sequence[str]) -> None:
    """The server has no receipt: these were never applied, and a person may discard them again (S7)."""
    connection.execute(update(OPERATION).where(OPERATION.c.op_id.in_(list(op_ids))).values(uncertain=0))


def _heads(connection: Connection, op_ids: Sequence[str]) -> dict[str, _Head]:
    """The entries of those ids, in the order of the ids."""
    statement = (
        "SELECT op_id, entity, entity_id, position, base_version, uncertain FROM operation "
        f"WHERE op_id IN {THESE}"
    )
    sent = rows.read(connection, statement, [these(op_ids)])
    found = {row[0]: _Head(row[1], row[2], row[3], row[4], bool(row[5])) for row in sent}
    return {op_id: found[op_id] for op_id in op_ids if op_id in found}


def _outcome_of(result: Result | None, at: str) -> Values:
    if result is None:
        return {"state": State.UNKNOWN, "uncertain": 1}
    values: Values = {"uncertain": 0, "held_by": None}
    if result.outcome is Outcome.HELD:
        return values | {"state": State.QUEUED, "held_by": result.held_by}
    values["attempts"] = 1
    if result.outcome in WENT:
        went = {"state": State.APPLIED, "result_version": result.version, "settled_at": at, "problem": None}
        return values | went | {"merged_fields": rows.as_json(result.merged_fields)}
    if result.outcome is Outcome.CONFLICT:
        clash = None if result.conflict is None else msgspec.json.encode(result.conflict).decode()
        cause = result.problem or problem("edit-conflict")
        return values | {"state": State.CONFLICT, "problem": _text(cause), "conflict": clash}
    if result.outcome is Outcome.REJECTED:
        cause = result.problem or problem("validation-failed")
        if cause.error == "with-the-registrar":
            return values | {"state": State.HANDED_OVER, "settled_at": at, "problem": None}
        return values | {"state": State.PARKED, "problem": _text(cause)}
    return values | {"state": State.FAILED, "problem": _text(result.problem or problem("internal-error"))}


def _rebase_later(connection: Connection, taken: Iterable[tuple[_Head, Result]]) -> None:
    """Later entries of the record were made on top of this one: its version is what they saw (S13).

    After a merge they had not seen what others changed; nor had one that was saved before this one learned of
    it (this one may be a choice in a conflict). Those keep their version, so that an archive asks (S15). The
    number of a version that the school lost says nothing of what it has now (S22).
    """
    rebased = [
        (
            result.version,
            head.entity_id,
            head.position,
            result.outcome is Outcome.APPLIED,
            head.base_version or 0,
        )
        for head, result in taken
        if result.outcome in WENT and result.version is not None
    ]
    rows.write(
        connection,
        "UPDATE operation SET base_version = ?1, base_seal = coalesce((SELECT seal FROM known_version "
        "WHERE entity_id = ?2 AND version = ?1 AND state = '' ORDER BY number DESC LIMIT 1), '') "
        "WHERE entity_id = ?2 AND position > ?3 AND frozen IS NULL "
        "AND (base_version IS NULL OR (?4 AND base_version >= ?5)) "
        "AND NOT EXISTS (SELECT 1 FROM known_version WHERE seal = operation.base_seal AND state <> '')",
        rebased,
    )


def _show(
    connection: Connection, taken: Iterable[tuple[_Head, Result]], records: Mapping[str, Change]
) -> None:
    """The records as the server has them, where it sent them: they count only if newer than ours (S18).

    With a conflict that is what the person chooses against, so it must be here when they do.
    """
    touched: dict[str, dict[str, None]] = {}
    news: dict[str, dict[str, Change]] = {}
    for head, result in taken:
        touched.setdefault(head.entity, {})[head.entity_id] = None
        change = records.get(result.op_id)
        if change is not None and change.entity == head.entity:
            if change.id != head.entity_id:  # the school found it by its natural key, under another id
                replica.learn_alias(connection, head.entity, head.entity_id, change.id)
                touched[head.entity][change.id] = None
            known = news.setdefault(head.entity, {}).setdefault(change.id, change)
            if change.version > known.version:
                news[head.entity][change.id] = change
    for name, record_ids in touched.items():
        replica.renew(connection, ENTITIES[name], record_ids, news.get(name, {}))


# How a value goes into its column, where that is not as it is.
_SETTING = {"attempts": "attempts + ?", "first_request_id": "coalesce(first_request_id, ?)"}


def _set(connection: Connection, told: Iterable[Told], request_id: str | None) -> None:
    """Set entries and those they carry; the request that told it is remembered (R16)."""
    told_by = {} if request_id is None else dict.fromkeys(("last_request_id", "first_request_id"), request_id)
    alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for op_id, values in told:
        whole = values | told_by
        alike.setdefault(tuple(whole), []).append((*whole.values(), op_id))
    carriers = _carriers(connection, [each[-1] for group in alike.values() for each in group])
    for names, group in alike.items():
        moved = ", ".join(f"{name} = {_SETTING.get(name, '?')}" for name in names)
        rows.write(connection, f"UPDATE operation SET {moved} WHERE op_id = ?", group)
        riders = [each for each in group if each[-1] in carriers]
        rows.write(connection, f"UPDATE operation SET {moved} WHERE carried_by = ?", riders)


def _carriers(connection: Connection, op_ids: list[str]) -> set[str]:
    statement = f"SELECT DISTINCT carried_by FROM operation WHERE carried_by IN {THESE}"
    return {carrier for (carrier,) in rows.read(connection, statement, [these(op_ids)])}


def _text(cause: Problem) -> str:
    return json.dumps(msgspec.to_builtins(cause), ensure_ascii=False)
