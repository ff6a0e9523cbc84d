"""The search box of a list: every keystroke counts, Down goes to the list, Esc empties it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from rollbook_desktop.widgets.buttons import ENTER_KEYS
from rollbook_desktop.widgets.theme import Theme


class SearchBox(QLineEdit):
    """Emits what is typed, and that the person wants to go on into the list."""

    went_down = Signal()
    entered = Signal()

    def __init__(self, theme: Theme, name: str, placeholder: str) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(name)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(True)
        self._glass = self.addAction(theme.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        theme.changed.connect(self._tint)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down and Enter lead into the list; Esc empties the box."""
        if event.key() == Qt.Key.Key_Down:
            self.went_down.emit()
        elif event.key() in ENTER_KEYS:
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def _tint(self) -> None:
        self._glass.setIcon(self._theme.icon("search", "muted"))
