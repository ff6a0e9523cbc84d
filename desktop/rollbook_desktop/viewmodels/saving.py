"""A save, followed until it is settled (S1, W2): saved here, then saved at the school, or what went wrong."""

from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from rollbook.client.values import FirstAttempt, Saved, WaitingEntry
from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels.error_report import report_of
from rollbook_desktop.viewmodels.saving_words import words_of_entry

translate = QCoreApplication.translate
LOOK_EVERY_MS = 1000
SETTLED = ("applied", "replaced", "discarded", "declined")
NEEDS_A_PERSON = ("parked", "conflict")


class Saving(QObject):
    """Says in passing how a save goes on; only a refusal of what the person just did is a report."""

    said = Signal(str, str)
    """The record's id, and the words for the line under its form; empty when there is nothing to say."""
    toasted = Signal(str, str)
    """A text, and the operation that can be taken back (empty for none)."""
    failed = Signal(object)
    """An :class:`ErrorReport`."""

    def __init__(self, facade: Facade, bridge: Bridge) -> None:
        super().__init__()
        self._facade, self._bridge = facade, bridge
        self._followed: Saved | None = None
        self._tried = False
        self._ticket: Ticket | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        bridge.status_changed.connect(self._look)

    def follow(self, saved: Saved, called: str) -> None:
        """The record was saved on this computer."""
        if self._ticket is not None:
            self._ticket.drop()
            self._ticket = None
        self._followed, self._tried = saved if saved.op_id else None, False
        if saved.op_id is None:
            self._timer.stop()
            self._say(saved, translate("saving", "Nothing had changed."))
            return
        self._say(saved, translate("saving", "Saved on this computer."))
        self._timer.start()
        self._bridge.spawn(self._facade.follow(saved), partial(self._first_attempt, saved, called))

    def follow_archive(self, saved: Saved, called: str) -> None:
        """The record was archived on this computer."""
        text = translate("saving", "{name} is archived.").format(name=called)
        self.toasted.emit(text, saved.op_id or "")
        if saved.op_id is not None:
            self._bridge.spawn(self._facade.follow(saved), partial(self._first_attempt, saved, called))

    def take_back(self, op_id: str) -> None:
        """Undo an entry that was not sent yet (S6)."""
        self._bridge.command(partial(self._facade.take_back, op_id), self._taken_back)

    def _first_attempt(self, saved: Saved, called: str, attempt: FirstAttempt) -> None:
        report = report_of(saved, called, attempt)
        if report is not None:
            self.failed.emit(report)
        elif attempt.outcome == "applied":
            self.toasted.emit(translate("saving", "{name}: saved at the school.").format(name=called), "")
        if saved is self._followed:
            self._tried = True
            self._look()

    def _look(self) -> None:
        """Ask where the entry is that was saved last; a settled one too, as a school may lose it (S22)."""
        if self._followed is not None and self._ticket is None:
            work = partial(_where_is, self._facade, self._followed)
            self._ticket = self._bridge.query(work, partial(self._take, self._followed), self._no_answer)

    def _take(self, saved: Saved, found: tuple[WaitingEntry | None, bool]) -> None:
        self._ticket = None
        entry, blocked = found
        settled = entry is None or entry.state in SETTLED
        if self._tried or settled or blocked:
            self._say(saved, words_of_entry(entry, blocked=blocked))
        if settled:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def _no_answer(self, _error: Exception) -> None:
        self._ticket = None  # the status tells the store's trouble

    def _say(self, saved: Saved, words: str) -> None:
        self.said.emit(saved.entity_id, words)

    def _taken_back(self, done: bool) -> None:
        self.toasted.emit(
            translate("saving", "Taken back.")
            if done
            else translate("saving", "It is on its way already and can't be taken back."),
            "",
        )


def _where_is(facade: Facade, saved: Saved) -> tuple[WaitingEntry | None, bool]:
    """The entry of that save, and whether an earlier one of its record that needs a person holds it."""
    assert saved.op_id is not None
    waiting = {each.op_id: each for each in facade.entries_of(saved.entity, saved.entity_id)}
    entry = waiting.get(saved.op_id) or facade.entry(saved.op_id)
    holder = waiting.get(entry.held_by) if entry is not None and entry.held_by else None
    return entry, holder is not None and holder.state in NEEDS_A_PERSON
