"""That a backup was put back, kept in the database itself until a computer notices it (S22)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from rollbook.contract.recovery import PutBack
from rollbook.server.tables import desk_report, put_back, school


def note(connection: Connection, at: datetime) -> None:
    """A backup was put back then. The database may be of an earlier release, and is not migrated here."""
    put_back.create(connection, checkfirst=True)
    connection.execute(delete(put_back))
    moment = {"at": at.isoformat(timespec="milliseconds"), "at_seconds": int(at.timestamp())}
    rows = [
        {"school_id": school_id, **moment}
        for school_id in connection.execute(select(school.c.id)).scalars().all()
    ]
    if rows:
        connection.execute(insert(put_back), rows)


def noticed(connection: Connection, school_id: str) -> None:
    """A computer has noticed it: from now on the recovery tells how it goes."""
    connection.execute(delete(put_back).where(put_back.c.school_id == school_id))


def unnoticed(connection: Connection, school_id: str, latest: Any) -> PutBack | None:
    """When a backup was put back, where no computer has noticed since that anything was lost.

    ``latest`` is the latest recovery: one that began since is of this putting back.
    """
    row = connection.execute(select(put_back).where(put_back.c.school_id == school_id)).first()
    if row is None or (latest is not None and latest.begun_at >= row.at):
        return None
    came = select(func.count(desk_report.c.device.distinct())).where(
        desk_report.c.school_id == school_id, desk_report.c.reported_at_seconds > row.at_seconds
    )
    return PutBack(row.at, connection.execute(came).scalar_one())
