"""Opening the database for a command."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from rollbook.domain.clock import Clock
from rollbook.server.commands.speaking import CommandError
from rollbook.server.database import Database
from rollbook.server.migrating import LaterReleaseError, is_migrated, migrate, refuse_later
from rollbook.server.problems import ProblemError
from rollbook.server.settings import Settings


@contextmanager
def opened(settings: Settings, clock: Clock) -> Iterator[Database]:
    """The database at this release's schema: SQLite is migrated here, PostgreSQL must have been.

    Raises :class:`CommandError` where it cannot be used.
    """
    database = Database(settings, clock)
    try:
        if not is_migrated(database):
            if database.engine.dialect.name != "sqlite":
                database.read(refuse_later)
                raise CommandError(
                    "The database is not at this release's schema: run rollbook-server migrate."
                )
            migrate(database)
        yield database
    except LaterReleaseError as error:
        raise CommandError(str(error)) from error
    except ProblemError as error:
        raise CommandError(explained(error)) from error
    finally:
        database.close()


def must_be_there(settings: Settings) -> None:
    """Raises :class:`CommandError` where the database is a SQLite file that does not exist."""
    try:
        url = make_url(settings.database)
    except ArgumentError:
        return  # whoever opens it says what is wrong with the setting
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    if not Path(str(url.database)).exists():
        raise CommandError(
            f"There is no database {url.database}; none was made. Check the path (--database, "
            "ROLLBOOK_DATABASE). For a new one, run rollbook-server migrate."
        )


def explained(error: ProblemError) -> str:
    """A problem in words for the operator."""
    advice = {
        "database-unavailable": "The database cannot be reached: is it running, and are its address and "
        "password right (--database, ROLLBOOK_DATABASE)?",
        "database-busy": "The database is locked by another program: try again when that has ended.",
        "storage-full": "The database's disk is full: free some space.",
    }
    if _is_damaged(error):
        advice["database-unavailable"] = (
            "The database is damaged: stop the server, and put a backup back with rollbook-server restore "
            "FILE --replace; what is there now is kept aside."
        )
    said = advice.get(error.code, f"The database refused: {error.code}. {error.detail}".strip())
    reason = str(getattr(error.__cause__, "orig", None) or "").partition("\n")[0]
    return f"{said} It said: {reason}" if reason else said


def _is_damaged(error: ProblemError) -> bool:
    """Whether SQLite says that the file is not as it wrote it."""
    code = getattr(getattr(error.__cause__, "orig", None), "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
