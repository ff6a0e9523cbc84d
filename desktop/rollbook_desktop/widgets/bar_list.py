"""A few numbers beside each other as bars (W17). What is drawn is written too."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE, Theme

THICK, LEAST = 10, 3
Rows = tuple[tuple[str, str, float], ...]
"""A label, a number as text, and its share of the longest bar, 0 to 1."""


class BarList(QWidget):
    """One row for each number."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: Rows = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE["m"])
        self._grid.setVerticalSpacing(SPACE["s"])
        self._grid.setColumnStretch(1, 1)

    def show_rows(self, rows: Rows) -> None:
        """Show these, in their order."""
        if rows == self._rows:
            return
        self._rows = rows
        while (item := self._grid.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for number, (name, count, share) in enumerate(rows):
            words, amount = label(name), label(count, "strong")
            for part in (words, amount):
                part.setWordWrap(False)
            amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(words, number, 0)
            self._grid.addWidget(Bar(self._theme, share), number, 1)
            self._grid.addWidget(amount, number, 2)


class Bar(QWidget):
    """A bar of ``share`` of its room."""

    def __init__(self, theme: Theme, share: float) -> None:
        super().__init__()
        self._theme, self._share = theme, share
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As high as it is thick."""
        return QSize(80, THICK)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it, and the room that it does not fill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        room = QRectF(self.rect())
        self._draw(painter, room, self._theme.colours.quiet_soft)
        room.setWidth(max(LEAST, room.width() * self._share) if self._share else 0)
        self._draw(painter, room, self._theme.colours.accent)
        painter.end()

    def _draw(self, painter: QPainter, room: QRectF, colour: str) -> None:
        radius = min(room.height(), room.width()) / 2
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(room, radius, radius)
