"""``rollbook-server erase``: a person is erased on request, for good (D3)."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, make_url

from rollbook.contract.erasure import ErasurePreview, ErasureRequest, RecordName
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.server.audit import trail
from rollbook.server.auth import accounts
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, CommandError, say
from rollbook.server.database import Database
from rollbook.server.erasure.service import Asker, ErasureService
from rollbook.server.installation import KnownInstallation
from rollbook.server.problems import ProblemError
from rollbook.server.settings import Settings

_AFTERWARDS = """\
Every computer removes them at its next sync. What no computer of ours can reach, you look after: files that
were exported or printed, and backups made before today. A backup that is put back has them erased again."""


def erase(
    settings: Settings,
    clock: Clock,
    new_id: IdSource,
    *,
    kind: str,
    named: str,
    school: str | None,
    reason: str,
    with_contacts: bool,
    dry_run: bool,
) -> int:
    """Say what would go; unless it is a ``dry_run``, erase it once the name or the number was typed."""
    with opened(settings, clock) as database, _problems_said():
        service = ErasureService(
            database, settings, clock, new_id, KnownInstallation(database), lambda _school_id: None
        )
        school_id = database.read(lambda connection: _school(connection, school))
        person = service.named(school_id, kind, named)
        seen = service.preview(school_id, person)
        also = [RecordName(each.entity, each.id) for each in seen.left_alone] if with_contacts else []
        if also:
            seen = service.preview(school_id, person, also)
        _tell(seen)
        if dry_run:
            say("Nothing was erased.")
            return DONE
        say("This cannot be undone. Type the name or the number to erase them:")
        confirm = sys.stdin.readline().strip()
        asked = ErasureRequest(person, confirm, reason, also)
        service.erase(school_id, Asker("", trail.at_the_server()), asked)
        say("Erased.")
        _end(service, database, settings)
    return DONE


def assert_again(settings: Settings, clock: Clock, new_id: IdSource, database: Database) -> None:
    """After a restore: who was erased since the backup is erased again. Raises :class:`ProblemError`."""
    service = ErasureService(
        database, settings, clock, new_id, KnownInstallation(database), lambda _school_id: None
    )
    service.assert_again()
    service.scrub()


def _tell(seen: ErasurePreview) -> None:
    say(f"{seen.person.label} ({seen.person.entity} {seen.person.id}). This would go:")
    for name, count in sorted(seen.records.items()):
        say(f"  {count} × {name.replace('_', ' ')}")
    for count, what in ((seen.files, "file"), (seen.proposals, "entry with the registrar")):
        if count:
            say(f"  {count} × {what}")
    for alone in seen.left_alone:
        say(f"{alone.label} ({alone.entity}) is of nobody else here: --with-contacts erases them too.")


def _end(service: ErasureService, database: Database, settings: Settings) -> None:
    if not service.scrub():
        say("What the database has freed is written over at the server's next start, or within the hour.")
    url = make_url(settings.database)
    if database.engine.dialect.name == "sqlite" and url.database:
        file = Path(url.database)
        for aside in sorted(file.parent.glob(f"{file.name}.before-restore-*")):
            say(f"They are still in {aside}, which a restore kept: remove it.")
    say(_AFTERWARDS)


def _school(connection: Connection, name: str | None) -> str:
    names = accounts.school_names(connection)
    if name is None and len(names) != 1:
        raise CommandError(f"Say which school with --school: {', '.join(names)}.")
    found = accounts.school_named(connection, name or names[0])
    if found is None:
        raise CommandError(f"There is no school “{name}”. There are: {', '.join(names)}.")
    return found


@contextmanager
def _problems_said() -> Iterator[None]:
    said = {
        "not-found": "There is nobody of that number or ID. Nothing was erased.",
        "erased": "They were erased already.",
    }
    try:
        yield
    except ProblemError as problem:
        if problem.errors:
            raise CommandError(f"{problem.errors[0].message} Nothing was erased.") from problem
        if problem.code not in said:
            raise
        raise CommandError(said[problem.code]) from problem
