"""``rollbook-server recovery list`` and ``end``: what desks gave back to a server that was put back."""

from rollbook.contract.recovery import RecoveryView
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.server.auth import accounts
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, CommandError, say
from rollbook.server.database import Database
from rollbook.server.installation import KnownInstallation
from rollbook.server.recovery.service import RecoveryService
from rollbook.server.settings import Settings

_STATES = {
    "held": "waits for the version before it",
    "apart": "the record was changed otherwise since",
    "with_owner": "asked at its owner's computer",
    "decided": "asked at that computer",
}


def recovery(settings: Settings, clock: Clock, new_id: IdSource, what: str, school: str | None) -> int:
    """Say how the latest recovery of a school stands, after ending it where ``what`` is ``end``."""
    with opened(settings, clock) as database:
        school_id = _school(database, school)
        # Desks that listen to a running server hear of it by its own looking at the heads.
        service = RecoveryService(database, clock, new_id, KnownInstallation(database), lambda _school: None)
        ends = what == "end"
        view = service.end(school_id, accounts.BY_THE_SERVER) if ends else service.seen(school_id)
    for line in _lines(view):
        say(line)
    return DONE


def _school(database: Database, name: str | None) -> str:
    names = database.read(accounts.school_names)
    if not names:
        raise CommandError("There is no school yet.")
    if name is None and len(names) > 1:
        raise CommandError(f"Say which school with --school: {', '.join(names)}.")
    wanted = name or names[0]
    found = database.read(lambda connection: accounts.school_named(connection, wanted))
    if found is None:
        raise CommandError(f"There is no school “{wanted}”. There are: {', '.join(names)}.")
    return found


def _lines(view: RecoveryView | None) -> list[str]:
    if view is None:
        return ["No computer has noticed that this server was ever put back to an earlier state."]
    lines = [f"The server was put back; {view.begun_by}'s computer noticed it at {view.begun_at}."]
    if view.ended_at is None:
        lines.append("Computers still give back what it lost. When all have been here: recovery end.")
    else:
        lines.append(f"Ended at {view.ended_at} by {view.ended_by}.")
    lines += [f"Given back by {item.user} ({item.device}): {item.versions}" for item in view.gave_back]
    lines.append(f"Not taken yet: {len(view.waiting)}")
    return lines + [
        f"  {item.entity} {item.entity_id}, version {item.version} by {item.made_by}, "
        f"given back by {item.given_back_by} ({item.device or 'who may not write'}): {_STATES[item.state]}"
        for item in view.waiting
    ]
