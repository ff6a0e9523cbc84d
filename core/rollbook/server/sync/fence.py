"""A push that its sender has given up long ago is not taken when it arrives after all (S7).

A computer counts the times that an answer did not come, and sends the count with each push. A push from
before the last of them is late: what its entries became was told since, and people have decided on it.
"""

from sqlalchemy import ColumnElement, Connection, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from rollbook.contract.problems import FieldProblem
from rollbook.server.auth.caller import Caller
from rollbook.server.problems import ProblemError
from rollbook.server.tables import desk_fence


def pass_fence(connection: Connection, caller: Caller, device: str, fence: int) -> None:
    """Hold the computer's count against later ones until the transaction ends.

    Raises :class:`ProblemError` ``arrived-late``, with the count as it is now.
    """
    known = _count(connection, caller, device)
    if known is None:
        _begin(connection, caller, device, fence)  # or another first push does
        known = _count(connection, caller, device) or 0
    if known < fence:
        # Waits for older pushes that are being taken: then they have come before this one, and are seen.
        mine = and_(_mine(caller, device), desk_fence.c.fence < fence)
        connection.execute(update(desk_fence).where(mine).values(fence=fence))
    known = _count(connection, caller, device, hold=True) or 0
    if fence < known:
        passed = FieldProblem(field="fence", message=str(known), code="passed")
        raise ProblemError("arrived-late", errors=(passed,))


def _count(connection: Connection, caller: Caller, device: str, *, hold: bool = False) -> int | None:
    query = select(desk_fence.c.fence).where(_mine(caller, device))
    found: int | None = connection.execute(query.with_for_update(read=True) if hold else query).scalar()
    return found


def _begin(connection: Connection, caller: Caller, device: str, fence: int) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"school_id": caller.school_id, "owner": caller.user_id, "device": device, "fence": fence}
    connection.execute(insert(desk_fence).values(row).on_conflict_do_nothing())


def _mine(caller: Caller, device: str) -> ColumnElement[bool]:
    return and_(
        desk_fence.c.school_id == caller.school_id,
        desk_fence.c.owner == caller.user_id,
        desk_fence.c.device == device,
    )
