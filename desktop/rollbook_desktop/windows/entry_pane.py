"""One entry of the Sync centre, with what can be done about it (W6)."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.entry_words import EntryWords
from rollbook_desktop.widgets.banner import Banner
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.copy_field import CopyField
from rollbook_desktop.widgets.labels import label, rule
from rollbook_desktop.widgets.theme import SPACE, Theme


class EntryPane(QFrame):
    """Shows the words of an entry. Each verb is emitted with the operation's id."""

    retried = Signal(str)
    discarded = Signal(str)
    taken_back = Signal(str)
    chosen = Signal(str, str)
    """The operation's id, and the side that is kept: mine or theirs."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self._words: EntryWords | None = None
        self._title = label("", "title", name="entryTitle")
        self._what = label("", "muted", name="entryWhat")
        self._state = label("", name="entryState")
        self._problem = Banner(theme, "entryProblem")
        self._holds = label("", "muted", name="entryHolds")
        self._changes = QGridLayout()
        self._reference = CopyField(
            theme, self.tr("Request ID"), self.tr("Copy"), self.tr("Copied"), "entryRequestId"
        )
        self._mine = Button(theme, self.tr("Keep mine"), "keepMine", icon="check", look="primary")
        self._theirs = Button(theme, self.tr("Take the school's"), "takeTheirs", icon="school")
        self._retry = Button(theme, self.tr("Retry now"), "retryEntry", icon="sync", look="primary")
        self._take_back = Button(theme, self.tr("Take back"), "takeBackEntry", icon="undo")
        self._copy = Button(theme, self.tr("Copy details"), "copyEntryDetails", icon="copy")
        self._discard = Button(theme, self.tr("Discard…"), "discardEntry", icon="discard", look="danger")
        self._lay_out()
        self._retry.clicked.connect(lambda: self._emit(self.retried))
        self._take_back.clicked.connect(lambda: self._emit(self.taken_back))
        self._discard.clicked.connect(lambda: self._emit(self.discarded))
        self._mine.clicked.connect(lambda: self._choose("mine"))
        self._theirs.clicked.connect(lambda: self._choose("theirs"))
        self._copy.clicked.connect(self._copy_details)

    def show_words(self, words: EntryWords | None) -> None:
        """Show an entry, or nothing."""
        if words == self._words:
            return
        same = words is not None and self._words is not None and _values(words) == _values(self._words)
        self._words = words
        self.setEnabled(words is not None)
        if words is None:
            return
        self._title.setText(words.title)
        self._what.setText(f"{words.what}  ·  {words.when}")
        self._state.setText("  ·  ".join(part for part in (words.state, words.attempts) if part))
        self._problem.say("\n".join(part for part in (words.problem, words.suggestion) if part), "warn")
        self._holds.setText(words.holds)
        self._holds.setVisible(bool(words.holds))
        if words.reference != self._reference.text:
            self._reference.show_text(words.reference)
        self._retry.setVisible(words.can_retry)
        self._take_back.setVisible(words.can_take_back)
        self._discard.setVisible(words.can_discard)
        for button in (self._mine, self._theirs):
            button.setVisible(words.can_choose)
        if not same:
            self._show_values(words)

    def _emit(self, signal: object) -> None:
        if self._words is not None:
            signal.emit(self._words.op_id)  # type: ignore[attr-defined]

    def _copy_details(self) -> None:
        if self._words is not None:
            QGuiApplication.clipboard().setText(self._words.details)

    def _choose(self, side: str) -> None:
        if self._words is not None:
            self.chosen.emit(self._words.op_id, side)

    def _show_values(self, words: EntryWords) -> None:
        while (item := self._changes.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        rows = [(field, f"{before}  →  {after}") for field, before, after in words.changes]
        if words.school_changed:
            rows.append(("", words.school_changed))
        rows += [
            (self.tr("{field} at the school").format(field=field), value) for field, value in words.school
        ]
        for row, (name, value) in enumerate(rows):
            self._changes.addWidget(label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._changes.addWidget(label(value, selectable=True), row, 1)

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setProperty("look", "surface")
        column = QVBoxLayout(inner)
        column.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["m"])
        column.setSpacing(SPACE["s"])
        for part in (self._title, self._what, self._state, self._holds, self._problem):
            column.addWidget(part)
        column.addWidget(rule())
        self._changes.setColumnStretch(1, 1)
        self._changes.setHorizontalSpacing(SPACE["m"])
        self._changes.setVerticalSpacing(SPACE["xs"])
        column.addLayout(self._changes)
        column.addSpacing(SPACE["s"])
        column.addWidget(self._reference)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setProperty("look", "surface")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(rule())
        outer.addLayout(self._foot())

    def _verbs(self) -> tuple[Button, ...]:
        return self._mine, self._theirs, self._retry, self._take_back, self._copy, self._discard

    def _foot(self) -> QVBoxLayout:
        buttons = QGridLayout()
        buttons.setSpacing(SPACE["s"])
        for place, button in enumerate(self._verbs()):
            buttons.addWidget(button, place // 2, place % 2)
        foot = QVBoxLayout()
        foot.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["m"])
        foot.setSpacing(SPACE["m"])
        foot.addLayout(buttons)
        return foot


def _values(words: EntryWords) -> tuple[object, ...]:
    """What the grid of values shows."""
    return words.changes, words.school, words.school_changed
