"""Taking reports, and telling which computers are stuck (S30)."""

import re
from collections.abc import Iterable

from sqlalchemy import Connection

from rollbook.contract.audit import Deed
from rollbook.contract.devices import NEVER, DeskReport, Device
from rollbook.contract.problems import FieldProblem
from rollbook.domain.clock import Clock
from rollbook.server.audit import trail
from rollbook.server.auth.caller import Caller
from rollbook.server.auth.repository import revoke_device as revoke_tokens
from rollbook.server.database import Database
from rollbook.server.database_errors import Trouble
from rollbook.server.devices import repository
from rollbook.server.devices.stuck import why_stuck
from rollbook.server.problems import ProblemError
from rollbook.server.request_context import current

_MOST = 2**53
_WORD = re.compile(r"[a-z_]{1,40}")
_VERSION = re.compile(r"[A-Za-z0-9.+_-]{1,40}")
_MOST_WORDS = 30


def take_report(database: Database, clock: Clock, caller: Caller, report: DeskReport) -> None:
    """Keep the caller's report for the computer that it comes from."""
    device = current().device
    wrong = [name for name, fine in _checks(report, device) if not fine]
    if wrong:
        errors = tuple(FieldProblem(name, "This is not of its form.", code="wrong-form") for name in wrong)
        raise ProblemError("validation-failed", errors=errors)
    now = clock.now()
    at = (now.isoformat(timespec="seconds"), int(now.timestamp()))

    def keep(connection: Connection) -> None:
        repository.keep(connection, caller.school_id, caller.user_id, device, report, at)

    database.write(keep, again_on=frozenset({Trouble.INTEGRITY}))


def devices(connection: Connection, clock: Clock, school_id: str | None, days: float) -> list[Device]:
    """The computers of a school, or of all; those that are stuck first."""
    now = int(clock.now().timestamp())
    found = []
    for row, report in repository.reports(connection, school_id):
        silent = max(0, now - row.reported_at_seconds)
        why = why_stuck(report, silent, days)
        found.append(Device(row.device, row.user_name, row.reported_at, silent, report, why))
    return sorted(found, key=lambda device: not device.why)


def revoke(connection: Connection, clock: Clock, school_id: str, device: str, *, by: str) -> int:
    """End every session of the school's users at that computer; gives how many tokens were ended.

    Entries that wait there stay: who signs in there again, with the password, sends them.
    """
    ended = revoke_tokens(connection, school_id, device, int(clock.now().timestamp()))
    if ended:
        trail.write(connection, clock, school_id, Deed.COMPUTER_REVOKED, by=by, subject=device)
    return ended


def _checks(report: DeskReport, device: str) -> Iterable[tuple[str, bool]]:
    for name in ("waiting", "parked", "conflicts", "oldest_seconds"):
        yield name, 0 <= getattr(report, name) < _MOST
    yield "synced_seconds_ago", NEVER <= report.synced_seconds_ago < _MOST
    yield (
        "outstanding",
        len(report.outstanding) <= _MOST_WORDS and all(map(_WORD.fullmatch, report.outstanding)),
    )
    yield "version", _VERSION.fullmatch(report.version) is not None
    yield "device", bool(device)
