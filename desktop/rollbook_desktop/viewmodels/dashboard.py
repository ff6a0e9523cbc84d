"""The dashboard: asked for while it is looked at, kept no longer than the facade shows it (R8, R10)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.bridge.trouble import trouble_of
from rollbook_desktop.viewmodels.dashboard_words import PARTS, PartLike, PartWords, summary_of, words_of
from rollbook_desktop.viewmodels.reason_words import connection_words
from rollbook_desktop.viewmodels.status import StatusModel

AGAIN_MS = 120_000
REWORD_MS = 20_000
FORGOTTEN_SECONDS = 3600.0
"""After so long out of sight, what was told is not shown again before it was asked for."""
WORK_OFFLINE = "work-offline"


@dataclass(frozen=True, slots=True)
class NothingShown:
    """Why there is nothing to show; ``asking`` for the first time."""

    title: str
    text: str = ""
    asking: bool = False


class ViewLike(Protocol):
    """The dashboard as the facade tells it."""

    @property
    def parts(self) -> Mapping[str, PartLike]: ...
    @property
    def stale(self) -> bool: ...
    @property
    def reason(self) -> str: ...


class DashboardModel(QObject):
    """What the facade last told, in words that age. What it refuses is not shown, whatever was before."""

    changed = Signal()
    answered = Signal(str)
    """What came of a question that the person asked, in one line."""

    def __init__(
        self, facade: Facade, bridge: Bridge, status: StatusModel, monotonic: Callable[[], float]
    ) -> None:
        super().__init__()
        self._facade, self._bridge, self._status, self._monotonic = facade, bridge, status, monotonic
        self._view: ViewLike | None = None
        self._told_at = 0.0
        self._failure = ""
        self._ticket: Ticket | None = None
        self._by_person = False
        self._watched = False
        self._connection = self._role = ""
        self._again = self._timer(AGAIN_MS, self.ask)
        self._reword = self._timer(REWORD_MS, self.changed.emit)
        status.changed.connect(self._follow)
        status.role_told.connect(self._follow_role)

    @property
    def asking(self) -> bool:
        """Whether an answer is waited for."""
        return self._ticket is not None

    @property
    def parts(self) -> tuple[tuple[str, PartWords], ...]:
        """The parts by name, as they are to be shown now; none while there is :attr:`nothing`."""
        view = self._view
        if view is None:
            return ()
        since = self._monotonic() - self._told_at
        known = [name for name in PARTS if name in view.parts]
        return tuple((name, words_of(name, view.parts[name], since, view.stale)) for name in known)

    @property
    def summary(self) -> str:
        """How much is as it is now, in one line."""
        if self._view is None:
            return ""
        away = self._view.reason if self._view.stale else ""
        return summary_of(tuple(words for _name, words in self.parts), away)

    @property
    def nothing(self) -> NothingShown | None:
        """Why there is nothing to show; ``None`` where there is something."""
        if self._view is not None:
            return None
        if self._failure == "not-signed-in":
            return NothingShown(
                self.tr("You are signed out"), self.tr("Sign in to see the school's numbers.")
            )
        if self._failure == "forbidden":
            return NothingShown(
                self.tr("Your role does not see the school's numbers"),
                self.tr("An administrator can give it the right."),
            )
        if not self._failure:
            return NothingShown(self.tr("Asking the school for its numbers…"), asking=True)
        safe = self.tr("They are asked for again by themselves. What you entered is safe.")
        why = connection_words(self._failure)
        return NothingShown(self.tr("The school's numbers can't be shown"), f"{why} {safe}")

    def watch(self, on: bool) -> None:
        """Whether a person looks at it: only then it is asked for."""
        self._watched = on
        for timer in (self._again, self._reword):
            if on:
                timer.start()
            else:
                timer.stop()
        if on:
            if self._monotonic() - self._told_at > FORGOTTEN_SECONDS:
                self._view = None  # how old it may be to be shown, the facade knows
            self.ask()

    def ask_for_person(self) -> None:
        """A person wants to know it now, and what came of it; a server that was away is looked for, too."""
        self._by_person = True
        self.ask()

    def ask(self) -> None:
        """Ask, unless an answer is on its way; nobody is asked while the person works offline by choice."""
        status = self._status.status
        if status is not None and status.connection == "signed_out":
            self._forget("not-signed-in")
        elif status is not None and status.reason == "work_offline":
            self._stay_offline()
        elif self._ticket is None:
            if self._by_person:
                self._facade.wake(hurry=True)
            self._ticket = self._bridge.spawn(self._facade.dashboard(), self._take, self._fail)
            self.changed.emit()

    def _take(self, view: ViewLike) -> None:
        self._view, self._told_at, self._failure = view, self._monotonic(), ""
        self._settle(self.summary)

    def _fail(self, error: Exception) -> None:
        self._view, self._failure = None, trouble_of(error).code
        self._settle(self.nothing.title if self.nothing else "")

    def _settle(self, outcome: str) -> None:
        self._ticket = None
        by_person, self._by_person = self._by_person, False
        self.changed.emit()
        if by_person:
            self.answered.emit(outcome)

    def _stay_offline(self) -> None:
        if self._view is None:
            self._failure = WORK_OFFLINE
        self._settle(connection_words(WORK_OFFLINE))

    def _forget(self, failure: str) -> None:
        """Show nothing of it any more, an answer on its way included."""
        if self._ticket is not None:
            self._ticket.drop()
        self._view, self._failure = None, failure
        self._settle("")

    def _follow(self) -> None:
        """Another state of the connection: what is shown may have become better, worse, or nobody's."""
        status = self._status.status
        if status is None or status.connection + status.reason == self._connection:
            return
        self._connection = status.connection + status.reason
        if status.connection == "signed_out":
            self._forget("not-signed-in")
        elif self._watched:
            self.ask()
        elif self._failure == "not-signed-in":
            self._forget("")  # signed in again: asked for when it is looked at

    def _follow_role(self, role: str) -> None:
        """What was told to another role is not shown to this one."""
        if self._role and role != self._role:
            self._forget("")
            if self._watched:
                self.ask()
        self._role = role

    def _timer(self, milliseconds: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(milliseconds)
        timer.timeout.connect(act)
        return timer
