"""The arrow of the icons' family, drawn over boxes that open something below them."""

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from rollbook_desktop.widgets.theme import SPACE, Theme

SIDE = 16


def draw_chevron(box: QWidget, theme: Theme) -> None:
    """Draw it at the end of ``box``; to be called in its paint event."""
    left = SPACE["s"] if box.isRightToLeft() else box.width() - SIDE - SPACE["s"]
    painter = QPainter(box)
    painter.drawPixmap(left, (box.height() - SIDE) // 2, theme.pixmap("chevron-down", "muted", SIDE))
    painter.end()
