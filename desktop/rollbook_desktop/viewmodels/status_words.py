"""Every wording of the state, in one place: pill, tray and Sync centre read it from here (W1, W2)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from PySide6.QtCore import QCoreApplication

from rollbook.client.values import Status
from rollbook_desktop.viewmodels import moments

translate = QCoreApplication.translate


class Tone(StrEnum):
    """What a colour means. Red is only for what a person must act on (W3)."""

    GOOD = "good"
    BUSY = "busy"
    QUIET = "quiet"
    WARN = "warn"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class StatusWords:
    """``text`` is the pill's; ``headline`` and ``explanation`` are sentences; ``rows`` are the details."""

    text: str
    icon: str
    tone: Tone
    headline: str
    explanation: str
    rows: tuple[tuple[str, str], ...] = ()


def describe(status: Status, now: datetime) -> StatusWords:
    """The state in words. ``now`` is aware, for ages."""
    word, icon, tone = _word(status)
    if status.needs_you:
        tone = Tone.ACT
    return StatusWords(
        text=" · ".join([word, *_counts(status, word)]),
        icon=icon,
        tone=tone,
        headline=_headline(status),
        explanation=_explanation(status),
        rows=_rows(status, now),
    )


def _word(status: Status) -> tuple[str, str, Tone]:
    if status.connection == "signed_out":
        return translate("status", "Signed out"), "signed-out", Tone.ACT
    if status.connection == "offline":
        return _offline_word(status.reason)
    if status.connection == "degraded":
        return translate("status", "Degraded"), "degraded", Tone.WARN
    if status.needs_you:
        return translate("status", "Needs you"), "needs-you", Tone.ACT
    if status.declined:
        return translate("status", "Not accepted"), "needs-you", Tone.WARN
    return _online_word(status)


def _offline_word(reason: str) -> tuple[str, str, Tone]:
    if reason == "work_offline":
        return translate("status", "Working offline"), "pause", Tone.QUIET
    if reason == "not_asked_yet":
        return translate("status", "Connecting"), "sync", Tone.QUIET
    if reason == "no_network":
        return translate("status", "No network"), "offline", Tone.QUIET
    return translate("status", "Offline"), "offline", Tone.WARN


def _online_word(status: Status) -> tuple[str, str, Tone]:
    if status.waiting:
        return translate("status", "Saving"), "saving", Tone.BUSY
    if status.up_to_date:
        return translate("status", "All saved"), "saved", Tone.GOOD
    if _is_with_the_registrar(status):
        return translate("status", "With the registrar"), "waiting", Tone.QUIET
    if status.to_pull:
        return translate("status", "Fetching"), "fetching", Tone.BUSY
    return translate("status", "Checking"), "sync", Tone.BUSY


def _counts(status: Status, word: str) -> list[str]:
    if status.connection == "online":
        return _counts_online(status)
    counts = []
    if status.connection == "degraded":
        counts.append(_missing(status))
    if status.waiting:
        counts.append(translate("status", "%n waiting", "", status.waiting))
    if status.needs_you:
        counts.append(translate("status", "%n needs you", "", status.needs_you))
    if status.declined:
        counts.append(translate("status", "%n not accepted", "", status.declined))
    return counts


def _counts_online(status: Status) -> list[str]:
    if status.needs_you:
        waiting = [translate("status", "%n waiting", "", status.waiting)] if status.waiting else []
        return [str(status.needs_you), *waiting]
    if status.declined:
        return [str(status.declined)]
    if status.waiting:
        return [str(status.waiting)]
    if _is_with_the_registrar(status):
        return [str(status.handed_over)]
    if status.up_to_date or not status.to_pull:
        return []
    return [translate("status", "{done} of {total}").format(done=status.pulled, total=status.to_pull)]


def _missing(status: Status) -> str:
    known = {
        "server_failing": translate("status", "server has trouble"),
        "server_busy": translate("status", "server is busy"),
        "not_our_server": translate("status", "wrong server"),
        "server_unreachable": translate("status", "no answer"),
    }
    return known.get(status.reason) or translate("status", "server is slow")


def _headline(status: Status) -> str:
    key = status.reason if status.connection != "online" else ""
    known = {
        "no_network": translate("status", "This computer has no network."),
        "server_unreachable": translate("status", "The school's server can't be reached."),
        "server_failing": translate("status", "The school's server has trouble."),
        "server_busy": translate("status", "The school's server is busy."),
        "not_asked_yet": translate("status", "The school's server is being asked."),
        "not_our_server": translate("status", "Another server answers at the school's address."),
        "signed_out": translate("status", "You are signed out."),
        "work_offline": translate("status", "You chose to work offline."),
        "not_connected": translate("status", "This computer is not connected to a school."),
    }
    return known.get(key) or _headline_by_connection(status)


