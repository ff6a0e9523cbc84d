"""What the command line says to people: plain words, this computer's time, columns that stand in line."""

from typing import Any

from rollbook.client.values import Status, WaitingEntry
from rollbook.domain.plain_text import aligned as aligned
from rollbook.domain.plain_text import counted as counted
from rollbook.domain.plain_text import moment as moment

STATES = {
    "queued": "waiting to be sent",
    "sending": "being sent",
    "unknown": "sent, no answer came; it goes again",
    "failed": "the server failed on it; it goes again by itself",
    "parked": "refused, needs you",
    "conflict": "in conflict, needs you",
    "giving_back": "the school lost it; it is given back",
    "handed_over": "handed to the registrar, who decides",
    "applied": "at the school",
    "declined": "the registrar did not accept it",
    "replaced": "replaced by a later entry",
    "discarded": "discarded",
}
KINDS = {"create": "new", "update": "change", "archive": "archive"}
_REASONS = {
    "no_network": "This computer has no network.",
    "work_offline": "You chose to work offline.",
    "not_asked_yet": "The school's server has not been asked yet.",
    "not_our_server": "Something else answers at the school's address.",
    "server_unreachable": "The school's server cannot be reached.",
    "server_failing": "The school's server has trouble.",
    "server_busy": "The school's server asks to wait.",
    "server_slow": "The school's server answers slowly.",
}
_OUTSTANDING = {
    "not_pulled": "changes at the school are to be fetched",
    "head_unconfirmed": "the school's server cannot be asked now",
    "check_due": "a comparison with the school is due",
    "differs_from_school": "this computer's copy differs from the school's and is being mended",
    "engine_stopped": "syncing has stopped",
    "importing": "an import is being saved",
    "server_put_back": "the school's server was put back to an earlier state, and is given back what it lost",
    "overdue": "entries that should have gone are still here",
}


def value(found: Any) -> str:
    """A value as people read it."""
    return "(nothing)" if found in (None, "") else str(found).replace("\n", " / ")


def change(name: str, had: Any, new: Any) -> str:
    """A change of one field."""
    return f"{name}: {value(had)} → {value(new)}"


def changes(entry: WaitingEntry) -> str:
    """What an entry changes, in one line."""
    if entry.kind == "create":
        return ", ".join(f"{name}: {value(new)}" for name, (_had, new) in entry.fields.items())
    return ", ".join(change(name, had, new) for name, (had, new) in entry.fields.items())


def short(op_id: str) -> str:
    """The end of an entry's ID: enough to name it among those that wait."""
    return op_id[-8:]


def connection(status: Status) -> str:
    """Where the connection stands, and why."""
    if status.connection == "online":
        return "online"
    if status.locked:
        return f"signed out. Sign in again: {sign_in_again(status)}. Entries are kept."
    if status.connection == "signed_out":
        return f"signed out by the server. {password_needed(status)}"
    why = status.failure_detail or _REASONS.get(status.reason, "")
    state = "in doubt" if status.connection == "degraded" else status.connection
    return f"{state}. {why}".strip()


def password_needed(status: Status) -> str:
    """Of a session that the server has ended: work goes on, and what comes of it waits (S12)."""
    return (
        f"The password of {status.user} is needed before anything is sent or fetched: "
        f"{sign_in_again(status)}. Entering goes on; every entry is kept on this computer until then."
    )


def sign_in_again(status: Status) -> str:
    """The command for it."""
    return f"rollbookctl connect {status.server} --user {status.user}"


def proposals(status: Status) -> list[str]:
    """What waits for this user's decision on others' entries, as of when the school told; mostly nothing."""
    if not status.proposals:
        return []
    wait = "1 proposal waits" if status.proposals == 1 else f"{status.proposals} proposals wait"
    return [f"{wait} for your decision (rollbookctl proposals list), as of {moment(status.proposals_at)}."]


def outstanding(status: Status) -> str:
    """What keeps it from being up to date."""
    waiting = status.queued + status.sending
    parts = [
        *([f"{counted(waiting, 'entry', 'entries')} to be sent"] if waiting else []),
        *(
            [f"{counted(status.unknown, 'entry', 'entries')} sent without an answer"]
            if status.unknown
            else []
        ),
        *([f"{counted(status.failed, 'entry', 'entries')} to be tried again"] if status.failed else []),
        *([f"{status.parked} refused"] if status.parked else []),
        *([f"{counted(status.conflicts, 'conflict')} to decide"] if status.conflicts else []),
        *(
            [f"{counted(status.handed_over, 'entry', 'entries')} with the registrar, who decides"]
            if status.handed_over
            else []
        ),
        *(
            [f"{counted(status.giving_back, 'entry', 'entries')} to be given back to the school"]
            if status.giving_back
            else []
        ),
    ]
    if status.declined:
        parts.append(f"{counted(status.declined, 'entry', 'entries')} that the registrar did not accept")
    parts += [_OUTSTANDING[word] for word in status.outstanding if word in _OUTSTANDING]
    parts += [word for word in status.outstanding if word not in _OUTSTANDING and word not in STATES]
    return "; ".join(parts)
