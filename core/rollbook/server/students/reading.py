"""Reading students and their history."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from rollbook.domain.registry import ENTITIES
from rollbook.schema.columns import values_of
from rollbook.server.problems import ProblemError
from rollbook.server.students.views import HistoryEntry, HistoryPage, StudentsPage, StudentView
from rollbook.server.sync.identity import read_aliases
from rollbook.server.sync.incoming import RECORD_ID, is_record_id
from rollbook.server.tables import history, receipt, student

MAX_VERSION_DIGITS = 15
CURSOR = f"^{RECORD_ID}$"
VERSION_CURSOR = f"^[0-9]{{1,{MAX_VERSION_DIGITS}}}$"
"""The forms of the lists' cursors, as they are described."""


def read_student(connection: Connection, school_id: str, student_id: str) -> StudentView:
    """One student, archived or not. Raises :class:`ProblemError` ``not-found``."""
    found = None
    if is_record_id(student_id):
        query = select(student).where(student.c.school_id == school_id, student.c.id == student_id)
        found = connection.execute(query).mappings().first()
    if found is None:
        return _read_meant(connection, school_id, student_id)
    return _view(found)


def _read_meant(connection: Connection, school_id: str, student_id: str) -> StudentView:
    """The student that ``student_id`` is an alias of (D4)."""
    meant = read_aliases(connection, school_id, "student", [student_id]) if is_record_id(student_id) else {}
    if student_id not in meant:
        raise ProblemError("not-found")
    return read_student(connection, school_id, meant[student_id])


def read_students(
    connection: Connection, school_id: str, cursor: str | None, limit: int, archived: bool
) -> StudentsPage:
    """A page of up to ``limit`` students behind ``cursor``, in the order of their ids."""
    query = select(student).where(student.c.school_id == school_id).order_by(student.c.id).limit(limit + 1)
    if not archived:
        query = query.where(student.c.deleted_at.is_(None))
    if cursor is not None:
        if not is_record_id(cursor):
            raise ProblemError("validation-failed", "The cursor is not one that this list gave.")
        query = query.where(student.c.id > cursor)
    found = [_view(row) for row in connection.execute(query).mappings()]
    page, more = found[:limit], len(found) > limit
    return StudentsPage(page, next=page[-1].id if more else None)


def read_history(
    connection: Connection, school_id: str, student_id: str, cursor: str | None, limit: int
) -> HistoryPage:
    """A page of up to ``limit`` versions behind ``cursor``, oldest first."""
    read_student(connection, school_id, student_id)
    after = cursor or "0"
    if not (after.isascii() and after.isdecimal() and len(after) <= MAX_VERSION_DIGITS):
        raise ProblemError("validation-failed", "The cursor is not one that this list gave.")
    rows = connection.execute(
        select(history, receipt.c.merged_fields)
        .outerjoin(receipt, _of_the_version())
        .where(
            history.c.school_id == school_id,
            history.c.entity == "student",
            history.c.entity_id == student_id,
            history.c.version > int(after),
        )
        .order_by(history.c.version)
        .limit(limit + 1)
    ).all()
    entries = [_entry(row._mapping) for row in rows[:limit]]
    return HistoryPage(entries, next=str(entries[-1].version) if len(rows) > limit else None)


def _of_the_version() -> ColumnElement[bool]:
    return and_(
        receipt.c.school_id == history.c.school_id,
        receipt.c.owner == history.c.by_id,
        receipt.c.op_id == history.c.op_id,
    )


def _view(row: Mapping[Any, Any]) -> StudentView:
    traces = ("id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at")
    return StudentView(values=values_of(ENTITIES["student"], row), **{name: row[name] for name in traces})


def _entry(row: Mapping[Any, Any]) -> HistoryEntry:
    names = ("version", "kind", "by", "at", "device", "request_id", "op_id", "recovered_by")
    merged = tuple(json.loads(row["merged_fields"] or "[]"))  # an old version's receipt may be gone (S7)
    given = {name: row[name] for name in names}
    return HistoryEntry(changes=json.loads(row["changes"]), merged_fields=merged, **given)
