"""Written in the transaction of what it tells, and never changed."""

import getpass

from sqlalchemy import Connection, insert, select

from rollbook.contract.audit import AuditEntry, AuditPage, Deed
from rollbook.domain.clock import Clock
from rollbook.server.request_context import current
from rollbook.server.tables import audit


def write(
    connection: Connection,
    clock: Clock,
    school_id: str,
    what: Deed,
    *,
    by: str,
    subject: str,
    detail: str = "",
) -> None:
    """Add an entry."""
    connection.execute(
        insert(audit).values(
            school_id=school_id,
            at=clock.now().isoformat(timespec="milliseconds"),
            by=by,
            what=what.value,
            subject=subject,
            detail=detail,
            request_id=current().request_id,
        )
    )


def page(connection: Connection, school_id: str, before: int | None, limit: int) -> AuditPage:
    """Up to ``limit`` entries before the number ``before``, the latest first."""
    query = select(audit).where(audit.c.school_id == school_id).order_by(audit.c.number.desc())
    if before is not None:
        query = query.where(audit.c.number < before)
    rows = connection.execute(query.limit(limit + 1)).all()
    found = [
        AuditEntry(row.number, row.at, row.by, Deed(row.what), row.subject, row.detail, row.request_id)
        for row in rows[:limit]
    ]
    return AuditPage(found, next=found[-1].number if len(rows) > limit else None)


def at_the_server() -> str:
    """Who uses a command of the server: the account of the computer."""
    try:
        return f"{getpass.getuser()} at the server"
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "somebody at the server"
