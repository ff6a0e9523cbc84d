"""The dashboard: the school's numbers at a glance, each as fresh as it says (R10, W16, W17)."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.dashboard_words import PARTS, PartWords
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.part_card import PartCard
from rollbook_desktop.widgets.theme import SPACE, Theme

WIDEST, TWO_COLUMNS = 1040, 680
PLACES = {
    1: {"students": (0, 0, 1), "weather": (1, 0, 1), "grade_levels": (2, 0, 1)},
    2: {"students": (0, 0, 1), "weather": (1, 0, 1), "grade_levels": (0, 1, 2)},
}
"""By the number of columns: row, column and height of each card."""


class DashboardPage(QWidget):
    """A card for each part, or why there is none."""

    def __init__(self, theme: Theme, desk: Desk) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._model = desk.dashboard
        self._columns = 0
        self._summary = label("", "muted", name="dashboardSummary")
        self._again = Button(theme, self.tr("Ask again"), "askDashboard", icon="sync")
        self._notice = Notice(theme, "dashboardNotice")
        self._cards = {name: PartCard(theme, f"part-{name}") for name in PARTS}
        self._grid = QGridLayout()
        self._stack = QStackedWidget()
        self._lay_out()
        self._again.clicked.connect(self._model.ask_for_person)
        self._model.changed.connect(self._show_model)
        self._model.answered.connect(self._announce)
        self._show_model()

    def focus_first(self) -> None:
        """Go to the first card, or to what can be done where there is none."""
        shown = [card for card in self._cards.values() if not card.isHidden()]
        if self._model.nothing is None and shown:
            shown[0].setFocus()
        else:
            self._again.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """From now on it is looked at."""
        super().showEvent(event)
        self._model.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks any more."""
        super().hideEvent(event)
        self._model.watch(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column where there is little room."""
        super().resizeEvent(event)
        self._place(2 if self.width() >= TWO_COLUMNS else 1)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE["m"])
        top.addWidget(self._summary, 1)
        top.addWidget(self._again)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE["l"])
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addStretch(1)
        inner = QWidget()
        inner.setLayout(column)
        inner.setMaximumWidth(WIDEST)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the cards take it, and come into sight
        self._stack.addWidget(self._notice)
        self._stack.addWidget(scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["l"])
        layout.setSpacing(SPACE["m"])
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        self._place(2)

    def _place(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for name, card in self._cards.items():
            row, column, height = PLACES[columns][name]
            self._grid.addWidget(card, row, column, height, 1)
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def _show_model(self) -> None:
        model = self._model
        self._again.setText(self.tr("Asking…") if model.asking else self.tr("Ask again"))
        self._summary.setText(model.summary)
        nothing = model.nothing
        if nothing is not None:
            icon = "dashboard" if nothing.asking else "offline"
            self._notice.say(nothing.title, nothing.text, icon=icon)
            if nothing.asking or model.asking:
                self._notice.show_progress(0, 0)
            self._stack.setCurrentIndex(0)
            return
        parts = dict(model.parts)
        for name, card in self._cards.items():
            card.setVisible(name in parts)
            if name in parts:
                self._show_part(card, parts[name])
        self._stack.setCurrentIndex(1)

    def _show_part(self, card: PartCard, words: PartWords) -> None:
        told = words.told
        card.say(
            told.title,
            fresh=words.fresh,
            why=words.why,
            tone=words.tone,
            mark=words.icon,
            spoken=words.spoken,
        )
        card.tell(told.headline, told.caption, told.lines, told.bars, told.picture)

    def _announce(self, text: str) -> None:
        if text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._summary, text))
