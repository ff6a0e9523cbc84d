"""The story of a request in the command line's words (R17): ids, codes and times, no pupil's data."""

from collections.abc import Iterator
from typing import Any

from rollbook.cli.words import KINDS, STATES, counted
from rollbook.client.values import Attempt, Story, WaitingEntry
from rollbook.domain.plain_text import exact

_OUTCOMES = {
    "ok": "it went through",
    "transient": "failed; may be tried again",
    "client": "refused",
    "server": "the server failed",
    "local": "never left this computer",
    "cancelled": "given up here before an answer came",
}
_NOT_TOLD = {
    "not_asked": "The server was not asked.",
    "offline": "The server was not asked: offline.",
    "work_offline": "The server was not asked: you chose to work offline.",
    "signed_out": "The server was not asked: you are signed out.",
    "another_answered": "The server was not asked: something else answers at its address.",
    "no_answer": "The server was asked, but no answer came. Its log may hold more.",
    "failed": "The server was asked, but had trouble of its own. Its log may hold more.",
    "nothing": "The server was asked: its log holds nothing of it that you may see.",
}
_SHOWN_APART = frozenset(
    {"at", "event", "level", "logger", "request_id", "serving", "status", "duration_ms", "error"}
)
_KNOWN_HERE = frozenset(
    {"method", "route", "action_id", "op_ids", "operations", "device", "user_id", "school_id"}
)
"""What the attempt and its entries say already."""


def story_lines(story: Story) -> list[str]:
    """The story, attempt by attempt; nothing where nothing is known."""
    if not story.found:
        return []
    lines = [f"{story.id}: {counted(len(story.attempts), 'attempt')} of this computer."]
    for number, attempt in enumerate(story.attempts, 1):
        lines += _attempt(number, attempt, story)
    if story.entries:
        lines += ["Entries:", *(f"  {_entry(entry)}" for entry in story.entries)]
    if story.other_lines:
        lines += ["At the server, of requests that this computer does not know:"]
        lines += [f"  {_line(line)}  request {line.get('request_id')}" for line in story.other_lines]
    return lines


def server_said(story: Story) -> list[str]:
    """What came of asking the server, where that is not among the lines."""
    if story.server_state == "no_id":
        return [f"“{story.id}” is no ID. Copy the whole of it, as the error or the list shows it."]
    said = [_NOT_TOLD[story.server_state]] if story.server_state in _NOT_TOLD else []
    if story.server_failure:
        said = [f"{said[0]} ({story.server_failure})"]
    if story.server is not None and not story.server["complete"]:
        said.append("The server did not read all of its log: there may be more.")
    if not story.found:
        said = [f"Nothing is known of {story.id} on this computer.", *said, "Check the ID, letter by letter."]
    return said


def _attempt(number: int, attempt: Attempt, story: Story) -> Iterator[str]:
    answer = "no answer" if attempt.status is None else f"answer {attempt.status}"
    outcome = _OUTCOMES.get(attempt.outcome, attempt.outcome) + (
        f" ({attempt.error})" if attempt.error else ""
    )
    yield f"  {number}. {exact(attempt.started_at)}  {attempt.method} {attempt.route}"
    yield f"     {answer} after {attempt.duration_ms:.0f} ms: {outcome}"
    yield f"     request {attempt.request_id}" + (
        f", action {attempt.action_id}" if attempt.action_id else ""
    )
    if story.server_state not in ("told", "nothing"):
        return
    found = story.lines_of(attempt.request_id)
    for line in found:
        yield f"     server: {_line(line, _KNOWN_HERE)}"
    if not found:
        yield "     server: nothing in its log: it did not arrive there, or that is no longer kept."


def _entry(entry: WaitingEntry) -> str:
    problem = f", {entry.problem.get('error')}: {entry.problem.get('title')}" if entry.problem else ""
    kind = KINDS.get(entry.kind, entry.kind)
    return f"{entry.op_id}  {kind} {entry.entity}: {STATES.get(entry.state, entry.state)}{problem}"


def _line(line: dict[str, Any], known: frozenset[str] = frozenset()) -> str:
    """A line of the server's log: when and what, then how it went, then whatever else it says."""
    parts = [exact(line.get("at")), str(line.get("event", ""))]
    if line.get("status") is not None:
        parts.append(f"answer {line['status']}")
    if line.get("duration_ms") is not None:
        parts.append(f"{line['duration_ms']} ms")
    if line.get("error"):
        parts.append(str(line["error"]))
    parts += [f"{name}={_short(value)}" for name, value in line.items() if name not in _SHOWN_APART | known]
    return "  ".join(part for part in parts if part)


def _short(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
