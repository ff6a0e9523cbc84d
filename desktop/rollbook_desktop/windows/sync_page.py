"""The Sync centre: what the school does not have yet, in plain words, and what can be done about it (W6)."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.widgets.banner import Banner
from rollbook_desktop.widgets.dialog import Question
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.list_and_detail import ListAndDetail
from rollbook_desktop.widgets.list_view import ListView
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.theme import SPACE, Theme
from rollbook_desktop.windows.entry_pane import EntryPane

WIDTHS = (150, 220, 170, 110)
ROOM_FOR = {3: 520, 1: 380}


class SyncPage(QWidget):
    """The list of entries and, beside it, the entry that is chosen."""

    def __init__(self, theme: Theme, desk: Desk) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._theme, self._desk, self._table = theme, desk, desk.entries
        self._wanted: str | None = None
        self._headline = label("", "heading", name="syncHeadline")
        self._explanation = label("", "muted", name="syncExplanation")
        self._proposals = Banner(theme, "proposalsBanner")
        self._list = ListView("entries", self.tr("Entries"))
        self._notice = Notice(theme, "entriesNotice")
        self._pane = EntryPane(theme)
        self._split = ListAndDetail(
            theme, self._list, self._pane, self.tr("Back to the list"), "entriesSplit"
        )
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self._show_state()

    def show_entry(self, op_id: str) -> None:
        """Choose an entry, as soon as it is listed."""
        self._wanted = op_id
        self._table.refresh()
        self._choose_wanted()

    def focus_list(self) -> None:
        """Go to the list."""
        self._list.setFocus()
        if self._list.current_row < 0:
            self._list.go_to(0)

    def _lay_out(self) -> None:
        self._list.show_model(self._table, WIDTHS, stretch=1)
        self._list.room_for = ROOM_FOR
        self._stack.addWidget(self._notice)
        self._stack.addWidget(self._split)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["l"])
        layout.setSpacing(SPACE["xs"])
        layout.addWidget(self._headline)
        layout.addWidget(self._explanation)
        layout.addWidget(self._proposals)
        layout.addSpacing(SPACE["s"])
        layout.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self._list.moved.connect(self._show_entry)
        self._list.chosen.connect(self._split.show_detail)
        self._split.came_back.connect(self._list.setFocus)
        self._table.renewed.connect(self._show_state)
        self._desk.status.changed.connect(self._show_status)
        self._pane.retried.connect(self._table.retry)
        self._pane.taken_back.connect(self._table.take_back)
        self._pane.chosen.connect(self._table.choose)
        self._pane.discarded.connect(self._ask_discard)
        self._show_status()

    def _show_status(self) -> None:
        words = self._desk.status.words
        if words is not None:
            self._headline.setText(words.text)
            self._explanation.setText(f"{words.headline} {words.explanation}".strip())
        proposals = self._desk.status.proposals
        if proposals != self._proposals.text:
            self._proposals.say(proposals, "warn")
            if self._table.loaded and not self._table.rowCount():
                self._say_empty()

    def _show_state(self) -> None:
        if self._table.rowCount():
            self._stack.setCurrentIndex(1)
            self._choose_wanted()
            if self._list.current_row < 0:
                self._list.go_to(0)
            self._show_entry(self._list.current_row)
            return
        self._stack.setCurrentIndex(0)
        self._pane.show_words(None)
        if self._table.loaded:
            self._say_empty()
        else:
            self._notice.say(self.tr("Looking for entries…"), icon="sync")

    def _say_empty(self) -> None:
        """Nothing waits here; proposals may wait at the school (S23)."""
        if self._desk.status.proposals:
            self._notice.say(
                self.tr("None of your own entries is waiting"),
                self.tr("All that was entered on this computer is settled. Others' entries wait for you."),
                icon="needs-you",
                meaning="warn",
            )
            return
        self._notice.say(
            self.tr("Nothing is waiting"),
            self.tr("No entry on this computer is left to be sent or decided."),
            icon="saved",
            meaning="good",
        )

    def _choose_wanted(self) -> None:
        number = self._table.number_of(self._wanted) if self._wanted else -1
        if number >= 0:
            self._wanted = None
            self._list.go_to(number)

    def _show_entry(self, number: int) -> None:
        self._pane.show_words(self._table.words(number))

    def _ask_discard(self, op_id: str) -> None:
        question = Question(
            self._theme,
            self.window(),
            self.tr("Discard this entry?"),
            self.tr(
                "What was entered is removed from this computer and does not reach the school. "
                "This cannot be undone; a copy can be saved first."
            ),
            icon="discard",
        )
        question.offer(self.tr("Save a copy and discard…"), "exportEntry", lambda: self._export(op_id))
        question.offer(
            self.tr("Discard"), "confirmDiscard", lambda: self._table.discard(op_id), look="danger"
        )
        question.offer_safe(self.tr("Keep"), "keepEntry")
        question.open()

    def _export(self, op_id: str) -> None:
        dialog = QFileDialog(self, self.tr("Save a copy of the entry"), f"entry-{op_id}.json")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(lambda chosen: self._table.export_and_discard(op_id, Path(chosen)))
        dialog.open()
