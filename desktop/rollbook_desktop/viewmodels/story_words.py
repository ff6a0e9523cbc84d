"""The story of a request in the window's words (R17): ids, codes and times, so that it can be handed on."""

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication

from rollbook.client.values import Attempt, Story, WaitingEntry
from rollbook.domain.plain_text import exact
from rollbook_desktop.viewmodels.entry_words import kind_of
from rollbook_desktop.viewmodels.labels import QT_TRANSLATE_NOOP, state_label

Paragraphs = tuple[tuple[str, str], ...]
"""Each with its look: heading, body, quiet or inset."""

translate = QCoreApplication.translate
_OUTCOMES = {
    "ok": QT_TRANSLATE_NOOP("story", "it went through"),
    "transient": QT_TRANSLATE_NOOP("story", "failed; may be tried again"),
    "client": QT_TRANSLATE_NOOP("story", "refused"),
    "server": QT_TRANSLATE_NOOP("story", "the server failed"),
    "local": QT_TRANSLATE_NOOP("story", "never left this computer"),
    "cancelled": QT_TRANSLATE_NOOP("story", "given up here before an answer came"),
}
_SERVER = {
    "asking": QT_TRANSLATE_NOOP("story", "The server is being asked…"),
    "not_asked": QT_TRANSLATE_NOOP("story", "The server was not asked."),
    "offline": QT_TRANSLATE_NOOP("story", "The server was not asked: offline."),
    "work_offline": QT_TRANSLATE_NOOP("story", "The server was not asked: you chose to work offline."),
    "signed_out": QT_TRANSLATE_NOOP("story", "The server was not asked: you are signed out."),
    "another_answered": QT_TRANSLATE_NOOP(
        "story", "The server was not asked: something else answers at its address."
    ),
    "no_answer": QT_TRANSLATE_NOOP(
        "story", "The server was asked, but no answer came. Its log may hold more."
    ),
    "failed": QT_TRANSLATE_NOOP(
        "story", "The server was asked, but had trouble of its own. Its log may hold more."
    ),
    "nothing": QT_TRANSLATE_NOOP(
        "story", "The server was asked: its log holds nothing of it that you may see."
    ),
    "no_id": QT_TRANSLATE_NOOP(
        "story", "That is no ID. Copy the whole of it, as the error or the list shows it."
    ),
}
_SHOWN_APART = frozenset(
    {"at", "event", "level", "logger", "request_id", "serving", "status", "duration_ms", "error"}
)
_KNOWN_HERE = frozenset(
    {"method", "route", "action_id", "op_ids", "operations", "device", "user_id", "school_id"}
)
"""What the attempt and its entries say already."""


def server_words(story: Story) -> str:
    """What came of asking the server; empty where it told all that it has."""
    if story.server is not None and not story.server["complete"]:
        return translate("story", "The server did not read all of its log: there may be more.")
    words = translate("story", _SERVER[story.server_state]) if story.server_state in _SERVER else ""
    return f"{words} ({story.server_failure})" if story.server_failure else words


def story_paragraphs(story: Story) -> Paragraphs:
    """The story, attempt by attempt."""
    found: list[tuple[str, str]] = []
    if words := server_words(story):
        found.append(("quiet", words))
    for number, attempt in enumerate(story.attempts, 1):
        found += _attempt(number, attempt, story)
    if story.entries:
        found.append(("heading", translate("story", "Entries")))
        for entry in story.entries:
            found += _entry(entry)
    if story.other_lines:
        found.append(("heading", translate("story", "At the server, of requests unknown to this computer")))
        found += [("inset", f"{_line(line)} · {line.get('request_id')}") for line in story.other_lines]
    return tuple(found)


def plain_text(story: Paragraphs) -> str:
    """The story to be handed on."""
    return "\n".join(f"\n{text}" if look == "heading" else text for look, text in story).strip()


def _attempt(number: int, attempt: Attempt, story: Story) -> Iterator[tuple[str, str]]:
    title = translate("story", "Attempt {number}: {at}")
    yield "heading", title.format(number=number, at=exact(attempt.started_at))
    answer = (
        translate("story", "no answer")
        if attempt.status is None
        else translate("story", "answer {status}").format(status=attempt.status)
    )
    outcome = translate("story", _OUTCOMES.get(attempt.outcome, attempt.outcome))
    error = f" ({attempt.error})" if attempt.error else ""
    after = translate("story", "{answer} after {time} ms: {outcome}")
    said = after.format(answer=answer, time=f"{attempt.duration_ms:.0f}", outcome=outcome + error)
    yield "body", f"{attempt.method} {attempt.route} · {said}"
    action = translate("story", "action {id}").format(id=attempt.action_id) if attempt.action_id else ""
    request = translate("story", "request {id}").format(id=attempt.request_id)
    yield "quiet", f"{request} · {action}" if action else request
    yield from _at_the_server(attempt, story)


def _at_the_server(attempt: Attempt, story: Story) -> Iterator[tuple[str, str]]:
    if story.server is None:
        return
    found = story.lines_of(attempt.request_id)
    for line in found:
        yield "inset", translate("story", "Server: {line}").format(line=_line(line, _KNOWN_HERE))
    if not found:
        yield (
            "inset",
            translate(
                "story", "Server: nothing in its log. It did not arrive there, or that is no longer kept."
            ),
        )


def _entry(entry: WaitingEntry) -> Iterator[tuple[str, str]]:
    problem = f" · {entry.problem.get('error')}" if entry.problem else ""
    yield "body", f"{kind_of(entry)} · {state_label(entry.state)}{problem}"
    yield "quiet", translate("story", "entry {id}").format(id=entry.op_id)


def _line(line: dict[str, Any], known: frozenset[str] = frozenset()) -> str:
    """A line of the server's log: when and what, then how it went, then whatever else it says."""
    parts = [exact(str(line.get("at") or "")), str(line.get("event") or "")]
    if line.get("status") is not None:
        parts.append(translate("story", "answer {status}").format(status=line["status"]))
    if line.get("duration_ms") is not None:
        parts.append(f"{line['duration_ms']} ms")
    parts.append(str(line.get("error") or ""))
    parts += [f"{name}={_short(value)}" for name, value in line.items() if name not in _SHOWN_APART | known]
    return " · ".join(part for part in parts if part)


def _short(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
