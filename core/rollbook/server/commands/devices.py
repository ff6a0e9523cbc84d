"""``rollbook-server devices``: which computers have entries that do not come (S30)."""

import sys

from sqlalchemy import Connection

from rollbook.contract.devices import Device
from rollbook.domain.clock import Clock
from rollbook.server.auth import accounts
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, CommandError, say
from rollbook.server.devices.service import devices
from rollbook.server.settings import Settings


def list_devices(
    settings: Settings, clock: Clock, *, school: str | None, stuck: bool, days: float | None
) -> int:
    """Print a line for each computer, and under it why it is stuck."""
    too_long = settings.desk_silent_days if days is None else days

    def read(connection: Connection) -> list[Device]:
        school_id = None if school is None else accounts.school_named(connection, school)
        if school is not None and school_id is None:
            raise CommandError(f"There is no school “{school}”.")
        return devices(connection, clock, school_id, too_long)

    with opened(settings, clock) as database:
        found = [device for device in database.read(read) if device.why or not stuck]
    for device in found:
        sys.stdout.write("\n".join([_line(device), *(f"    {why}" for why in device.why)]) + "\n")
    if not found:
        say("No computer is stuck." if stuck else "No computer has reported yet.")
    return DONE


def _line(device: Device) -> str:
    report = device.report
    state = "STUCK" if device.why else "well"
    return (
        f"{state}  {device.user}  {device.device}  {report.version}  waiting {report.waiting}, "
        f"refused {report.parked}, in conflict {report.conflicts}, oldest {report.oldest_seconds // 3600} h, "
        f"came {device.reported_at}"
    )
