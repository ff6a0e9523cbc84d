"""Does the work: in a few threads of its own, held by leases, told and cancelled between steps (R7, R11)."""

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

import structlog

from rollbook.contract.jobs import JobState
from rollbook.domain.checkpoints import passed
from rollbook.domain.clock import Clock
from rollbook.domain.scope import from_text
from rollbook.resilience.bulkhead import BulkheadClosedError, BulkheadFullError
from rollbook.resilience.deadline import current_deadline
from rollbook.resilience.thread_bulkhead import ThreadBulkhead
from rollbook.resilience.where_it_broke import where_it_broke
from rollbook.server.database import Database
from rollbook.server.jobs import repository
from rollbook.server.jobs.kinds import Asked, ReportKind
from rollbook.server.problems import ProblemError
from rollbook.server.request_context import RequestContext, enter
from rollbook.server.settings import Settings

log = structlog.get_logger("rollbook.server.jobs")
_TOLD_EVERY_SECONDS = 0.5
_MOST_ATTEMPTS = 3


Alert = Callable[[str, str, str], None]
"""Told of a failure: the problem's code, where, and the ID of the request that asked for the work."""


def nobody_is_told(_kind: str, _where: str, _request_id: str) -> None:
    """Where there is nobody to tell."""


class JobEndedError(Exception):
    """The work is to end here: it was cancelled, another has it, or the process ends."""


@dataclass(frozen=True, slots=True)
class JobName:
    """Which job."""

    school_id: str
    id: str


class JobRunner:
    """This process's share of the work."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        kinds: Mapping[str, ReportKind],
        alert: Alert = nobody_is_told,
    ) -> None:
        self._alert = alert
        self._database = database
        self._settings = settings
        self.clock = clock
        self._kinds = kinds
        self._worker = secrets.token_hex(8)
        self.is_ending = False
        self.bulkhead = ThreadBulkhead(
            "reports",
            concurrent=settings.report_threads,
            queue=settings.report_queue,
            retry_after_seconds=settings.retry_after_seconds,
        )
        self._lock = threading.Lock()
        self._running: dict[JobName, Future[None]] = {}

    def start(self, name: JobName) -> "Future[None] | None":
        """Do it as soon as there is room here; ``None`` where there is none: it is found again later."""
        with self._lock:
            going = self._running.get(name)
            if going is not None and not going.done():
                return going
            try:
                future = self.bulkhead.submit(lambda: self._run(name))
            except (BulkheadFullError, BulkheadClosedError):
                return None
            self._running = {each: one for each, one in self._running.items() if not one.done()}
            self._running[name] = future
            return future

    def look(self) -> None:
        """Take up what nobody does: what a restart has left, or another process could not. Blocking."""
        found = self._database.read(
            lambda connection: repository.to_do(connection, self._now(), self._settings.report_queue)
        )
        for school_id, job_id in found:
            if self.start(JobName(school_id, job_id)) is None:
                return

    def close(self) -> None:
        """What runs gives its job back at the next step; what waits stays for the next start."""
        self.is_ending = True
        self.bulkhead.close()

    def _run(self, name: JobName) -> None:
        current_deadline.set(None)  # whoever asked does not wait for it any longer
        lease = self._settings.report_lease_seconds
        row = self._database.write(
            lambda connection: repository.claim(
                connection, name.school_id, name.id, self._worker, self._now(), lease
            )
        )
        if row is None:
            return
        enter(RequestContext(request_id=row.request_id, user_id=row.owner, school_id=name.school_id))
        log.info("job_started", job=name.id, kind=row.kind, attempt=row.attempts)
        passed("server.jobs.claimed")
        if row.attempts > _MOST_ATTEMPTS:
            self._alert("internal-error", f"report {row.kind}", row.request_id)
            self._end(name, JobState.FAILED, error="internal-error")
            return
        asked = Asked(name.school_id, from_text(json.loads(row.scopes)), json.loads(row.parameters))
        try:
            self._make(name, row.kind, asked)
        except JobEndedError:
            log.info("job_left", job=name.id)
        except ProblemError as error:
            self._failed(name, error)
        except Exception as error:
            log.error("job_failed", job=name.id, **where_it_broke(error))
            self._alert("internal-error", f"report {row.kind}", row.request_id)
            self._end(name, JobState.FAILED, error="internal-error")

    def _make(self, name: JobName, kind: str, asked: Asked) -> None:
        steps = _Steps(self, name)
        report = self._kinds[kind].make(self._database, asked, steps)
        self._end(
            name,
            JobState.DONE,
            done=steps.total,
            total=steps.total,
            result=report.content,
            media_type=report.media_type,
            file_name=report.file_name,
        )
        passed("server.jobs.done")

    def _failed(self, name: JobName, error: ProblemError) -> None:
        """A database that is away is no failure of the report: it is taken up again when it is back."""
        if error.headers.get("Retry-After"):
            log.warning("job_postponed", job=name.id, error=error.code)
            return  # its lease runs out
        log.warning("job_failed", job=name.id, error=error.code)
        self._end(name, JobState.FAILED, error=error.code)

    def step(self, name: JobName, done: int, total: int) -> None:
        """Between two parts of the work. Raises :class:`JobEndedError`."""
        passed("server.jobs.step")
        if self.is_ending:
            self._give_back(name)
            raise JobEndedError
        self._note(name, done, total)

    def _note(self, name: JobName, done: int, total: int) -> None:
        until = self._now() + self._settings.report_lease_seconds
        if not self._database.write(
            lambda connection: repository.note(
                connection, name.school_id, name.id, self._worker, done, total, until
            )
        ):
            raise JobEndedError

    def _give_back(self, name: JobName) -> None:
        self._database.write(
            lambda connection: repository.give_back(connection, name.school_id, name.id, self._worker)
        )

    def _end(self, name: JobName, state: JobState, **values: object) -> None:
        at = self.clock.now().isoformat(timespec="milliseconds")
        ended = self._database.write(
            lambda connection: repository.end(
                connection, name.school_id, name.id, self._worker, state=state.value, ended_at=at, **values
            )
        )
        log.info("job_ended", job=name.id, state=state.value if ended else "left")

    def _now(self) -> int:
        return int(self.clock.now().timestamp())


class _Steps:
    """What a report calls between its pages; told to the database now and then alone."""

    def __init__(self, runner: JobRunner, name: JobName) -> None:
        self._runner, self._name = runner, name
        self._told = float("-inf")
        self.total = 0

    def __call__(self, done: int, total: int) -> None:
        self.total = total
        if not self._runner.is_ending and self._runner.clock.monotonic() - self._told < _TOLD_EVERY_SECONDS:
            return
        self._told = self._runner.clock.monotonic()
        self._runner.step(self._name, done, total)
