"""Proposals as the registrar sees them: what was entered, on what, and what the school has now."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from rollbook.contract.operations import Operation
from rollbook.contract.proposals import Proposal, ProposalsPage, ProposalState
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import Right
from rollbook.domain.scope import Act
from rollbook.server.auth.caller import Caller
from rollbook.server.problems import ProblemError
from rollbook.server.proposals import repository
from rollbook.server.sync.known import read_records


def page(
    connection: Connection, caller: Caller, after: int, limit: int, state: ProposalState | None
) -> ProposalsPage:
    """Up to ``limit`` proposals behind the number ``after`` that the caller may decide."""
    caller.require(Right.DECIDE_PROPOSALS)
    entities = _decided_by(caller)
    wanted = None if state is None else state.value
    rows = repository.page(connection, caller.school_id, entities, after, limit + 1, wanted)
    found = [shown(connection, row) for row in rows[:limit]]
    return ProposalsPage(found, next=found[-1].number if len(rows) > limit else None)


def waiting(connection: Connection, caller: Caller) -> int | None:
    """How many open proposals the caller may decide; ``None`` for one who decides none at all."""
    if Right.DECIDE_PROPOSALS not in caller.rights:
        return None
    return repository.count_open(connection, caller.school_id, _decided_by(caller))


def one(connection: Connection, caller: Caller, number: int) -> Proposal:
    """The proposal of that number. Raises :class:`ProblemError` ``not-found``."""
    caller.require(Right.DECIDE_PROPOSALS)
    row = repository.numbered(connection, caller.school_id, number)
    if row is None or not caller.may(Act.WRITE, row.entity):
        raise ProblemError("not-found")
    return shown(connection, row)


def _decided_by(caller: Caller) -> list[str]:
    """The entities whose proposals the caller may decide: those that they may write."""
    return [name for name in ENTITIES if caller.may(Act.WRITE, name)]


def shown(connection: Connection, row: Any) -> Proposal:
    """A row with its operation opened, beside the school's values of the same fields."""
    operation = msgspec.json.decode(row.operation, type=Operation)
    entity = ENTITIES[row.entity]
    state = read_records(connection, row.school_id, entity, {row.entity_id}).get(row.entity_id)
    return Proposal(
        number=row.number,
        op_id=row.op_id,
        state=ProposalState(row.state),
        kind=operation.kind.value,
        entity=row.entity,
        entity_id=row.entity_id,
        owner=row.owner_name,
        at=row.at,
        reason=row.reason,
        changes={
            name: {"had": change.had, "value": change.value} for name, change in operation.changes.items()
        },
        now={} if state is None else {name: state.values.get(name) for name in operation.changes},
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        note=row.note,
    )