def _headline_by_connection(status: Status) -> str:
    if status.connection == "online":
        return _headline_online(status)
    if status.connection == "signed_out":
        return translate("status", "You are signed out.")
    if status.connection == "degraded":
        return translate("status", "The school's server answers slowly or in part.")
    return translate("status", "The school's server can't be reached.")


def _headline_online(status: Status) -> str:
    if status.needs_you:
        return translate("status", "%n entry(ies) need your decision.", "", status.needs_you)
    if status.declined:
        return translate("status", "%n entry(ies) were not accepted by the registrar.", "", status.declined)
    if status.waiting:
        return translate("status", "%n entry(ies) are on the way to the school.", "", status.waiting)
    if _is_with_the_registrar(status):
        return translate("status", "%n entry(ies) wait for the registrar's decision.", "", status.handed_over)
    if status.up_to_date:
        return translate("status", "Everything is saved at the school.")
    return translate("status", "Comparing with the school's server.")


def _explanation(status: Status) -> str:
    if status.connection == "signed_out":
        return translate("status", "Go on working; entries are kept here. Sign in to send them.")
    if status.reason == "not_our_server":
        return translate("status", "It may be the sign-in page of a public network. Nothing is sent to it.")
    if status.reason == "work_offline":
        return translate("status", "Entries are saved on this computer and sent when you go online again.")
    if status.connection in ("offline", "degraded"):
        return translate(
            "status", "Go on working: entries are saved on this computer and sent by themselves."
        )
    if status.needs_you:
        return translate("status", "Open the Sync centre to see what the school answered.")
    if status.declined:
        return translate("status", "What was not accepted is not at the school. Read why.")
    if _is_with_the_registrar(status):
        return translate("status", "You may not write them any more; you are told what is decided.")
    return ""


def _is_with_the_registrar(status: Status) -> bool:
    """Whether nothing else is outstanding."""
    return bool(status.handed_over) and set(status.outstanding) <= {"handed_over"}


def _rows(status: Status, now: datetime) -> tuple[tuple[str, str], ...]:
    rows = (
        (translate("status", "Since"), _when(status.since, now)),
        (translate("status", "Last sync"), _when(status.last_synced_at, now) or translate("status", "never")),
        (translate("status", "Next attempt"), _next(status)),
        (translate("status", "Outstanding"), _outstanding(status)),
        (translate("status", "Proposals"), _proposals(status, _when(status.proposals_at, now))),
        (translate("status", "Oldest entry"), _when(status.oldest_waiting_at, now)),
        (translate("status", "Students here"), f"{status.records:n}" if status.records else ""),
        (translate("status", "School"), status.school),
        (translate("status", "Server"), status.server),
    )
    return tuple((name, text) for name, text in rows if text)


def _when(moment: str | None, now: datetime) -> str:
    return f"{moments.ago(moment, now)} ({moments.at(moment)})" if moment else ""


def _next(status: Status) -> str:
    if status.connection == "online" or status.next_attempt_in is None:
        return ""
    return moments.span(status.next_attempt_in)


def proposals_words(status: Status) -> str:
    """What waits for this user's decision on others' entries, and how it is decided; empty for none (S23)."""
    if not status.proposals:
        return ""
    how = translate("status", "Decide with the command: rollbookctl proposals list")
    return f"{_proposals(status, moments.at(status.proposals_at))}. {how}"


def _proposals(status: Status, when: str) -> str:
    """As the school last told it: others decide meanwhile."""
    if not status.proposals:
        return ""
    wait = translate("status", "%n proposal(s) wait for your decision", "", status.proposals)
    return translate("status", "{wait}, as of {when}").format(wait=wait, when=when)


def _outstanding(status: Status) -> str:
    parts = [
        text.replace("%n", str(count))
        for count, text in (
            (status.queued, translate("status", "%n waiting to be sent")),
            (status.sending, translate("status", "%n being sent")),
            (status.unknown, translate("status", "%n with an unknown outcome")),
            (status.failed, translate("status", "%n failed for now")),
            (status.parked, translate("status", "%n refused")),
            (status.conflicts, translate("status", "%n in conflict")),
            (status.handed_over, translate("status", "%n handed to the registrar, who decides")),
            (status.declined, translate("status", "%n not accepted by the registrar")),
        )
        if count
    ]
    if status.put_back:
        words = translate("status", "the school's server was put back; giving back %n entries")
        parts.append(words.replace("%n", str(status.giving_back)))
    if not parts and not status.up_to_date:
        parts = [translate("status", "a comparison with the server")]
    return ", ".join(parts) or translate("status", "nothing")
