"""The state that the window shows, followed truthfully and without flicker (W2, W4)."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from rollbook.client.values import Status
from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels.decision_words import DecisionWords, decision_words, summary_words
from rollbook_desktop.viewmodels.status_words import StatusWords, describe, proposals_words
from rollbook_desktop.viewmodels.store_words import trouble_words

POLL_MS = 1000
HOLD_SECONDS = {"offline": 2.0, "degraded": 2.0, "signed_out": 0.0, "online": 0.6}
"""How long a worse state stays at least before a better one is shown; a worse one is shown at once."""
CHOSEN = ("not_asked_yet", "work_offline")
"""Reasons that come and go by a start or a person's choice: leaving them is no flicker."""
RANKS = {"signed_out": 0, "offline": 1, "degraded": 2, "online": 3}


class StatusModel(QObject):
    """Asks for the status on each event and each second, and says when what is shown changes."""

    changed = Signal()
    role_told = Signal(str)
    """The user's role, at first and whenever it has changed (S23)."""

    def __init__(
        self,
        facade: Facade,
        bridge: Bridge,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__()
        self._facade, self._bridge = facade, bridge
        self._now, self._monotonic = now, monotonic
        self._ticket: Ticket | None = None
        self._again = False
        self._hold = Hold()
        self._failure = ""
        self._role = ""
        self.status: Status | None = None
        self.words: StatusWords | None = None
        bridge.status_changed.connect(self.ask)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.ask)
        self._timer.start()

    @property
    def decisions(self) -> tuple[DecisionWords, ...]:
        """What the registrar decided and nobody has read yet (S23)."""
        return tuple(map(decision_words, self.status.decisions)) if self.status else ()

    @property
    def decisions_summary(self) -> str:
        """All of that in one line; empty for none."""
        return summary_words(self.status.decisions) if self.status else ""

    @property
    def proposals(self) -> str:
        """What waits for this user's decision on others' entries, and how to decide it; empty for none."""
        return proposals_words(self.status) if self.status else ""

    def ask(self) -> None:
        """Ask for the status; one question at a time, and once more when something came between."""
        if self._ticket is not None:
            self._again = True
            return
        self._ticket = self._bridge.query(self._facade.status, self._take, self._failed)

    def _take(self, status: Status) -> None:
        self._ticket = None
        self._failure = ""
        shown = self._hold.pass_on(status, self._monotonic())
        words = describe(shown, self._now())
        news = self.status is None or _besides(shown) != _besides(self.status)
        changed, self.status, self.words = news or words != self.words, shown, words
        if changed:
            self.changed.emit()
        if shown.role != self._role:
            self._role = shown.role
            self.role_told.emit(shown.role)
        if self._hold.left:
            QTimer.singleShot(round(self._hold.left * 1000) + 20, self, self.ask)
        self._ask_again()

    def _failed(self, error: Exception) -> None:
        self._ticket = None
        if str(error) != self._failure:  # asked each second: the same failure is told once
            self._failure = str(error)
            self._bridge.unexpected.emit(error)
        self._ask_again()

    def _ask_again(self) -> None:
        if self._again:
            self._again = False
            self.ask()


class Hold:
    """Keeps a worse state for its least time, so that the pill does not flicker (W4).

    What is held is only ever worse than the truth, so that it never claims too much (W2).
    """

    def __init__(self) -> None:
        self._shown: Status | None = None
        self._truth: tuple[int, bool] = (len(RANKS), True)
        self._since = 0.0
        self.left = 0.0
        """Seconds for which what is shown is still held; 0 when it is the truth."""

    def pass_on(self, status: Status, at: float) -> Status:
        """What to show of ``status`` at ``at`` (monotonic seconds)."""
        rank = _rank(status)
        if rank < self._truth:
            self._since = at  # it got worse, again or for the first time
        self._truth = rank
        self.left = 0.0
        if self._shown is not None and rank > _rank(self._shown):
            self.left = max(0.0, self._since + _least(self._shown) - at)
        if self.left == 0.0 or self._shown is None:
            self._shown = status
        return self._shown


def _besides(status: Status) -> tuple[object, ...]:
    """What the window tells besides the words of the state."""
    return trouble_words(status), status.decisions, status.role


def _rank(status: Status) -> tuple[int, bool]:
    return RANKS[status.connection], status.connection == "online" and status.up_to_date


def _least(status: Status) -> float:
    return 0.0 if status.reason in CHOSEN else HOLD_SECONDS[status.connection]
