"""``rollbook-server backup`` and ``restore``."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url

from rollbook.domain.clock import Clock
from rollbook.domain.ids import uuid7_source
from rollbook.server.backups import BackupError
from rollbook.server.backups.files import check_sum, sum_file, write_whole
from rollbook.server.backups.last import note_backup
from rollbook.server.backups.postgresql import PostgresqlBackups
from rollbook.server.backups.sqlite import SqliteBackups
from rollbook.server.commands.erase import assert_again
from rollbook.server.commands.opening import explained
from rollbook.server.commands.speaking import DONE, CommandError, say
from rollbook.server.database import Database
from rollbook.server.migrating import is_migrated, known_revisions
from rollbook.server.migrations import HEAD
from rollbook.server.problems import ProblemError
from rollbook.server.recovery import put_back
from rollbook.server.settings import Settings

_MEBIBYTE = 1024 * 1024
_AFTERWARDS = """\
Next:
  rollbook-server migrate{given}     where the backup is of an earlier release
  rollbook-server check{given}
  start the server{on_it}
Staff go on working. A computer that renewed its session since the backup is unknown to the server now, and
may ask for the password once; entries are kept meanwhile. Each computer notices that the server was put back,
and gives back by itself, at its next sync, what the school had acknowledged since and has lost. How far that
is, says rollbook-server recovery{given}; once every computer has been there, end it with:
  rollbook-server recovery end{given}
Users and passwords that were made since the backup are to be made anew."""


class Backups(Protocol):
    """What both databases can do."""

    def make(self, part: Path) -> None:
        """Write the database, as it is at one moment, to a new file."""

    def examine(self, file: Path) -> str:
        """The schema's revision of a backup that is sound, "" where it names none."""

    def is_empty(self) -> bool:
        """Whether there is nothing that a restore would replace."""

    def is_served(self) -> bool:
        """Whether somebody else has the database open."""

    def put_back(self, backup: Path, stamp: str, *, empty: bool, served: bool) -> str:
        """Replace the database; gives where the old one is kept."""


def back_up(settings: Settings, clock: Clock, file: Path) -> int:
    """Write the whole database to ``file``. A server that runs is not hindered."""
    target = file.absolute()
    if target.is_dir() or not target.parent.is_dir():
        raise CommandError(f"{file} must be the name of a file in a folder that exists.")
    with _means(settings, clock) as backups:
        size = write_whole(target, backups.make, lambda part: _must_be_known(part, backups.examine(part)))
    say(f"Backed up to {file} ({size / _MEBIBYTE:,.1f} MiB), with {sum_file(target).name} beside it.")
    _note(settings, clock, size)
    return DONE


def restore(
    settings: Settings, clock: Clock, file: Path, *, replace: bool, while_running: bool, given: str = ""
) -> int:
    """Put the backup ``file`` in the place of the database, after everything about it has been examined.

    ``given`` are the options that said which database it is: what is to be done next needs them, too.
    """
    if not file.is_file():
        raise CommandError(f"There is no backup {file}.")
    at = clock.now()
    with _means(settings, clock) as backups:
        proven = check_sum(file)
        revision = backups.examine(file)
        _must_be_known(file, revision)
        served, empty = backups.is_served(), backups.is_empty()
        if served and not while_running:
            raise CommandError(
                "A server, or another program, has the database open: stop it first. To replace the database "
                "under it all the same, add --while-running."
            )
        if not empty and not replace:
            raise CommandError(
                "The database is not empty, so nothing was done. To replace it by the backup, add --replace; "
                "what it holds now is kept aside."
            )
        stamp = at.strftime("%Y%m%d-%H%M%S-%f")
        aside = backups.put_back(file, stamp, empty=empty, served=served)
    say(f"Put back {file} (schema {revision}).")
    if not proven:
        say(
            f"It could not be proven whole: no sum is beside it ({sum_file(file).name}). Its form is "
            "sound, but a value in it may have been changed."
        )
    if aside:
        say(f"What was there before is kept in {aside}: remove it when all is well.")
    if served:
        say("Restart the server that ran meanwhile.")
    _note_put_back(settings, clock, at)
    _erase_again(settings, clock)
    on_it = f", with{given}" if given else ""
    say(_AFTERWARDS.format(given=given, on_it=on_it))
    return DONE


@contextmanager
def _means(settings: Settings, clock: Clock) -> Iterator[Backups]:
    database = Database(settings, clock)
    url = make_url(settings.database)
    try:
        if database.engine.dialect.name == "sqlite":
            if url.database in (None, "", ":memory:"):
                raise CommandError("The database is in memory alone: there is nothing to back up.")
            yield SqliteBackups(Path(str(url.database)).absolute())
        else:
            # Through a pooler, neither pg_dump's one long transaction nor psql's settings are safe.
            direct = make_url(settings.events_database or settings.database)
            yield PostgresqlBackups(database, direct, settings.postgresql_programs)
    except BackupError as error:
        raise CommandError(str(error)) from error
    except ProblemError as error:
        raise CommandError(explained(error)) from error
    finally:
        database.close()


def _must_be_known(file: Path, revision: str) -> None:
    if not revision:
        raise BackupError(f"{file} is not of a Rollbook server, or of one that was never migrated.")
    if revision not in known_revisions():
        raise BackupError(
            f"{file} is of a later release of Rollbook (schema {revision}; this one knows up to {HEAD}): "
            "install that release first."
        )


def _note(settings: Settings, clock: Clock, size: int) -> None:
    """Keep the time for `check`; a backup whose time can't be noted is one all the same."""
    database = Database(settings, clock)
    try:
        if is_migrated(database):
            database.write(lambda connection: note_backup(connection, clock, size))
        else:
            say("Its time is not noted: the database is not at this release's schema.")
    except ProblemError as error:
        say(f"Its time could not be noted. {explained(error)}")
    finally:
        database.close()


def _erase_again(settings: Settings, clock: Clock) -> None:
    """Who was erased since the backup (D3); where it is of an earlier release, the server's start does it."""
    database = Database(settings, clock)
    try:
        if is_migrated(database):
            assert_again(settings, clock, uuid7_source(clock), database)
    except ProblemError as error:
        say(f"Who was erased since the backup is erased again at the server's start. {explained(error)}")
    finally:
        database.close()


def _note_put_back(settings: Settings, clock: Clock, at: datetime) -> None:
    """Keep it for `recovery`, which tells then that no computer has come yet."""
    database = Database(settings, clock)
    try:
        database.write(lambda connection: put_back.note(connection, at))
    except ProblemError as error:
        say(f"That it was put back could not be noted for rollbook-server recovery. {explained(error)}")
    finally:
        database.close()
