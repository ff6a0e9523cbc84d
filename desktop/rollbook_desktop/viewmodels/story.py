"""The story of a request, as Support reads it (R17): attempts, timings, result, entries, server's lines."""

import json
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from rollbook.client.values import Attempt, Story, WaitingEntry
from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels import moments
from rollbook_desktop.viewmodels.entry_words import kind_of
from rollbook_desktop.viewmodels.labels import state_label

translate = QCoreApplication.translate


class StoryModel(QObject):
    """Finds a request by its ID, here and at the server."""

    searching = Signal()
    found = Signal(str)
    """The story as text."""
    nothing = Signal(str)
    """Why there is none."""

    def __init__(self, facade: Facade, bridge: Bridge) -> None:
        super().__init__()
        self._facade, self._bridge = facade, bridge
        self._ticket: Ticket | None = None

    def find(self, request_id: str) -> None:
        """Look for the story of a request's or an action's ID."""
        wanted = request_id.strip()
        if not wanted:
            self.nothing.emit(self.tr("Enter the ID that the error dialog shows."))
            return
        if self._ticket is not None:
            self._ticket.drop()
        self.searching.emit()
        self._ticket = self._bridge.spawn(
            self._facade.find_request_everywhere(wanted),
            self._take,
            lambda error: self.nothing.emit(str(error)),
        )

    def _take(self, story: Story) -> None:
        if story.attempts or story.entries or story.server:
            self.found.emit(story_text(story))
        elif story.server_unavailable:
            self.nothing.emit(
                self.tr("This computer knows nothing of it, and the server could not be asked: {why}").format(
                    why=story.server_unavailable
                )
            )
        else:
            self.nothing.emit(self.tr("Neither this computer nor the server knows this ID."))


def story_text(story: Story) -> str:
    """The story in paragraphs of plain text."""
    parts = [_attempts(story.attempts), _entries(story.entries), _server(story)]
    return "\n\n".join(part for part in parts if part)


def _attempts(attempts: tuple[Attempt, ...]) -> str:
    if not attempts:
        return ""
    lines = [translate("story", "On this computer"), *(_attempt(attempt) for attempt in attempts)]
    return "\n".join(lines)


def _attempt(attempt: Attempt) -> str:
    result = str(attempt.status) if attempt.status is not None else translate("story", "no answer")
    facts = (
        moments.at(attempt.started_at),
        f"{attempt.method} {attempt.route}",
        f"{attempt.duration_ms:.0f} ms",
        result,
        attempt.outcome,
        attempt.error or "",
        attempt.request_id,
    )
    return "  " + " · ".join(fact for fact in facts if fact)


def _entries(entries: tuple[WaitingEntry, ...]) -> str:
    if not entries:
        return ""
    lines = [
        f"  {entry.label} · {kind_of(entry)} · {state_label(entry.state)} · {entry.op_id}"
        for entry in entries
    ]
    return "\n".join([translate("story", "Entries"), *lines])


def _server(story: Story) -> str:
    if story.server is None:
        why = story.server_unavailable
        return f"{translate('story', 'The server could not be asked')}: {why}" if why else ""
    lines = [f"  {name}: {_plain(value)}" for name, value in story.server.items() if name != "lines"]
    lines += [f"  {_plain(line)}" for line in story.server.get("lines") or ()]
    return "\n".join([translate("story", "At the server"), *lines])


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
