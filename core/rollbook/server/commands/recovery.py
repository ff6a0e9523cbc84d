"""``rollbook-server recovery list`` and ``end``: what desks gave back to a server that was put back."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rollbook.contract.recovery import HeldVersion, PutBack, RecoveryView
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.domain.plain_text import aligned, moment
from rollbook.server.auth import accounts
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, CommandError
from rollbook.server.database import Database
from rollbook.server.installation import KnownInstallation
from rollbook.server.recovery.kept import MAX_SHOWN
from rollbook.server.recovery.service import RecoveryService
from rollbook.server.settings import Settings

_STATES = {
    "held": "an earlier version of it is still missing: the computer that has that must come",
    "apart": "it was changed otherwise since: waits for {made_by}'s computer, or for the end",
    "with_owner": "{made_by} is asked at their own computer",
    "decided": "{given_back_by} is asked at that computer",
}
_BY_ITSELF = "Each computer gives back by itself what the server lost, the next time it reaches the server."
_HOW_IT_GOES_ON = (
    f"{_BY_ITSELF}\n"
    "Next: when every computer that was used since the backup has come (rollbook-server devices says when "
    "each came last), end it with: rollbook-server recovery end"
)
_NEVER = (
    "No computer has noticed that this server was ever put back to an earlier state. Nothing is to be done."
)


def recovery(settings: Settings, clock: Clock, new_id: IdSource, what: str, school: str | None) -> int:
    """Say how the latest recovery of a school stands, after ending it where ``what`` is ``end``."""
    with opened(settings, clock) as database:
        school_id = _school(database, school)
        # Desks that listen to a running server hear of it by its own looking at the heads.
        service = RecoveryService(database, clock, new_id, KnownInstallation(database), lambda _school: None)
        ends = what == "end"
        view = service.end(school_id, accounts.BY_THE_SERVER) if ends else service.seen(school_id)
        back = service.put_back(school_id)
    sys.stdout.write("\n".join(_lines(view, back)) + "\n")
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


def _lines(view: RecoveryView | None, back: PutBack | None) -> list[str]:
    if back is not None and (view is None or view.ended_at is not None):
        return [_put_back(back), _BY_ITSELF]  # the recovery is an earlier one's
    if view is None:
        return [_NEVER]
    return [
        *([] if back is None else [_put_back(back)]),
        "The server was put back to an earlier state; "
        f"{view.begun_by}'s computer noticed it on {moment(view.begun_at)}.",
        _HOW_IT_GOES_ON if view.ended_at is None else _ended(view),
        "",
        *_gave_back(view),
        *_not_taken(view),
    ]


def _put_back(back: PutBack) -> str:
    came = "no computer has come yet"
    if back.came:
        came = f"computers that have come since: {back.came}, and none of them has missed anything"
    return f"Put back at {moment(back.at)}; {came}."


def _ended(view: RecoveryView) -> str:
    return (
        f"Ended on {moment(view.ended_at)} by {view.ended_by}. Nobody is waited for any longer; what a "
        "computer gives back later is taken at once where it fits, else a person is asked."
    )


def _gave_back(view: RecoveryView) -> list[str]:
    if not view.gave_back:
        return ["Given back: nothing yet."]
    rows = [(item.user, item.device, item.versions) for item in view.gave_back]
    total = sum(item.versions for item in view.gave_back)
    return [f"Given back: {total}", *_table(("user", "computer", "changes"), rows)]


def _not_taken(view: RecoveryView) -> list[str]:
    more = " or more" if len(view.waiting) >= MAX_SHOWN else ""
    rows = [
        (_record(item), item.version, item.made_by, item.given_back_by, _why(item)) for item in view.waiting
    ]
    headings = ("record", "version", "changed by", "given back by", "why it waits")
    return [f"Not taken yet: {len(view.waiting)}{more}", *_table(headings, rows)]


def _record(item: HeldVersion) -> str:
    return item.label or f"{item.entity} {item.entity_id}"


def _why(item: HeldVersion) -> str:
    return _STATES[item.state].format(made_by=item.made_by, given_back_by=item.given_back_by)


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    return [f"  {line}" for line in aligned(headings, rows)]
