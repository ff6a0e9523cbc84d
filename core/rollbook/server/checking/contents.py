"""What the database holds: schools, users, sums, the last backup, work that nobody does."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, select

from rollbook.contract.jobs import JobState
from rollbook.domain.clock import Clock
from rollbook.domain.plain_text import lasting
from rollbook.domain.roles import Role
from rollbook.server.backups.last import last_backup
from rollbook.server.checking import Finding, problem, warning
from rollbook.server.installation import read_installation
from rollbook.server.settings import Settings
from rollbook.server.sync.sums import is_right, schools
from rollbook.server.tables import app_user, job, membership, school

_SECRET_BYTES = 32
_DIFFERENT_BYTES = 8
_DAY_SECONDS = 86_400.0
_JOB_WAITS_SECONDS = 3_600.0
_WAITING = (JobState.QUEUED.value, JobState.RUNNING.value)


def of_contents(connection: Connection, settings: Settings, clock: Clock) -> Iterator[Finding]:
    """What is wrong with what it holds. The schema must be this release's."""
    yield from _missing(connection)
    yield from _secret(connection)
    yield from _sums(connection)
    yield from _backup(connection, settings, clock)
    yield from _jobs(connection, clock)


def _missing(connection: Connection) -> Iterator[Finding]:
    if not connection.execute(select(func.count()).select_from(school)).scalar():
        yield problem("no-school", "There is no school: rollbook-server create-user makes the first one.")
    if not connection.execute(select(func.count()).select_from(app_user)).scalar():
        yield problem(
            "no-user",
            "There is no user: run rollbook-server create-user NAME --role ROLE --password-stdin.",
        )
    administers = and_(
        membership.c.school_id == school.c.id,
        membership.c.role == Role.ADMINISTRATOR.value,
        app_user.c.id == membership.c.user_id,
        app_user.c.disabled_at.is_(None),
    )
    without = select(school.c.name).where(~exists().where(administers)).order_by(school.c.name)
    for row in connection.execute(without):
        yield warning(
            "no-administrator",
            f"The school “{row.name}” has no administrator: nobody there sees computers that are stuck. Run "
            "rollbook-server create-user NAME --role administrator --password-stdin.",
        )


def _secret(connection: Connection) -> Iterator[Finding]:
    found = read_installation(connection)
    if found is None:
        yield problem("no-installation", "The database has no identity: run rollbook-server migrate.")
    elif len(found.secret) < _SECRET_BYTES or len(set(found.secret)) < _DIFFERENT_BYTES:
        yield problem(
            "weak-secret",
            "The secret with which sessions are signed can be guessed: anybody could sign in as anybody. "
            "It was not made by Rollbook; put a backup back, or ask support.",
        )


def _sums(connection: Connection) -> Iterator[Finding]:
    for school_id in schools(connection):
        if not is_right(connection, school_id):
            yield problem(
                "wrong-sums",
                f"The sums of school {school_id} are not those of its records: run rollbook-server check "
                "--mend.",
            )


def _backup(connection: Connection, settings: Settings, clock: Clock) -> Iterator[Finding]:
    last = last_backup(connection, clock)
    if last is None:
        yield warning("no-backup", "No backup was made yet: run rollbook-server backup FILE, every night.")
    elif last.seconds_ago > settings.backup_days * _DAY_SECONDS:
        yield warning(
            "old-backup",
            f"The last backup was made {lasting(last.seconds_ago)} ago: run rollbook-server backup FILE, "
            "every night.",
        )


def _jobs(connection: Connection, clock: Clock) -> Iterator[Finding]:
    oldest = connection.execute(select(func.min(job.c.asked_at)).where(job.c.state.in_(_WAITING))).scalar()
    if oldest is None:
        return
    waits = clock.now().timestamp() - datetime.fromisoformat(oldest).timestamp()
    if waits > _JOB_WAITS_SECONDS:
        yield warning(
            "old-job",
            f"A report has waited for {lasting(waits)}: is a server running? Its log says why if it is.",
        )
