"""``rollbook-server migrate`` and ``check``."""

from sqlalchemy import Connection, func, select, text

from rollbook.domain.clock import Clock
from rollbook.server.commands.opening import explained
from rollbook.server.commands.speaking import DONE, PROBLEM, CommandError, say
from rollbook.server.database import Database
from rollbook.server.migrating import migrate, revision_of
from rollbook.server.migrations import HEAD
from rollbook.server.problems import ProblemError
from rollbook.server.settings import Settings
from rollbook.server.sync.sums import is_right, schools, set_right
from rollbook.server.tables import app_user, school

_LONGEST_SECONDS = 3_600.0


def run_migrate(settings: Settings, clock: Clock) -> int:
    """Bring the database to this release's schema."""
    database = Database(settings, clock)
    try:
        migrate(database)
    except ProblemError as error:
        raise CommandError(explained(error)) from error
    finally:
        database.close()
    say(f"The database is at schema {HEAD}.")
    return DONE


def check(settings: Settings, clock: Clock, mend: bool = False) -> int:
    """Say what is wrong with the database and what to do; all is well where nothing is said to be.

    ``mend`` first counts the sums anew with which computers compare what they have (S21).
    """
    database = Database(settings, clock)
    try:
        if mend:
            database.write(_count_anew, longest_seconds=_LONGEST_SECONDS)
        wrong = database.read(_wrong)
    except ProblemError as error:
        wrong = [explained(error)]
    finally:
        database.close()
    for line in wrong:
        say(f"Problem: {line}")
    if not wrong:
        say("All is well: the database answers, its schema is current, there is a school and a user.")
    return PROBLEM if wrong else DONE


def _wrong(connection: Connection) -> list[str]:
    revision = revision_of(connection)
    if revision != HEAD:
        found = f"at schema {revision}" if revision else "empty"
        return [f"The database is {found}, this release needs {HEAD}: run rollbook-server migrate."]
    return [*_unsafe(connection), *_missing(connection), *_wrong_sums(connection)]


def _count_anew(connection: Connection) -> None:
    for school_id in schools(connection):
        set_right(connection, school_id)


def _wrong_sums(connection: Connection) -> list[str]:
    return [
        f"The sums of school {school_id} are not those of its records: run rollbook-server check --mend."
        for school_id in schools(connection)
        if not is_right(connection, school_id)
    ]


def _unsafe(connection: Connection) -> list[str]:
    """Settings of the database under which a commit might not be durable."""
    if connection.dialect.name == "sqlite":
        mode = connection.execute(text("PRAGMA journal_mode")).scalar()
        full = connection.execute(text("PRAGMA synchronous")).scalar()
        if mode != "wal" or full != 2:
            return ["SQLite does not keep its write-ahead log safely: put the file on a local disk."]
        return []
    lax = [
        name
        for name in ("fsync", "synchronous_commit", "full_page_writes")
        if connection.execute(text(f"SHOW {name}")).scalar() == "off"
    ]
    return [f"PostgreSQL's {name} is off: a power cut could lose entries. Turn it on." for name in lax]


def _missing(connection: Connection) -> list[str]:
    lines = []
    if not connection.execute(select(func.count()).select_from(school)).scalar():
        lines.append("There is no school: rollbook-server create-user makes the first one.")
    if not connection.execute(select(func.count()).select_from(app_user)).scalar():
        lines.append("There is no user: run rollbook-server create-user NAME --role ROLE --password-stdin.")
    return lines
