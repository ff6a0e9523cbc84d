"""What the dashboard counts."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from rollbook.server.tables import student


def count_of_students(connection: Connection, school_id: str) -> dict[str, int]:
    """How many students the school has, archived ones not counted."""
    found = connection.execute(select(func.count()).select_from(student).where(_live(school_id)))
    return {"count": found.scalar_one()}


def counts_by_grade_level(connection: Connection, school_id: str) -> list[dict[str, Any]]:
    """The same by grade level; students without one stand under ``None``."""
    rows = connection.execute(
        select(student.c.grade_level, func.count().label("number"))
        .where(_live(school_id))
        .group_by(student.c.grade_level)
        .order_by(student.c.grade_level)
    )
    return [{"grade_level": row.grade_level, "count": row.number} for row in rows]


def _live(school_id: str) -> ColumnElement[bool]:
    return (student.c.school_id == school_id) & student.c.deleted_at.is_(None)
