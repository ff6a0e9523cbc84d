"""``rollbook-server migrate`` and ``check``."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection

from rollbook.domain.clock import Clock
from rollbook.server.checking import Finding, Level, problem, warning
from rollbook.server.checking.configuration import of_settings
from rollbook.server.checking.contents import of_contents
from rollbook.server.checking.database import of_database
from rollbook.server.checking.folders import of_folders
from rollbook.server.commands.opening import explained
from rollbook.server.commands.speaking import DONE, PROBLEM, CommandError, say
from rollbook.server.database import Database
from rollbook.server.migrating import LaterReleaseError, migrate, refuse_later, revision_of
from rollbook.server.migrations import HEAD
from rollbook.server.outside.reachable import weather_failure
from rollbook.server.problems import ProblemError
from rollbook.server.settings import Settings
from rollbook.server.sync.sums import schools, set_right

_LONGEST_SECONDS = 3_600.0


def run_migrate(settings: Settings, clock: Clock) -> int:
    """Bring the database to this release's schema."""
    database = Database(settings, clock)
    try:
        migrate(database)
    except LaterReleaseError as error:
        raise CommandError(str(error)) from error
    except ProblemError as error:
        raise CommandError(explained(error)) from error
    finally:
        database.close()
    say(f"The database is at schema {HEAD}.")
    return DONE


def check(
    settings: Settings,
    clock: Clock,
    mend: bool = False,
    *,
    settings_file: Path | None = None,
    as_json: bool = False,
) -> int:
    """Say what is wrong with the deployment and what to do: 1 where there is a problem, else 0.

    ``mend`` first counts the sums anew with which computers compare what they have (S21). With ``as_json``
    the findings are one object on standard output.
    """
    found = [
        *_of_database(settings, clock, mend),
        *of_folders(settings, settings_file),
        *of_settings(settings),
        *_of_weather(settings),
    ]
    well = all(each.level is not Level.PROBLEM for each in found)
    if as_json:
        said = {"well": well, "findings": [asdict(each) for each in found]}
        sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
        return DONE if well else PROBLEM
    for each in sorted(found, key=lambda finding: finding.level):
        say(f"{each.level.capitalize()}: {each.message}")
    if well:
        say("All is well: the database answers, its schema is current, there is a school and a user.")
    return DONE if well else PROBLEM


def _of_database(settings: Settings, clock: Clock, mend: bool) -> list[Finding]:
    database = Database(settings, clock)
    try:
        if mend:
            database.write(_count_anew, longest_seconds=_LONGEST_SECONDS)
        return database.read(lambda connection: list(_in_database(connection, settings, clock)))
    except ProblemError as error:
        return [problem("database-away", explained(error))]
    finally:
        database.close()


def _in_database(connection: Connection, settings: Settings, clock: Clock) -> Iterator[Finding]:
    yield from of_database(connection, settings, clock)
    revision = revision_of(connection)
    if revision == HEAD:
        yield from of_contents(connection, settings, clock)
        return
    try:
        refuse_later(connection)
    except LaterReleaseError as error:
        yield problem("later-release", str(error))
        return
    found = f"at schema {revision}" if revision else "empty"
    yield problem(
        "not-migrated",
        f"The database is {found}, this release needs {HEAD}: run rollbook-server migrate.",
    )


def _count_anew(connection: Connection) -> None:
    for school_id in schools(connection):
        set_right(connection, school_id)


def _of_weather(settings: Settings) -> Iterator[Finding]:
    failure = weather_failure(settings)
    if failure:
        yield warning(
            "weather-away",
            f"The weather can't be fetched from {settings.weather_url} ({failure}): look at weather_url, and "
            "whether this computer may reach it.",
        )
