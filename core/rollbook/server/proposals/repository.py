"""The rows of proposals."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, update

from rollbook.contract.proposals import ProposalState
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import app_user, proposal, school_feed


@dataclass(frozen=True, slots=True)
class NewProposal:
    """An operation that is to be kept: its frozen bytes and what can be told without opening them."""

    op_id: str
    operation: bytes
    entity: str
    entity_id: str


@dataclass(frozen=True, slots=True)
class Whose:
    """Who hands over what they may not write any more, from where, and why."""

    school_id: str
    owner: str
    device: str
    request_id: str
    reason: str
    at: str


def kept(connection: Connection, school_id: str, owner: str, op_ids: Collection[str]) -> dict[str, bytes]:
    """The operations of the owner that were handed over before, as bytes by id."""
    rows = connection.execute(
        select(proposal.c.op_id, proposal.c.operation).where(
            proposal.c.school_id == school_id, proposal.c.owner == owner, proposal.c.op_id.in_(sorted(op_ids))
        )
    )
    return {row.op_id: row.operation for row in rows}


def undone(connection: Connection, school_id: str, owner: str, op_ids: Collection[str]) -> dict[str, bytes]:
    """The bytes of those of the owner's operations that the registrar has, or has declined, by id.

    They come by no other way.
    """
    if not op_ids:
        return {}
    rows = connection.execute(
        select(proposal.c.op_id, proposal.c.operation).where(
            proposal.c.school_id == school_id,
            proposal.c.owner == owner,
            proposal.c.state != ProposalState.ACCEPTED.value,
            among(connection, proposal.c.op_id, op_ids),
        )
    )
    return {row.op_id: bytes(row.operation) for row in rows}


def hold_school(connection: Connection, school_id: str) -> None:
    """One at a time: numbers are given, and decisions made, in one order."""
    connection.execute(
        select(school_feed.c.head).where(school_feed.c.school_id == school_id).with_for_update()
    )


def keep(connection: Connection, whose: Whose, new: Collection[NewProposal]) -> None:
    """Keep them behind the school's last one; the school must be held."""
    if not new:
        return
    last = select(func.coalesce(func.max(proposal.c.number), 0)).where(
        proposal.c.school_id == whose.school_id
    )
    first = int(connection.execute(last).scalar_one()) + 1
    connection.execute(
        insert(proposal),
        [
            {
                "school_id": whose.school_id,
                "number": first + index,
                "owner": whose.owner,
                "op_id": item.op_id,
                "operation": item.operation,
                "entity": item.entity,
                "entity_id": item.entity_id,
                "reason": whose.reason,
                "device": whose.device,
                "request_id": whose.request_id,
                "at": whose.at,
                "state": ProposalState.OPEN.value,
            }
            for index, item in enumerate(new)
        ],
    )


def page(
    connection: Connection,
    school_id: str,
    entities: Collection[str],
    after: int,
    limit: int,
    state: str | None,
) -> list[Any]:
    """Up to ``limit`` rows of those entities behind the number ``after``, with the owner's name."""
    query = _with_owner().where(
        proposal.c.school_id == school_id,
        proposal.c.entity.in_(sorted(entities)),
        proposal.c.number > after,
    )
    if state is not None:
        query = query.where(proposal.c.state == state)
    return list(connection.execute(query.order_by(proposal.c.number).limit(limit)))


def count_open(connection: Connection, school_id: str, entities: Collection[str]) -> int:
    """How many of those entities are open."""
    query = (
        select(func.count())
        .select_from(proposal)
        .where(
            proposal.c.school_id == school_id,
            proposal.c.state == ProposalState.OPEN.value,
            proposal.c.entity.in_(sorted(entities)),
        )
    )
    return int(connection.execute(query).scalar_one())


def numbered(connection: Connection, school_id: str, number: int) -> Any:
    """The row of that number, with the owner's name, or ``None``."""
    return connection.execute(_with_owner().where(_is(school_id, number))).first()


def decide(connection: Connection, school_id: str, number: int, **values: str) -> None:
    """Keep what was decided."""
    connection.execute(update(proposal).where(_is(school_id, number)).values(**values))


def _with_owner() -> Select[Any]:
    owner = select(app_user.c.name).where(app_user.c.id == proposal.c.owner).scalar_subquery()
    return select(proposal, owner.label("owner_name"))


def _is(school_id: str, number: int) -> ColumnElement[bool]:
    return (proposal.c.school_id == school_id) & (proposal.c.number == number)
