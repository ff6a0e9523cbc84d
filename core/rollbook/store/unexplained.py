"""Entries that wait although nothing explains it (S25).

Asks the tables in its own way and shares nothing with the lease: what is wrong there must be seen from here.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from rollbook.store.states import ACTIVE, NEEDS_A_PERSON, State
from rollbook.store.tables import LANE, OPERATION


def without_a_reason(connection: Connection, waiting_lanes: Collection[str]) -> list[str]:
    """The op_ids of entries that head their lanes and should be gone once everything due has been sent.

    An entry has a reason to wait that needs a person, that is given back to a server that lost it (S22),
    whose lane is in ``waiting_lanes`` (it backs off), or that depends on another which waits.
    """
    return [
        row.op_id
        for row in _heads(connection)
        if row.state not in (*NEEDS_A_PERSON, State.GIVING_BACK)
        and row.lane not in waiting_lanes
        and not _depends_on_one_that_waits(connection, row.depends_on)
    ]


def _heads(connection: Connection) -> Sequence[Any]:
    """The first entry of each lane that is not settled."""
    waiting = (
        select(
            LANE.c.lane,
            OPERATION.c.op_id,
            OPERATION.c.state,
            OPERATION.c.depends_on,
            func.row_number()
            .over(partition_by=LANE.c.lane, order_by=(OPERATION.c.position, OPERATION.c.sequence))
            .label("place"),
        )
        .join(OPERATION, OPERATION.c.sequence == LANE.c.sequence)
        .where(OPERATION.c.state.in_(ACTIVE))
        .subquery()
    )
    return connection.execute(select(waiting).where(waiting.c.place == 1)).all()


def _depends_on_one_that_waits(connection: Connection, depends_on: str) -> bool:
    needed = json.loads(depends_on)
    if not needed:
        return False
    waits = select(OPERATION.c.op_id).where(OPERATION.c.op_id.in_(needed), OPERATION.c.state.in_(ACTIVE))
    return connection.execute(waits.limit(1)).first() is not None
