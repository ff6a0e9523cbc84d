"""Long work as it is kept, put into the database in whatever state."""

import itertools
from typing import Any

from rollbook.contract.jobs import JobState
from rollbook.server.jobs import repository
from rollbook.server.jobs.repository import NewJob
from support.school_server import SchoolServer

_NUMBERS = itertools.count()
_FOR_EVER = 10**10


def job_asked(school: SchoolServer, owner: str, state: JobState = JobState.QUEUED) -> None:
    """A job that was asked for now, and has come to ``state``."""
    number = next(_NUMBERS)
    new = NewJob(
        school_id=school.school_id,
        id=f"job-{school.school_id}-{number}",
        key=f"key-{number}",
        kind="roll",
        parameters="{}",
        scopes="[]",
        owner=owner,
        request_id="asked-for",
        at=school.clock.now().isoformat(timespec="milliseconds"),
    )
    school.write(lambda connection: repository.hold_key(connection, new))
    if state is not JobState.QUEUED:
        school.write(lambda connection: _moved(connection, new, state))


def _moved(connection: Any, new: NewJob, state: JobState) -> None:
    repository.claim(connection, new.school_id, new.id, "worker", 0, _FOR_EVER)
    if state is not JobState.RUNNING:
        repository.end(connection, new.school_id, new.id, "worker", state=state.value)
