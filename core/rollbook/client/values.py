"""What the facade takes and gives: immutable values, safe to hand between threads."""

from dataclasses import dataclass, field
from typing import Any

from rollbook.domain.entity import RuleBreach
from rollbook.sync.events import Event, RecordsChanged, StatusChanged

__all__ = [
    "Attempt",
    "Edit",
    "Event",
    "FirstAttempt",
    "GivenUp",
    "HandedEntry",
    "History",
    "PastVersion",
    "RecordPage",
    "RecordQuery",
    "RecordRow",
    "RecordsChanged",
    "RefusedEntryError",
    "Saved",
    "Status",
    "StatusChanged",
    "StoreNotice",
    "Story",
    "WaitingEntry",
]


@dataclass(frozen=True, slots=True)
class Edit:
    """A person's entry. ``entity_id`` is ``None`` for a new record.

    ``changes`` maps field to new value as typed. ``seen`` are the values that the person had in front of
    them; ``None`` means what this computer shows now. ``op_id`` is the id of the entry to be, chosen by who
    must be able to ask again: a save of an id that is there is that save. One that ``archives`` its
    record (D3) changes nothing else. ``anew``: the record of that id is to be made, as if nothing of it had
    been seen, whether it is there or not (S16).
    """

    entity: str
    entity_id: str | None
    changes: dict[str, Any]
    seen: dict[str, Any] | None = None
    run: str | None = None
    op_id: str | None = None
    archives: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """A save that is durable on this computer. ``op_id`` is ``None`` where nothing had changed."""

    entity: str
    entity_id: str
    op_id: str | None
    action_id: str
    state: str


class RefusedEntryError(Exception):
    """The values break a rule here already; nothing was stored. ``breaches`` name field and what is right."""

    def __init__(self, breaches: tuple[RuleBreach, ...]) -> None:
        super().__init__("; ".join(_told(item) for item in breaches))
        self.breaches = breaches


