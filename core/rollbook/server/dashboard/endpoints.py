"""``/api/v1/dashboard``: what there is, each part by itself (R10)."""

from collections.abc import Callable
from typing import Any

import structlog
from fastapi import APIRouter
from sqlalchemy import ColumnElement, Connection, func, select
from starlette.responses import Response

from rollbook.contract.dashboard import Dashboard, DashboardPart, PartStatus
from rollbook.domain.roles import Right
from rollbook.server.auth.endpoints import InSchool, ServerParts
from rollbook.server.logs import where_it_broke
from rollbook.server.openapi import described
from rollbook.server.parts import Parts
from rollbook.server.problems import ProblemError
from rollbook.server.tables import student
from rollbook.server.wire import json_response

log = structlog.get_logger("rollbook.server.dashboard")
router = APIRouter(prefix="/api/v1", tags=["dashboard"])
Source = Callable[[Connection, str], Any]


@router.get("/dashboard", **described(gives="Dashboard"))
def dashboard(parts: ServerParts, caller: InSchool) -> Response:
    """The school's numbers; a part that fails says so and leaves the others alone."""
    caller.require(Right.READ_STUDENTS)
    sources: dict[str, Source] = {"students": count_of_students, "grade_levels": counts_by_grade_level}
    told = {name: told_by(parts, source, caller.school_id) for name, source in sources.items()}
    return json_response(Dashboard(told))


def told_by(parts: Parts, source: Source, school_id: str) -> DashboardPart:
    """What ``source`` tells, in a transaction of its own so that its failure poisons nothing."""
    try:
        data = parts.database.read(lambda connection: source(connection, school_id))
    except ProblemError as error:
        return DashboardPart(PartStatus.UNAVAILABLE, reason=error.code)
    except Exception as error:
        log.error("part_failed", **where_it_broke(error))
        return DashboardPart(PartStatus.UNAVAILABLE, reason="internal-error")
    return DashboardPart(PartStatus.OK, data, as_of=parts.clock.now().isoformat(timespec="seconds"))


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
