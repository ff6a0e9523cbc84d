"""The rows of reports: the last one of each user at each computer."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, insert, select, update

from rollbook.contract.devices import DeskReport
from rollbook.server.tables import app_user, desk_report, school


def keep(
    connection: Connection, school_id: str, user_id: str, device: str, report: DeskReport, at: tuple[str, int]
) -> None:
    """Keep the report in place of the one before; ``at`` is now as ISO 8601 and in seconds since 1970."""
    key = {"school_id": school_id, "user_id": user_id, "device": device}
    values: dict[str, Any] = {
        "waiting": report.waiting,
        "parked": report.parked,
        "conflicts": report.conflicts,
        "oldest_seconds": report.oldest_seconds,
        "synced_seconds_ago": report.synced_seconds_ago,
        "recovers": int(report.recovers),
        "outstanding": json.dumps(report.outstanding),
        "version": report.version,
        "computer": report.computer,
        "reported_at": at[0],
        "reported_at_seconds": at[1],
    }
    this = [desk_report.c[name] == value for name, value in key.items()]
    if not connection.execute(update(desk_report).where(*this).values(**values)).rowcount:
        connection.execute(insert(desk_report).values(**key, **values))


def only_of(connection: Connection, schools: Collection[str], devices: Collection[str]) -> set[str]:
    """Those of ``devices`` that have reported to ``schools`` and to no other.

    A computer's ID is the caller's to choose: one that others report with, too, is nobody's own.
    """
    rows = connection.execute(
        select(desk_report.c.device, desk_report.c.school_id).where(desk_report.c.device.in_(sorted(devices)))
    ).all()
    elsewhere = {row.device for row in rows if row.school_id not in schools}
    return {row.device for row in rows} - elsewhere


def reports(connection: Connection, school_id: str | None) -> list[tuple[Any, DeskReport]]:
    """Rows with the user's and the school's name, and what was reported; of all schools without one."""
    query = (
        select(desk_report, app_user.c.name.label("user_name"), school.c.name.label("school_name"))
        .join(app_user, app_user.c.id == desk_report.c.user_id)
        .join(school, school.c.id == desk_report.c.school_id)
        .order_by(school.c.name, app_user.c.name, desk_report.c.device)
    )
    if school_id is not None:
        query = query.where(desk_report.c.school_id == school_id)
    return [(row, _report(row)) for row in connection.execute(query)]


def _report(row: Any) -> DeskReport:
    return DeskReport(
        waiting=row.waiting,
        parked=row.parked,
        conflicts=row.conflicts,
        oldest_seconds=row.oldest_seconds,
        synced_seconds_ago=row.synced_seconds_ago,
        recovers=bool(row.recovers),
        outstanding=tuple(json.loads(row.outstanding)),
        version=row.version,
        computer=row.computer,
    )
