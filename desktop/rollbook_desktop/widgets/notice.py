"""What stands where a list would be: loading, empty, no match and unavailable look different (W16)."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE, Theme


class Notice(QWidget):
    """An icon, a line, an explanation and the next step."""

    acted = Signal()

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._icon_name, self._meaning = "info", "muted"
        self._icon = QLabel()
        self._title = label("", "heading", name=f"{name}Title")
        self._text = label("", "muted", name=f"{name}Text")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMaximumWidth(280)
        self._action = Button(theme, "", f"{name}Action", look="primary")
        self._action.clicked.connect(self.acted)
        self._lay_out()
        theme.changed.connect(self._tint)

    @property
    def title(self) -> str:
        """The line that is shown."""
        return self._title.text()

    def say(
        self, title: str, text: str = "", *, icon: str = "info", meaning: str = "muted", action: str = ""
    ) -> None:
        """Show a state and offer ``action`` where there is one."""
        self._icon_name, self._meaning = icon, meaning
        self._tint()
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._bar.hide()

    def show_progress(self, done: int, total: int) -> None:
        """Show how far it is; without a ``total``, that it goes on."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._bar.show()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE["m"])
        layout.addStretch(2)
        for part in (self._icon, self._title, self._text):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(part)
        layout.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._action, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def _tint(self) -> None:
        self._icon.setPixmap(self._theme.pixmap(self._icon_name, self._meaning, 48))
