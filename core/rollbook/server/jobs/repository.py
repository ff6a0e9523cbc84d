"""The rows of long work. A process holds a job by a lease; one that has run out is anybody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from rollbook.contract.jobs import ENDED, JobState
from rollbook.server.tables import job

_ACTIVE = (JobState.QUEUED.value, JobState.RUNNING.value)
_WITHOUT_RESULT = [column for column in job.c if column.name != "result"]


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is asked for. ``key`` is the same for whoever asks for the same of the same records."""

    school_id: str
    id: str
    key: str
    kind: str
    parameters: str
    scopes: str
    owner: str
    request_id: str
    at: str


def hold_key(connection: Connection, new: NewJob) -> Any:
    """The job of that key, made now where there is none, or none that is any good; its row is held."""
    mine = and_(job.c.school_id == new.school_id, job.c.key == new.key)
    found = connection.execute(select(*_WITHOUT_RESULT).where(mine).with_for_update()).first()
    if found is not None and found.state in (JobState.FAILED.value, JobState.CANCELLED.value):
        connection.execute(delete(job).where(mine))
        found = None
    if found is None:
        connection.execute(insert(job).values(_row(new)))
        found = connection.execute(select(*_WITHOUT_RESULT).where(mine)).one()
    return found


def one(connection: Connection, school_id: str, job_id: str) -> Any:
    """The row, without its result, or ``None``."""
    return connection.execute(select(*_WITHOUT_RESULT).where(_is(school_id, job_id))).first()


def result_of(connection: Connection, school_id: str, job_id: str) -> bytes | None:
    """What came of it."""
    return connection.execute(select(job.c.result).where(_is(school_id, job_id))).scalar()


def of_owner(connection: Connection, school_id: str, owner: str, limit: int) -> list[Any]:
    """The owner's, the latest first."""
    mine = (job.c.school_id == school_id, job.c.owner == owner)
    query = (
        select(*_WITHOUT_RESULT).where(*mine).order_by(job.c.asked_at.desc(), job.c.id.desc()).limit(limit)
    )
    return list(connection.execute(query))


def waiting(connection: Connection, school_id: str) -> int:
    """How many of the school wait or run."""
    mine = (job.c.school_id == school_id, job.c.state.in_(_ACTIVE))
    return int(connection.execute(select(func.count()).select_from(job).where(*mine)).scalar_one())


def to_do(connection: Connection, now_seconds: int, limit: int) -> Sequence[tuple[str, str]]:
    """(school, id) of those that nobody does, the oldest first."""
    query = select(job.c.school_id, job.c.id).where(_free(now_seconds)).order_by(job.c.asked_at).limit(limit)
    return [(row.school_id, row.id) for row in connection.execute(query)]


def claim(
    connection: Connection, school_id: str, job_id: str, worker: str, now_seconds: int, lease_seconds: int
) -> Any:
    """Take it, where nobody has it; the row, or ``None``."""
    taken = connection.execute(
        update(job)
        .where(_is(school_id, job_id), _free(now_seconds))
        .values(
            state=JobState.RUNNING.value,
            worker=worker,
            lease_until_seconds=now_seconds + lease_seconds,
            attempts=job.c.attempts + 1,
        )
    )
    return one(connection, school_id, job_id) if taken.rowcount else None


def note(
    connection: Connection, school_id: str, job_id: str, worker: str, done: int, total: int, until: int
) -> bool:
    """How far it is; ``False`` where it was cancelled, or is another's by now."""
    mine = (_is(school_id, job_id), job.c.worker == worker, job.c.state == JobState.RUNNING.value)
    noted = connection.execute(
        update(job).where(*mine).values(done=done, total=total, lease_until_seconds=until)
    )
    return bool(noted.rowcount)


def end(connection: Connection, school_id: str, job_id: str, worker: str, **values: Any) -> bool:
    """It has ended; ``False`` where it was cancelled, or is another's by now."""
    mine = (_is(school_id, job_id), job.c.worker == worker, job.c.state == JobState.RUNNING.value)
    ended = connection.execute(update(job).where(*mine).values(worker="", lease_until_seconds=0, **values))
    return bool(ended.rowcount)


def give_back(connection: Connection, school_id: str, job_id: str, worker: str) -> None:
    """The process that does it is told to end: that is no failed attempt."""
    end(connection, school_id, job_id, worker, state=JobState.QUEUED.value, attempts=job.c.attempts - 1)


def cancel(connection: Connection, school_id: str, job_id: str, at: str) -> None:
    """Whoever does it learns so at the next step. One that has ended stays as it is."""
    connection.execute(
        update(job)
        .where(_is(school_id, job_id), job.c.state.in_(_ACTIVE))
        .values(state=JobState.CANCELLED.value, ended_at=at)
    )


def forget(connection: Connection, before: str) -> int:
    """Let go of those that ended before that time, with their results; how many."""
    old = (job.c.state.in_([state.value for state in ENDED]), job.c.ended_at < before)
    return connection.execute(delete(job).where(*old)).rowcount


def _row(new: NewJob) -> dict[str, Any]:
    return {
        "school_id": new.school_id,
        "id": new.id,
        "key": new.key,
        "kind": new.kind,
        "parameters": new.parameters,
        "scopes": new.scopes,
        "owner": new.owner,
        "request_id": new.request_id,
        "asked_at": new.at,
        "state": JobState.QUEUED.value,
    }


def _is(school_id: str, job_id: str) -> ColumnElement[bool]:
    return and_(job.c.school_id == school_id, job.c.id == job_id)


def _free(now_seconds: int) -> ColumnElement[bool]:
    forsaken = and_(job.c.state == JobState.RUNNING.value, job.c.lease_until_seconds < now_seconds)
    return or_(job.c.state == JobState.QUEUED.value, forsaken)
