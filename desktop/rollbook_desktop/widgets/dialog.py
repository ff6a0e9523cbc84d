"""A dialog that says one thing and offers verbs (W9). Shown by ``open()``: it blocks nobody's code."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE, Theme


class PlainDialog(QDialog):
    """Icon and title at the top, a body, buttons at the foot; gone for good once closed."""

    def __init__(
        self, theme: Theme, parent: QWidget, title: str, *, icon: str, meaning: str, width: int = 480
    ) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(min(width, parent.width() or width))
        picture = QLabel()
        picture.setPixmap(theme.pixmap(icon, meaning, 24))
        head = QHBoxLayout()
        head.setSpacing(SPACE["m"])
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(label(title, "heading", name="dialogTitle", selectable=True), 1)
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACE["m"])
        self._foot = QHBoxLayout()
        self._foot.setSpacing(SPACE["s"])
        self._foot.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["xl"], SPACE["xl"], SPACE["xl"], SPACE["l"])
        layout.setSpacing(SPACE["l"])
        layout.addLayout(head)
        layout.addLayout(self.body)
        layout.addLayout(self._foot)

    def showEvent(self, event: QShowEvent) -> None:
        """Take the height that the wrapped text needs at this width, no more."""
        super().showEvent(event)
        layout = self.layout()
        if layout is not None and layout.hasHeightForWidth():
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def add_text(self, text: str, type_: str = "body", name: str = "") -> None:
        """Add a paragraph; an empty one is left out."""
        if text:
            self.body.addWidget(label(text, type_, name=name, selectable=True))

    def add_button(self, text: str, name: str, act: Callable[[], None], *, look: str = "plain") -> Button:
        """Add a verb."""
        button = Button(self.theme, text, name, look=look)
        button.clicked.connect(act)
        self._foot.addWidget(button)
        return button


class Question(PlainDialog):
    """Asks before what cannot be undone (W15). The safe answer has the focus."""

    def __init__(
        self, theme: Theme, parent: QWidget, title: str, text: str, *, icon: str = "needs-you"
    ) -> None:
        super().__init__(theme, parent, title, icon=icon, meaning="warn")
        self.setObjectName("question")
        self.add_text(text, name="questionText")

    def offer(self, text: str, name: str, act: Callable[[], None], *, look: str = "plain") -> None:
        """Add an answer that closes the dialog and acts."""
        self.add_button(text, name, lambda: self._answer(act), look=look)

    def offer_safe(self, text: str, name: str) -> None:
        """Add the answer that changes nothing; Esc gives it too."""
        button = self.add_button(text, name, self.reject, look="primary")
        button.setFocus()

    def _answer(self, act: Callable[[], None]) -> None:
        self.accept()
        act()