def _told(breach: RuleBreach) -> str:
    """A breach that is of the whole record names no field."""
    said = f"{breach.message} {breach.suggestion}"
    return said if breach.field == "entity" else f"{breach.field}: {said}"


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """A page of a list. ``text`` matches the beginnings of words, in any order (D5).

    ``sort`` is a field name, or ``name`` for family and given name; ``filters`` maps field to exact value,
    or to a tuple of which one is held; ``None`` means that the field is empty.
    """

    entity: str = "student"
    text: str = ""
    sort: str = "name"
    descending: bool = False
    limit: int = 200
    offset: int = 0
    filters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record in a list: its values as shown here (edits that wait included), and its mark (W5).

    ``mark`` is empty, ``waiting``, ``parked`` or ``conflict``. ``archived`` ones stand in no list.
    """

    id: str
    values: dict[str, Any]
    mark: str = ""
    version: int | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True)
class RecordPage:
    """``total`` counts all matches, of which ``rows`` are those from the offset on."""

    rows: tuple[RecordRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class WaitingEntry:
    """An entry of the outbox in the terms of the Sync centre (W6).

    ``state`` is queued, sending, unknown, failed, parked, conflict, handed_over (to the registrar), declined
    (by the registrar) or applied. ``label`` names the record.
    ``fields`` maps each changed field to (had, value). Times are ISO 8601 in UTC. ``waits_for`` says in words
    what holds it. ``problem`` is the last problem as a mapping (title, detail, suggestion, error, errors…).
    ``conflict`` holds the school's values of the fields in conflict, with version, changed_by, changed_at.
    ``held_by`` is the entry that it waits for. An edit that goes in the bytes of an earlier one names it in
    ``carried_by`` (S5); where a person must decide, both are told as one. ``merged_fields`` are
    those that others had changed meanwhile when it was merged (S13).
    """

    op_id: str
    kind: str
    entity: str
    entity_id: str
    label: str
    state: str
    fields: dict[str, tuple[Any, Any]]
    created_at: str
    created_by: str
    attempts: int
    action_id: str
    first_request_id: str | None = None
    last_request_id: str | None = None
    problem: dict[str, Any] | None = None
    conflict: dict[str, Any] | None = None
    waits_for: str | None = None
    settled_at: str | None = None
    held_by: str | None = None
    carried_by: str | None = None
    merged_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreNotice:
    """What befell this computer's store, until a person says that they have seen it (S28).

    ``kind``: ``damaged`` (the old file is kept as ``aside``), ``missing`` (it was gone), ``log_lost`` (what
    was written last was gone), ``erased`` (somebody was erased at the school ``by`` that user, which ended
    ``lost`` entries that waited, the first of them made at ``entered_at``: D3). Else ``kept`` counts the
    waiting entries that were saved from it, ``lost`` those that could not be, or at most were made; without
    ``whole`` there may have been more. ``at`` is ISO 8601 in UTC.
    """

    kind: str
    at: str
    aside: str
    kept: int
    lost: int
    whole: bool
    by: str = ""
    entered_at: str = ""


@dataclass(frozen=True, slots=True)
class HandedEntry:
    """An entry of this user that a registrar decides or has decided, as they may not write it any more (S23).

    ``state``: ``open`` (undecided), ``accepted`` or ``declined``; ``by`` and ``at`` say who decided and when,
    ``note`` is their words. ``label`` names the record where this user may still see it, and ``fields`` maps
    each changed field to (had, value) likewise. Times are ISO 8601 in UTC.
    """

    op_id: str
    kind: str
    entity: str
    entity_id: str
    entered_at: str
    state: str
    by: str = ""
    at: str = ""
    note: str = ""
    label: str = ""
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """The truth, computed from the tables and the breaker (S24, R5).

    ``connection`` is online, degraded, offline or signed_out. ``reason`` is a stable word that says why:
    ``""``, no_network, server_unreachable, server_failing, not_our_server, signed_out, work_offline,
    not_connected. ``since`` is ISO 8601. ``next_attempt_in`` is in seconds.
    ``outstanding`` says in stable words what keeps it from being up to date. ``put_back``: the school's
    server was put back to an earlier state, and ``giving_back`` counts what it is still to get back (S22).
    ``handed_over`` counts entries that a registrar decides, as this user may not write them any more (S23);
    ``decisions`` are those that nobody has read yet. ``proposals`` counts what waits for this user's own
    decision on others' entries, as the school told it at ``proposals_at`` (ISO 8601); 0 and ``None`` for one
    who decides none. They keep nobody from being up to date.
    ``locked``: the user signed out here, so that nothing is shown or entered until the password is given;
    signed_out without it is a session that the server has ended, with which one works on (S12).
    ``failure`` is the stable code of what the last call met, where it failed; ``failure_detail`` its words.
    """

    connection: str
    reason: str
    breaker: str
    queued: int
    sending: int
    unknown: int
    failed: int
    parked: int
    conflicts: int
    oldest_waiting_at: str | None
    last_synced_at: str | None
    cursor: str | None
    up_to_date: bool
    outstanding: tuple[str, ...] = ()
    since: str | None = None
    next_attempt_in: float | None = None
    syncing: bool = False
    pulled: int = 0
    to_pull: int = 0
    handed_over: int = 0
    records: int = 0
    user: str = ""
    role: str = ""
    school: str = ""
    server: str = ""
    put_back: bool = False
    giving_back: int = 0
    notices: tuple[StoreNotice, ...] = ()
    decisions: tuple[HandedEntry, ...] = ()
    failure: str = ""
    failure_detail: str = ""
    proposals: int = 0
    proposals_at: str | None = None
    locked: bool = False

    @property
    def waiting(self) -> int:
        """Entries that the school does not have yet and that go by themselves."""
        return self.queued + self.sending + self.unknown + self.failed + self.giving_back

    @property
    def needs_you(self) -> int:
        """Entries that a person must decide."""
        return self.parked + self.conflicts

    @property
    def declined(self) -> int:
        """Entries that the registrar did not accept, and that nobody has read of yet."""
        return sum(each.state == "declined" for each in self.decisions)


@dataclass(frozen=True, slots=True)
class FirstAttempt:
    """What came of a save's first attempt within its five seconds (S1).

    ``outcome`` is applied, waiting (no answer yet, or offline), parked, conflict or failed.
    ``request_id`` is that of the attempt; ``action_id`` is always there.
    """

    outcome: str
    action_id: str
    request_id: str | None
    problem: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request as this computer made it. ``status`` is ``None`` where no answer came."""

    request_id: str
    action_id: str | None
    method: str
    route: str
    started_at: str
    duration_ms: float
    status: int | None
    outcome: str
    error: str | None
    op_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PastVersion:
    """One version of a record at the school. ``changes`` maps field to (before, after).

    ``merged_fields`` are those that others had changed since its author saw the record (S13).
    """

    version: int
    kind: str
    by: str
    at: str
    changes: dict[str, tuple[Any, Any]]
    merged_fields: tuple[str, ...] = ()
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Values that were entered on this computer and never came to the school, by a person's choice."""

    at: str
    by: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """A record's versions, oldest first, what was entered here and not kept (S14), and what was handed to the
    registrar (S23). Of a record that this user may not see any more only the last is told.
    """

    versions: tuple[PastVersion, ...]
    not_kept: tuple[GivenUp, ...]
    handed: tuple[HandedEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of the id of a request, an action or an entry: here, and at the server (R17).

    ``server`` holds what the server told: ``requests`` (the ids that it was asked for), ``lines`` of its log,
    ``complete`` (false where it did not read all). Without it, ``server_state`` says why, in a stable word:
    ``not_asked``; it was not asked, as this computer is ``offline``, ``signed_out``, or as the person chose
    to ``work_offline``; ``another_answered`` at its address; ``no_answer`` came; it ``failed``; ``no_id``:
    that is no id. With it, the word is ``told`` or ``nothing``. ``server_failure`` is the failed call's code.
    """

    id: str
    attempts: tuple[Attempt, ...]
    entries: tuple[WaitingEntry, ...]
    server: dict[str, Any] | None = None
    server_state: str = "not_asked"
    server_failure: str = ""

    @property
    def found(self) -> bool:
        """Whether anything is known of it."""
        return bool(self.attempts or self.entries or self.lines)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of the server's log, oldest first."""
        return [] if self.server is None else self.server["lines"]

    def lines_of(self, request_id: str) -> list[dict[str, Any]]:
        """Those that the server wrote while it answered this request."""
        return [line for line in self.lines if line.get("request_id") == request_id]

    @property
    def other_lines(self) -> list[dict[str, Any]]:
        """Those of requests that this computer knows nothing of: another one's, or forgotten here."""
        known = {attempt.request_id for attempt in self.attempts}
        return [line for line in self.lines if line.get("request_id") not in known]


@dataclass(frozen=True, slots=True)
class ReportProgress:
    """How far a report is; ``total`` is 0 while nobody knows it."""

    done: int
    total: int
