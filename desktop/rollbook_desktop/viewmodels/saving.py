"""A save, followed for its first attempt (S1): saved here, then saved at the school, or what went wrong."""

from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Signal

from rollbook.client.values import FirstAttempt, Saved
from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels.error_report import report_of

translate = QCoreApplication.translate


class Saving(QObject):
    """Says in passing how a save goes on; only a refusal of what the person just did is a report."""

    said = Signal(str)
    """For the line under the form."""
    toasted = Signal(str, str)
    """A text, and the operation that can be taken back (empty for none)."""
    failed = Signal(object)
    """An :class:`ErrorReport`."""

    def __init__(self, facade: Facade, bridge: Bridge) -> None:
        super().__init__()
        self._facade, self._bridge = facade, bridge

    def follow(self, saved: Saved, called: str) -> None:
        """The record was saved on this computer."""
        if saved.op_id is None:
            self.said.emit(translate("saving", "Nothing had changed."))
            return
        self.said.emit(translate("saving", "Saved on this computer."))
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
            self.said.emit(translate("saving", "Saved on this computer; the school does not have it yet."))
            self.failed.emit(report)
        elif attempt.outcome == "applied":
            self.said.emit(translate("saving", "Saved at the school."))
            self.toasted.emit(translate("saving", "{name}: saved at the school.").format(name=called), "")
        else:
            self.said.emit(
                translate("saving", "Saved on this computer; it is sent when the server can be reached.")
            )

    def _taken_back(self, done: bool) -> None:
        self.toasted.emit(
            translate("saving", "Taken back.")
            if done
            else translate("saving", "It is on its way already and can't be taken back."),
            "",
        )
