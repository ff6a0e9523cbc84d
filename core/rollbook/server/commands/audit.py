"""``rollbook-server audit``: what was done to accounts, computers and the school."""

import sys

from sqlalchemy import Connection

from rollbook.contract.audit import AuditEntry
from rollbook.domain.clock import Clock
from rollbook.domain.plain_text import aligned, moment
from rollbook.server.audit import trail
from rollbook.server.auth import accounts
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, CommandError, say
from rollbook.server.settings import Settings

_HEADINGS = ("when", "by", "what", "whom", "role or reason", "request")


def list_audit(settings: Settings, clock: Clock, *, school: str | None, limit: int) -> int:
    """Print the latest entries of a school, the latest first."""

    def read(connection: Connection) -> list[AuditEntry]:
        names = accounts.school_names(connection)
        if school is None and len(names) != 1:
            raise CommandError(f"Say which school with --school: {', '.join(names)}.")
        school_id = accounts.school_named(connection, school or names[0])
        if school_id is None:
            raise CommandError(f"There is no school “{school}”.")
        return trail.page(connection, school_id, None, limit).entries

    with opened(settings, clock) as database:
        found = database.read(read)
    rows = [(moment(e.at), e.by, e.what.value, e.subject, e.detail, e.request_id) for e in found]
    for line in aligned(_HEADINGS, rows) if rows else ():
        sys.stdout.write(line + "\n")
    if not rows:
        say("Nothing has been done yet.")
    return DONE
