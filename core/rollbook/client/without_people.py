"""What of the client's values may leave the school (R18): ids, codes, counts and times, by name.

Whatever is not named here stays; and what is named is looked at, as text may stand where a code should.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from rollbook.client.values import Attempt, Status, WaitingEntry
from rollbook.contract.headers import ID_FORM
from rollbook.domain.registry import ENTITIES

LEFT_OUT = "(left out)"
_ID = re.compile(ID_FORM)
_CODE = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_ROUTE = re.compile(r"(/[a-z0-9_{}-]+)+")
_LONGEST_CODE = 60
_COUNTS = (
    "queued",
    "sending",
    "unknown",
    "failed",
    "parked",
    "conflicts",
    "handed_over",
    "giving_back",
    "records",
    "pulled",
    "to_pull",
    "proposals",
)
_WORDS = ("connection", "reason", "breaker", "failure", "role")
_MOMENTS = ("since", "oldest_waiting_at", "last_synced_at", "proposals_at")
_PLAIN = ("up_to_date", "syncing", "put_back", "next_attempt_in")


def status(told: Status) -> dict[str, Any]:
    """The status without names, notes and labels."""
    return {
        **{name: getattr(told, name) for name in (*_COUNTS, *_PLAIN)},
        **{name: code(getattr(told, name)) for name in _WORDS},
        **{name: moment(getattr(told, name)) for name in _MOMENTS},
        "cursor": code(told.cursor),
        "server": address(told.server),
        "outstanding": [code(word) for word in told.outstanding],
        "notices": [
            {
                "kind": code(each.kind),
                "at": moment(each.at),
                "kept": each.kept,
                "lost": each.lost,
                "whole": each.whole,
            }
            for each in told.notices
        ],
        "decisions": [
            {"op_id": an_id(each.op_id), "state": code(each.state), "at": moment(each.at)}
            for each in told.decisions
        ],
    }


def attempt(made: Attempt) -> dict[str, Any]:
    """A request: all of it, as it holds ids and codes only."""
    return {
        "request_id": an_id(made.request_id),
        "action_id": an_id(made.action_id),
        "method": made.method if made.method.isascii() and made.method.isalpha() else LEFT_OUT,
        "route": made.route if _ROUTE.fullmatch(made.route) else LEFT_OUT,
        "started_at": moment(made.started_at),
        "duration_ms": made.duration_ms,
        "status": made.status,
        "outcome": code(made.outcome),
        "error": code(made.error),
        "op_ids": [an_id(op_id) for op_id in made.op_ids],
    }


def entry(waiting: WaitingEntry) -> dict[str, Any]:
    """An entry with the names of its fields but none of their values."""
    problem = waiting.problem or {}
    return {
        "op_id": an_id(waiting.op_id),
        "kind": code(waiting.kind),
        "entity": code(waiting.entity),
        "entity_id": an_id(waiting.entity_id),
        "state": code(waiting.state),
        "fields": _fields(waiting.entity, waiting.fields),
        "merged_fields": _fields(waiting.entity, waiting.merged_fields),
        "conflict_fields": _fields(waiting.entity, (waiting.conflict or {}).get("fields") or ()),
        "created_at": moment(waiting.created_at),
        "settled_at": moment(waiting.settled_at),
        "attempts": waiting.attempts,
        "action_id": an_id(waiting.action_id),
        "first_request_id": an_id(waiting.first_request_id),
        "last_request_id": an_id(waiting.last_request_id),
        "held_by": an_id(waiting.held_by),
        "carried_by": an_id(waiting.carried_by),
        "problem": code(problem.get("error")),
        "problem_fields": [
            {"field": _fields(waiting.entity, [str(each.get("field"))])[0], "code": code(each.get("code"))}
            for each in problem.get("errors") or ()
        ],
    }


def code(text: Any) -> str | None:
    """A stable word, such as ``not-found`` or ``server_busy``."""
    if text in (None, ""):
        return None
    fits = isinstance(text, str) and len(text) <= _LONGEST_CODE and _CODE.fullmatch(text)
    return text if fits else LEFT_OUT


def an_id(text: str | None) -> str | None:
    """An id."""
    return text if not text or _ID.fullmatch(text) else LEFT_OUT


def moment(text: str | None) -> str | None:
    """A moment in ISO 8601."""
    try:
        return datetime.fromisoformat(text).isoformat() if text else None
    except ValueError:
        return LEFT_OUT


def address(url: str) -> str:
    """Where the server is: what a person may have put into it beside that stays."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"
    except ValueError:
        return LEFT_OUT


def _fields(entity: str, names: Iterable[str]) -> list[str]:
    known = ENTITIES[entity].names if entity in ENTITIES else ()
    return [name if name in known else LEFT_OUT for name in names]
