"""What waits, read from the database: long work, and what computers have not got or not sent (R14, R19)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from rollbook.contract.devices import NEVER, Device
from rollbook.contract.jobs import JobState
from rollbook.domain.clock import Clock
from rollbook.server.devices.service import devices
from rollbook.server.parts import Parts
from rollbook.server.sync.write import heads_of
from rollbook.server.tables import job

_WAITING = (JobState.QUEUED, JobState.RUNNING)


def jobs(connection: Connection, schools: Collection[str] | None, clock: Clock) -> dict[str, Any]:
    """How many jobs are in each state, and the age in seconds of the oldest that waits or runs.

    Of all schools, where none are named.
    """
    query = select(job.c.state, func.count().label("count"), func.min(job.c.asked_at).label("first"))
    if schools is not None:
        query = query.where(job.c.school_id.in_(sorted(schools)))
    rows = {row.state: row for row in connection.execute(query.group_by(job.c.state))}
    now = clock.now()
    return {
        "count": {state.value: rows[state].count if state in rows else 0 for state in JobState},
        "oldest_seconds": {
            state.value: _age(now, rows[state].first) if state in rows else 0.0 for state in _WAITING
        },
    }


def feeds(connection: Connection, schools: Collection[str], parts: Parts) -> dict[str, Any]:
    """For each school the feed's head and how far its computers lag behind.

    Other workers' commits are ``told`` by the database, or looked for every so many seconds.
    """
    heads = heads_of(connection, list(schools))
    days = parts.settings.desk_silent_days
    return {
        "wake_ups": "told" if parts.notices.listening else "looked for",
        "schools": [
            {"school_id": school_id, "head": heads.get(school_id, 0)}
            | _lag(devices(connection, parts.clock, school_id, days))
            for school_id in sorted(schools)
        ],
    }


def unsynced_seconds(desk: Device) -> int | None:
    """How long ago a computer last came through a sync, as far as is known; ``None`` for never."""
    ago = desk.report.synced_seconds_ago
    return None if ago == NEVER else ago + desk.silent_seconds


def _lag(desks: list[Device]) -> dict[str, Any]:
    known = [seconds for seconds in map(unsynced_seconds, desks) if seconds is not None]
    return {
        "desks": len(desks),
        "stuck": sum(1 for desk in desks if desk.why),
        "longest_unsynced_seconds": max(known, default=None),
    }


def _age(now: datetime, first: str) -> float:
    return max(0.0, (now - datetime.fromisoformat(first)).total_seconds())
