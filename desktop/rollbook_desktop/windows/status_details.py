"""What is behind the pill (W1): the state, since when, the next attempt, and what is outstanding."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.status import StatusModel
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE, Theme

WIDTH = 400


class StatusDetails(QFrame):
    """Opens below the pill and follows the state while it is open. Esc closes it."""

    def __init__(self, theme: Theme, parent: QWidget, status: StatusModel) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("statusDetails")
        self.setAccessibleName(self.tr("Status details"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("look", "popover")
        self._theme, self._status = theme, status
        self._shown: dict[str, QLabel] = {}
        self._headline = label("", "heading", name="statusHeadline")
        self._explanation = label("", "muted", name="statusExplanation")
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(SPACE["m"])
        self._rows.setVerticalSpacing(SPACE["xs"])
        self._rows.setColumnStretch(1, 1)
        self._buttons = QHBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["l"], SPACE["l"], SPACE["l"], SPACE["m"])
        layout.setSpacing(SPACE["s"])
        layout.addWidget(self._headline)
        layout.addWidget(self._explanation)
        layout.addLayout(self._rows)
        layout.addLayout(self._buttons)
        self.setMinimumWidth(WIDTH)
        status.changed.connect(self._show_words)
        self._show_words()

    def offer(self, text: str, name: str, act: Callable[[], None], look: str = "plain") -> None:
        """Add something to do; it closes the details."""

        def acted() -> None:
            self.close()
            act()

        button = Button(self._theme, text, name, look=look)
        button.clicked.connect(acted)
        self._buttons.addWidget(button)

    def open_below(self, anchor: QWidget) -> None:
        """Show below ``anchor``, within the window's width."""
        self.adjustSize()
        corner = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height() + SPACE["xs"]))
        self.move(corner)
        self.show()
        first = self._buttons.itemAt(0)
        if first is not None and (button := first.widget()) is not None:
            button.setFocus()

    def _show_words(self) -> None:
        words = self._status.words
        if words is None:
            return
        self._headline.setText(words.headline)
        self._explanation.setText(words.explanation)
        self._explanation.setVisible(bool(words.explanation))
        if set(self._shown) != {name for name, _text in words.rows}:
            self._lay_out([name for name, _text in words.rows])
        for name, text in words.rows:
            self._shown[name].setText(text)
        self.adjustSize()

    def _lay_out(self, names: list[str]) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._shown = {name: label("", selectable=False) for name in names}
        for row, name in enumerate(names):
            caption = label(name, "muted")
            caption.setWordWrap(False)
            self._rows.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
            self._rows.addWidget(self._shown[name], row, 1)
