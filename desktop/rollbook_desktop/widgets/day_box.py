"""A day to choose: typed, stepped with the arrows, or from a calendar."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QDateEdit

from rollbook_desktop.widgets.chevron import draw_chevron
from rollbook_desktop.widgets.theme import Theme


class DayBox(QDateEdit):
    """Looks as the window's other fields; is never changed by scrolling past it."""

    def __init__(self, theme: Theme, name: str, accessible_name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.lineEdit().setAccessibleName(accessible_name)  # which has the focus
        self.setCalendarPopup(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(128)
        theme.changed.connect(self.update)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll what is behind it instead."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arrow of the icons' family over Qt's box."""
        super().paintEvent(event)
        draw_chevron(self, self._theme)
