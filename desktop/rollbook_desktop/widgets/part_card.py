"""A card that tells one thing, and says how old it is or why it is not there."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from rollbook_desktop.widgets.bar_list import BarList, Rows
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE, Theme

PICTURE, MARK = 40, 16


class PartCard(QFrame):
    """Can be reached by Tab, and is then read as a whole."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(name)
        self.setProperty("look", "part")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._picture_name = self._mark_name = self._tone = ""
        self._title = label("", "heading", name=f"{name}Title")
        self._picture, self._mark = QLabel(), QLabel()
        self._headline = label("", "display", name=f"{name}Headline")
        self._caption = label("", "muted", name=f"{name}Caption")
        self._lines = label("", name=f"{name}Lines")
        self._bars = BarList(theme)
        self._fresh = label("", "small", name=f"{name}Fresh")
        self._why = label("", "muted", name=f"{name}Why")
        self._chip = QFrame()
        self._chip.setProperty("look", "chip")
        self._fresh.setWordWrap(False)
        self._lay_out()
        theme.changed.connect(self._tint)

    def say(self, title: str, *, fresh: str, why: str, tone: str, mark: str, spoken: str) -> None:
        """Say what it is about and how old it is; ``tone`` is a name of the style sheet."""
        self._title.setText(title)
        self._fresh.setText(fresh)
        _show(self._why, why)
        self._tone, self._mark_name = tone, mark
        for part in (self._chip, self._fresh):
            if part.property("tone") != tone:
                part.setProperty("tone", tone)
                part.style().unpolish(part)
                part.style().polish(part)
        self.setAccessibleName(spoken)
        self._tint()

    def tell(self, headline: str, caption: str, lines: tuple[str, ...], bars: Rows, picture: str) -> None:
        """Show what there is to tell; what is empty takes no room."""
        _show(self._headline, headline)
        _show(self._caption, caption)
        _show(self._lines, "\n".join(lines))
        self._bars.show_rows(bars)
        self._bars.setVisible(bool(bars))
        self._picture_name = picture
        self._picture.setVisible(bool(picture))
        self._tint()

    def _lay_out(self) -> None:
        chip = QHBoxLayout(self._chip)
        chip.setContentsMargins(SPACE["s"], SPACE["xs"], SPACE["m"], SPACE["xs"])
        chip.setSpacing(SPACE["xs"])
        chip.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignVCenter)
        chip.addWidget(self._fresh, 1)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._headline)
        words.addWidget(self._caption)
        head = QHBoxLayout()
        head.setSpacing(SPACE["m"])
        head.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["m"])
        column.setSpacing(SPACE["s"])
        column.addWidget(self._title)
        column.addLayout(head)
        column.addWidget(self._lines)
        column.addWidget(self._bars)
        column.addWidget(self._why)
        column.addStretch(1)
        column.addSpacing(SPACE["xs"])
        column.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignLeft)

    def _tint(self) -> None:
        if self._picture_name:
            self._picture.setPixmap(self._theme.pixmap(self._picture_name, "accent", PICTURE))
        if self._mark_name:
            self._mark.setPixmap(self._theme.pixmap(self._mark_name, self._tone, MARK))


def _show(part: QLabel, text: str) -> None:
    part.setText(text)
    part.setVisible(bool(text))
