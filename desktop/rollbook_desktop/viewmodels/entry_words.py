"""An entry of the outbox in plain words (W6): who, what, when, state, attempts, problem, request ID."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QCoreApplication

from rollbook.client.values import WaitingEntry
from rollbook_desktop.viewmodels import moments
from rollbook_desktop.viewmodels.error_report import cause_of, details_of
from rollbook_desktop.viewmodels.labels import field_label, state_label, value_text

translate = QCoreApplication.translate
STATE_ICONS = {
    "queued": "waiting",
    "sending": "saving",
    "unknown": "saving",
    "failed": "degraded",
    "parked": "needs-you",
    "conflict": "conflict",
    "giving_back": "saving",
    "applied": "saved",
}
SHOWN_CHANGES = 2
CHOOSABLE = (None, "", "edit-conflict", "archived-meanwhile")
"""Conflicts that one of the two sides settles; a number that is taken needs another number."""


@dataclass(frozen=True, slots=True)
class EntryWords:
    """All that is said of one entry. ``changes`` are (field, before, after). ``details`` are for support.

    ``school`` says, for a conflict, what the school has: (field, value), and who changed it when.

    ``can_*`` say what a person may do with it now (S3, S6).
    """

    op_id: str
    title: str
    what: str
    state: str
    when: str
    attempts: str
    problem: str
    suggestion: str
    holds: str
    reference: str
    details: str
    changes: tuple[tuple[str, str, str], ...]
    can_retry: bool
    can_discard: bool
    can_take_back: bool
    school: tuple[tuple[str, str], ...] = ()
    school_changed: str = ""
    can_choose: bool = False


def words_of(entry: WaitingEntry, now: datetime) -> EntryWords:
    """The words of an entry; ``now`` is aware."""
    problem = entry.problem or {}
    never_sent = entry.state == "queued" and entry.attempts == 0
    return EntryWords(
        op_id=entry.op_id,
        title=entry.label or translate("entries", "(no name)"),
        what=kind_of(entry),
        state=state_label(entry.state),
        when=_when(entry, now),
        attempts=_attempts(entry),
        problem=cause_of(problem) if problem else "",
        suggestion=str(problem.get("suggestion") or ""),
        holds=entry.waits_for or "",
        reference=entry.last_request_id or entry.first_request_id or entry.action_id,
        details=_details(entry),
        changes=tuple(_change(name, *pair) for name, pair in entry.fields.items()),
        can_retry=entry.state in ("queued", "failed", "parked"),
        can_discard=entry.state in ("failed", "parked", "conflict")
        or (never_sent and entry.kind != "create"),
        can_take_back=never_sent,
        school=tuple((field_label(name), value_text(name, value)) for name, value in _at_school(entry)),
        school_changed=_school_changed(entry, now),
        can_choose=entry.state == "conflict" and problem.get("error") in CHOOSABLE,
    )


def kind_of(entry: WaitingEntry) -> str:
    """What the entry does."""
    return {
        "create": translate("entries", "New student"),
        "update": translate("entries", "Change"),
        "archive": translate("entries", "Archive"),
    }.get(entry.kind, entry.kind)


def summary_of(entry: WaitingEntry) -> str:
    """What the entry changes, in one line."""
    if entry.kind != "update":
        return kind_of(entry)
    parts = [f"{name}: {before} → {after}" for name, before, after in _first_changes(entry)]
    more = len(entry.fields) - len(parts)
    if more > 0:
        parts.append(translate("entries", "and %n more", "", more))
    return ", ".join(parts)


def export_text(entry: WaitingEntry) -> str:
    """The entry as a file that can be kept: JSON with everything that was entered."""
    return json.dumps(asdict(entry), ensure_ascii=False, indent=2, default=str) + "\n"


def _first_changes(entry: WaitingEntry) -> list[tuple[str, str, str]]:
    return [_change(name, *pair) for name, pair in list(entry.fields.items())[:SHOWN_CHANGES]]


def _change(name: str, had: Any, value: Any) -> tuple[str, str, str]:
    return field_label(name), value_text(name, had), value_text(name, value)


def _attempts(entry: WaitingEntry) -> str:
    """That it was never tried; else nothing: an entry counts only what was its own failure, and anew after a
    person's retry (S9). What was made of it, request by request, is told by Support.
    """
    tried = entry.attempts or entry.first_request_id or entry.last_request_id or entry.state != "queued"
    return "" if tried else translate("entries", "%n attempt(s)", "", 0)


def _when(entry: WaitingEntry, now: datetime) -> str:
    return translate("entries", "{when} by {who}").format(
        when=f"{moments.ago(entry.created_at, now)} ({moments.at(entry.created_at)})", who=entry.created_by
    )


def _at_school(entry: WaitingEntry) -> list[tuple[str, Any]]:
    if entry.state != "conflict":
        return []
    return list(((entry.conflict or {}).get("fields") or {}).items())


def _school_changed(entry: WaitingEntry, now: datetime) -> str:
    conflict = entry.conflict or {}
    if entry.state != "conflict":
        return ""
    who, when = str(conflict.get("changed_by") or ""), moments.ago(conflict.get("changed_at"), now)
    if conflict.get("deleted"):
        return translate("entries", "Archived at the school {when} by {who}").format(when=when, who=who)
    return (
        translate("entries", "Changed at the school {when} by {who}").format(when=when, who=who)
        if who
        else ""
    )


def _details(entry: WaitingEntry) -> str:
    problem = entry.problem or {}
    return details_of(
        operation=entry.op_id,
        action_id=entry.action_id,
        kind=entry.kind,
        entity=entry.entity,
        record=entry.entity_id,
        state=entry.state,
        failures_of_its_own=entry.attempts,
        created_at=entry.created_at,
        first_request_id=entry.first_request_id,
        last_request_id=entry.last_request_id,
        error=problem.get("error"),
        status=problem.get("status"),
    )
