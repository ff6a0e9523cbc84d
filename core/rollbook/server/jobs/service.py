"""Asking for long work, seeing where it is, cancelling it (R11)."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection

from rollbook.contract.jobs import Job, JobsPage, JobState, ReportRequest
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.domain.scope import Act, as_text
from rollbook.server.auth.caller import Caller
from rollbook.server.database import Database
from rollbook.server.database_errors import Trouble
from rollbook.server.jobs import repository
from rollbook.server.jobs.kinds import KINDS, Report, ReportKind, check_parameters
from rollbook.server.jobs.repository import NewJob
from rollbook.server.jobs.runner import Alert, JobName, JobRunner, nobody_is_told
from rollbook.server.problems import ProblemError
from rollbook.server.request_context import current
from rollbook.server.settings import Settings
from rollbook.server.sync.write import heads_of

_MOST_LISTED = 50


class Jobs:
    """One application's long work. Blocking, but for what :meth:`ask` hands to the runner."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        new_id: IdSource,
        kinds: Mapping[str, ReportKind] = KINDS,
        alerts: Alert = nobody_is_told,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._kinds = kinds
        self.runner = JobRunner(database, settings, clock, kinds, alerts)

    def ask(self, caller: Caller, asked: ReportRequest) -> "tuple[str, Future[None] | None]":
        """The job's id, and what ends with it where it is done in this process.

        The same asked for again, of the same records by one who may see the same, is the same job. Raises
        :class:`ProblemError`: ``validation-failed``, ``forbidden``, or ``overloaded`` where too much waits.
        """
        kind = self._kinds[asked.kind]
        check_parameters(kind, asked.parameters)
        if not caller.may(Act.READ, kind.reads):
            raise ProblemError("forbidden")
        row = self._database.write(
            lambda connection: self._kept(connection, caller, asked),
            again_on=frozenset({Trouble.INTEGRITY}),  # several ask for the same at once
        )
        if row.state not in (JobState.QUEUED, JobState.RUNNING):
            return row.id, None
        return row.id, self.runner.start(JobName(caller.school_id, row.id))

    def see(self, caller: Caller, job_id: str) -> Job:
        """Where it is. Raises :class:`ProblemError` ``not-found``, for another's as well."""
        return _view(self._database.read(lambda connection: self._mine(connection, caller, job_id)))

    def listed(self, caller: Caller) -> JobsPage:
        """The caller's latest."""
        rows = self._database.read(
            lambda connection: repository.of_owner(connection, caller.school_id, caller.user_id, _MOST_LISTED)
        )
        return JobsPage([_view(row) for row in rows])

    def cancel(self, caller: Caller, job_id: str) -> Job:
        """End it where it stands; what has ended stays as it is. Raises as :meth:`see`."""

        def work(connection: Connection) -> Any:
            self._mine(connection, caller, job_id)
            repository.cancel(connection, caller.school_id, job_id, self._now())
            return self._mine(connection, caller, job_id)

        return _view(self._database.write(work))

    def report(self, caller: Caller, job_id: str) -> Report | Job:
        """What came of it, or where it is. Raises as :meth:`see`; a failed one raises its own problem."""

        def work(connection: Connection) -> tuple[Any, bytes | None]:
            row = self._mine(connection, caller, job_id)
            return row, repository.result_of(connection, caller.school_id, job_id)

        row, content = self._database.read(work)
        if row.state == JobState.DONE and content is not None:
            return Report(bytes(content), row.media_type, row.file_name)
        if row.state == JobState.FAILED:
            raise ProblemError(row.error)
        if row.state == JobState.CANCELLED:
            raise ProblemError("not-found", "This report was cancelled. Ask for it again.")
        return _view(row)

    def _kept(self, connection: Connection, caller: Caller, asked: ReportRequest) -> Any:
        scopes = json.dumps(as_text(caller.scopes))
        parameters = json.dumps(asked.parameters, sort_keys=True, ensure_ascii=False)
        head = heads_of(connection, [caller.school_id]).get(caller.school_id, 0)
        content = json.dumps([asked.kind, parameters, scopes, head])
        new = NewJob(
            school_id=caller.school_id,
            id=self._new_id(),
            key=hashlib.sha256(content.encode()).hexdigest(),
            kind=asked.kind,
            parameters=parameters,
            scopes=scopes,
            owner=caller.user_id,
            request_id=current().request_id,
            at=self._now(),
        )
        row = repository.hold_key(connection, new)
        if row.id == new.id and repository.waiting(connection, caller.school_id) > self._settings.report_most:
            wait = str(max(1, round(self._settings.retry_after_seconds)))
            raise ProblemError(
                "overloaded", "Too many reports of this school wait.", headers={"Retry-After": wait}
            )
        return row

    def _mine(self, connection: Connection, caller: Caller, job_id: str) -> Any:
        """A job that the caller asked for, or could have: they may see just what it was made of."""
        row = repository.one(connection, caller.school_id, job_id)
        if row is None or row.scopes != json.dumps(as_text(caller.scopes)):
            raise ProblemError("not-found")
        return row

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="milliseconds")


def _view(row: Any) -> Job:
    done = row.state == JobState.DONE
    return Job(
        id=row.id,
        kind=row.kind,
        state=JobState(row.state),
        done=row.done,
        total=row.total,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        result=f"/api/v1/reports/{row.id}" if done else "",
        error=row.error,
    )
