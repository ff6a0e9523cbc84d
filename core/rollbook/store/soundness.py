"""Checking the store's file: its pages, its search index, and that rows agree with their base."""

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DatabaseError

from rollbook.store import recovery, set_aside, sums
from rollbook.store.states import ACTIVE
from rollbook.store.tables import LANE, OPERATION, REPLICA, SEARCHED


def problems(connection: Connection) -> list[str]:
    """What is wrong, in words; empty when nothing is."""
    found = [
        f"The store's file: {row}"
        for row in connection.exec_driver_sql("PRAGMA integrity_check").scalars()
        if row != "ok"
    ]
    found += [problem for name in SEARCHED for problem in _search_problems(connection, name)]
    found += [
        f"The sum of {name} is not that of its records; it is counted anew at the next sync."
        for name in sums.wrongly_kept(connection)
    ]
    found += _stray_entries(connection)
    found += _only_here(connection)
    return found


def _search_problems(connection: Connection, name: str) -> list[str]:
    try:
        indexed = connection.exec_driver_sql(f"SELECT count(*) FROM {name}_search_docsize").scalar_one()
    except DatabaseError:
        return [f"The search index of {name} cannot be read."]
    rows = connection.execute(select(func.count()).select_from(REPLICA[name])).scalar_one()
    return [] if rows == indexed else [f"The search index of {name} holds {indexed} of {rows} records."]


def _stray_entries(connection: Connection) -> list[str]:
    """Every entry that waits stands in a lane; one that does not would never go (S25)."""
    stray = connection.execute(
        select(func.count())
        .select_from(OPERATION)
        .where(
            OPERATION.c.state.in_(ACTIVE),
            ~select(LANE.c.lane).where(LANE.c.sequence == OPERATION.c.sequence).exists(),
        )
    ).scalar_one()
    return [f"{stray} entries stand in no lane."] if stray else []


def _only_here(connection: Connection) -> list[str]:
    """What a server that was put back lost and cannot be given: said until it is entered anew (S22)."""
    if recovery.step(connection) is not None:
        return []
    lost = set_aside.only_here(connection)
    if not lost:
        return []
    return [f"Records that the school lost and that only this computer knows: {lost}. Tell support."]
