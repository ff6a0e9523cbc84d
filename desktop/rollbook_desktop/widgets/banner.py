"""A banner in the page, and a toast over it: what is worth knowing and stops nobody (W10, W15)."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE, Theme

TOAST_MS = 5000
TONE_ICONS = {"warn": "needs-you", "act": "error", "busy": "info", "quiet": "info"}
TONE_MEANINGS = {"warn": "warn", "act": "act", "busy": "accent", "quiet": "quiet"}


class Banner(QFrame):
    """Hidden until it has something to say."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._tone = "quiet"
        self.setProperty("look", "banner")
        self._icon = QLabel()
        self._text = label("", name=name)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE["m"], SPACE["s"], SPACE["m"], SPACE["s"])
        layout.setSpacing(SPACE["s"])
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._text, 1)
        self._act: Callable[[], None] | None = None
        self._button = Button(theme, "", f"{name}Action")
        self._button.clicked.connect(self._do)
        self._button.hide()
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        theme.changed.connect(self._tint)
        self.hide()

    @property
    def text(self) -> str:
        """What is said; empty while hidden."""
        return self._text.text()

    def say(
        self, text: str, tone: str = "quiet", action: str = "", act: Callable[[], None] | None = None
    ) -> None:
        """Show ``text`` in a tone of the style sheet, with one thing that can be done about it.

        Nothing hides the banner.
        """
        self._text.setText(text)
        self._act = act
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self._tone = tone
        self.setProperty("tone", tone)
        for part in (self, self._text):
            part.style().unpolish(part)
            part.style().polish(part)
        self._tint()
        self.setVisible(bool(text))

    def _do(self) -> None:
        if self._act is not None:
            self._act()

    def _tint(self) -> None:
        self._icon.setPixmap(self._theme.pixmap(TONE_ICONS[self._tone], TONE_MEANINGS[self._tone], 18))


class Toast(QFrame):
    """Says in passing what was done, at the foot of its parent, with one thing that can be done about it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setProperty("look", "toast")
        self._text = label("", name="toast")
        self._text.setWordWrap(False)
        self._act: Callable[[], None] | None = None
        self._button = Button(theme, "", "toastAction")
        self._button.clicked.connect(self._do)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE["l"], SPACE["s"], SPACE["m"], SPACE["s"])
        layout.addWidget(self._text)
        layout.addWidget(self._button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What is said."""
        return self._text.text()

    def say(self, text: str, action: str = "", act: Callable[[], None] | None = None) -> None:
        """Show ``text`` for some seconds; ``act`` is done when the person presses ``action``."""
        self._text.setText(text)
        self._act = act
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start(TOAST_MS)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._text, text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep its place when the window changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        left = (self._over.width() - self.width()) // 2
        self.move(left, self._over.height() - self.height() - SPACE["xl"])

    def _do(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()
