"""What the school's own record says of one student."""

from typing import Any

from sqlalchemy import Connection, func, select

from rollbook.domain.student import STUDENT
from rollbook.server.records.reading import find_record
from rollbook.server.tables import history

_ASIDE = "source"
"""The section of fields that say where a record came from: nobody fills them in."""

_OF_CHANGES = ("count", "first_at", "last_at", "by_kind")


def completeness(connection: Connection, school_id: str, student_id: str) -> dict[str, Any]:
    """How many of the fields that a person can fill in are filled, and which are not; never their values."""
    values = find_record(connection, school_id, STUDENT, student_id).values
    names = [spec.name for spec in STUDENT.fields if spec.section != _ASIDE]
    empty = [name for name in names if values.get(name) in (None, "")]
    return {"filled": len(names) - len(empty), "of": len(names), "empty": empty}


def changes_of(connection: Connection, school_id: str, student_id: str) -> dict[str, Any]:
    """How often the record was changed, when first and last, and how often in each way.

    Of a record without a history (the administrator put it there) nothing of this is known: no zero.
    """
    rows = connection.execute(
        select(
            history.c.kind,
            func.count().label("number"),
            func.min(history.c.at).label("first_at"),
            func.max(history.c.at).label("last_at"),
        )
        .where(
            history.c.school_id == school_id,
            history.c.entity == "student",
            history.c.entity_id == student_id,
        )
        .group_by(history.c.kind)
        .order_by(history.c.kind)
    ).all()
    if not rows:
        return dict.fromkeys(_OF_CHANGES) | {"notes": dict.fromkeys(_OF_CHANGES, "no-history")}
    return {
        "count": sum(row.number for row in rows),
        "first_at": min(row.first_at for row in rows),
        "last_at": max(row.last_at for row in rows),
        "by_kind": {row.kind: row.number for row in rows},
        "notes": {},
    }
