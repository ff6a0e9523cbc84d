"""What a registrar decided on entries that were handed over, told to their owner until it was read (S23)."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, and_, select, update
from sqlalchemy.dialects.sqlite import insert

from rollbook.contract.feed import Change
from rollbook.contract.proposals import ProposalState
from rollbook.store.rows import as_json
from rollbook.store.states import State
from rollbook.store.tables import DECISION, OPERATION

_BECOMES = {ProposalState.ACCEPTED.value: State.APPLIED, ProposalState.DECLINED.value: State.DECLINED}
_TOLD = select(DECISION, OPERATION.c.label).outerjoin(OPERATION, OPERATION.c.op_id == DECISION.c.op_id)
_UNREAD = _TOLD.where(DECISION.c.read == 0).order_by(DECISION.c.at, DECISION.c.op_id)


def take(connection: Connection, op_id: str, decided: ProposalState, told: Change) -> None:
    """Keep the decision that the feed tells, where the entry is one of this computer.

    One that is told again changes nothing; another one in its place is to be read anew.
    """
    entry = connection.execute(select(OPERATION).where(OPERATION.c.op_id == op_id)).first()
    if entry is None:
        return
    values = {
        "entity": entry.entity,
        "entity_id": entry.entity_id,
        "kind": entry.kind,
        "entered_at": entry.created_at,
        "state": decided.value,
        "note": str((told.values or {}).get("note") or ""),
        "by": told.by,
        "at": told.at,
        "read": 0,
    }
    statement = insert(DECISION).values(op_id=op_id, **values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["op_id"], set_=values, where=DECISION.c.at != statement.excluded.at
        )
    )
    settle(connection, [op_id])


def settle(connection: Connection, op_ids: Collection[str]) -> None:
    """Entries with the registrar on which the decision is here already end with it.

    It comes first where the answer to the handing over was lost.
    """
    for told in connection.execute(select(DECISION).where(DECISION.c.op_id.in_(list(op_ids)))).all():
        state = _BECOMES[told.state]
        said = {"error": "declined", "title": "The registrar did not accept it.", "detail": told.note}
        problem = as_json(said) if state is State.DECLINED else None
        connection.execute(
            update(OPERATION)
            .where(
                (OPERATION.c.op_id == told.op_id) | (OPERATION.c.carried_by == told.op_id),
                OPERATION.c.state == State.HANDED_OVER,
            )
            .values(state=state, settled_at=told.at, problem=problem)
        )


def unread(connection: Connection) -> list[Any]:
    """Those that nobody has read yet, each with the entry's label, in the order of the decisions."""
    return list(connection.execute(_UNREAD))


def of_record(connection: Connection, entity: str, entity_id: str) -> list[Any]:
    """All on entries of the record, read ones too."""
    mine = and_(DECISION.c.entity == entity, DECISION.c.entity_id == entity_id)
    return list(connection.execute(_TOLD.where(mine).order_by(DECISION.c.at, DECISION.c.op_id)))


def declined_unread(connection: Connection) -> bool:
    """Whether an entry did not come to the school and its owner has not read that."""
    one = select(DECISION.c.op_id).where(
        DECISION.c.read == 0, DECISION.c.state == ProposalState.DECLINED.value
    )
    return connection.execute(one.limit(1)).first() is not None


def read(connection: Connection, op_ids: Collection[str]) -> None:
    """A person has read these."""
    connection.execute(update(DECISION).where(DECISION.c.op_id.in_(list(op_ids))).values(read=1))
