"""Requests as this computer made them, so that support finds their story (R16, R17)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select

from rollbook.store.tables import ATTEMPT

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One request. ``started_at`` ISO 8601 in UTC; ``status`` is ``None`` where no answer came."""

    request_id: str
    action_id: str | None
    method: str
    route: str
    started_at: str
    duration_ms: float
    status: int | None
    outcome: str
    error: str | None
    op_ids: tuple[str, ...] = ()


def add(connection: Connection, attempts: Sequence[AttemptRow]) -> None:
    """Remember requests; the oldest beyond 20,000 are forgotten."""
    if not attempts:
        return
    connection.execute(ATTEMPT.insert(), [_as_row(each) for each in attempts])
    last = connection.execute(select(func.max(ATTEMPT.c.number))).scalar_one()
    connection.execute(delete(ATTEMPT).where(ATTEMPT.c.number <= last - _KEPT))


def find(connection: Connection, wanted: str) -> list[AttemptRow]:
    """Requests of that request id or action id, or that carried that entry, in order."""
    rows = connection.execute(
        select(ATTEMPT)
        .where(
            or_(
                ATTEMPT.c.request_id == wanted,
                ATTEMPT.c.action_id == wanted,
                ATTEMPT.c.op_ids.contains(f'"{wanted}"', autoescape=True),
            )
        )
        .order_by(ATTEMPT.c.number)
    )
    return [_as_attempt(row) for row in rows]


def recent(connection: Connection, limit: int, failed_only: bool) -> list[AttemptRow]:
    """The latest requests, newest first."""
    statement = select(ATTEMPT).order_by(ATTEMPT.c.number.desc()).limit(limit)
    if failed_only:
        statement = statement.where(ATTEMPT.c.outcome != "ok")
    return [_as_attempt(row) for row in connection.execute(statement)]


def _as_row(each: AttemptRow) -> dict[str, Any]:
    return {
        **{name: getattr(each, name) for name in AttemptRow.__slots__ if name != "op_ids"},
        "op_ids": json.dumps(each.op_ids),
    }


def _as_attempt(row: Any) -> AttemptRow:
    return AttemptRow(
        request_id=row.request_id,
        action_id=row.action_id,
        method=row.method,
        route=row.route,
        started_at=row.started_at,
        duration_ms=row.duration_ms,
        status=row.status,
        outcome=row.outcome,
        error=row.error,
        op_ids=tuple(json.loads(row.op_ids)),
    )
