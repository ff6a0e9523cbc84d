"""``rollbook-server devices``: which computers have entries that do not come (S30)."""

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from rollbook.contract.devices import Device
from rollbook.domain.clock import Clock
from rollbook.domain.plain_text import aligned, lasting, moment
from rollbook.server.audit import trail
from rollbook.server.auth import accounts
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, CommandError, say
from rollbook.server.devices.service import devices, revoke
from rollbook.server.settings import Settings

_HEADINGS = (
    "state", "user", "computer", "its id", "last came", "to be sent", "refused", "conflicts", "oldest",
    "rollbook",
)  # fmt: skip


def list_devices(
    settings: Settings, clock: Clock, *, school: str | None, stuck: bool, days: float | None
) -> int:
    """Print a table of the computers, and under each that is stuck why, and what to do."""
    too_long = settings.desk_silent_days if days is None else days

    def read(connection: Connection) -> list[Device]:
        school_id = None if school is None else accounts.school_named(connection, school)
        if school is not None and school_id is None:
            raise CommandError(f"There is no school “{school}”.")
        return devices(connection, clock, school_id, too_long)

    with opened(settings, clock) as database:
        found = [device for device in database.read(read) if device.why or not stuck]
    for line in _lines(found):
        sys.stdout.write(line + "\n")
    if not found:
        say("No computer is stuck." if stuck else "No computer has reported yet.")
    return DONE


def revoke_computer(settings: Settings, clock: Clock, *, device: str, school: str | None) -> int:
    """End all sessions at a computer that was lost or is given away."""

    def work(connection: Connection) -> int:
        names = accounts.school_names(connection) if school is None else [school]
        ids = [accounts.school_named(connection, name) for name in names]
        if None in ids:
            raise CommandError(f"There is no school “{school}”.")
        by = trail.at_the_server()
        return sum(revoke(connection, clock, str(school_id), device, by=by) for school_id in ids)

    with opened(settings, clock) as database:
        ended = database.write(work)
    if not ended:
        raise CommandError(f"Nobody is signed in at a computer {device}. See: rollbook-server devices")
    say(
        f"All sessions at the computer {device} have ended. Entries that wait there are kept, and go when "
        "their user signs in there again."
    )
    return DONE


def _lines(found: list[Device]) -> Iterator[str]:
    """A table with a line for each computer, and under it why it is stuck and what to do."""
    table = iter(aligned(_HEADINGS, [_cells(device) for device in found]))
    yield from islice(table, 1)
    for device, line in zip(found, table, strict=True):
        yield line
        yield from (f"    {why}" for why in device.why)
        if device.why:
            yield f"    Next: {' '.join(_next_steps(device))}"


def _cells(device: Device) -> tuple[Any, ...]:
    report = device.report
    came = f"{moment(device.reported_at)} ({lasting(device.silent_seconds)} ago)"
    entries = report.waiting + report.parked + report.conflicts
    oldest = lasting(report.oldest_seconds + device.silent_seconds) if entries else "-"
    who = ("STUCK" if device.why else "well", device.user, report.computer or "-", device.device)
    return *who, came, report.waiting, report.parked, report.conflicts, oldest, report.version


def _next_steps(device: Device) -> Iterator[str]:
    report = device.report
    if report.waiting or not report.parked + report.conflicts:
        yield f"Have {device.user} open Rollbook on that computer, online: what waits goes by itself."
    if report.parked + report.conflicts:
        yield (
            f"{device.user} decides what was refused or is in conflict, there: in the Sync centre, or with "
            "rollbookctl outbox list and rollbookctl conflicts list."
        )
    if not report.recovers:
        yield "If it stays so, have a file for support made there: rollbookctl support bundle FILE."
