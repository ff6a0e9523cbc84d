"""A text to hand on: read-only, with a button that copies it (W9)."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.theme import SPACE, Theme


class CopyField(QWidget):
    """``name`` is the accessible id of the field; the button's is ``name`` + ``Copy``."""

    def __init__(self, theme: Theme, label: str, copy: str, copied: str, name: str) -> None:
        super().__init__()
        self._words = (copy, copied)
        self._line = QLineEdit()
        self._line.setObjectName(name)
        self._line.setReadOnly(True)
        caption = QLabel(label)
        caption.setProperty("type", "small")
        caption.setBuddy(self._line)
        self._button = Button(theme, copy, f"{name}Copy", icon="copy")
        self._button.clicked.connect(self.copy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE["s"])
        layout.addWidget(caption)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._button)

    @property
    def text(self) -> str:
        """What is shown."""
        return self._line.text()

    def show_text(self, text: str) -> None:
        """Show ``text`` from its beginning."""
        self._line.setText(text)
        self._line.setCursorPosition(0)
        self._button.setText(self._words[0])

    def copy(self) -> None:
        """Put the text on the clipboard, and say so on the button."""
        QGuiApplication.clipboard().setText(self.text)
        self._button.setText(self._words[1])
