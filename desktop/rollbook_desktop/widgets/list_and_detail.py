"""A list and what is chosen in it: side by side where there is room, else one at a time (W20)."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.theme import SPACE, Theme

LIST_LEAST = 240
FIRST_SIZES = (580, 400)


class ListAndDetail(QSplitter):
    """``came_back`` is emitted when the person leaves the detail for the list."""

    came_back = Signal()

    def __init__(self, theme: Theme, list_side: QWidget, detail: QWidget, back: str, name: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setObjectName(name)
        self.setHandleWidth(SPACE["m"])
        self.setChildrenCollapsible(False)
        self._list, self._detail = list_side, QWidget()
        self._back = Button(theme, back, f"{name}Back", icon="undo", look="quiet")
        self._back.clicked.connect(self.go_back)
        column = QVBoxLayout(self._detail)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE["xs"])
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(detail, 1)
        self._back.hide()
        list_side.setMinimumWidth(LIST_LEAST)
        self.addWidget(list_side)
        self.addWidget(self._detail)
        self.setStretchFactor(0, 3)
        self.setStretchFactor(1, 2)
        self.setSizes(list(FIRST_SIZES))
        self._one_at_a_time = False
        self._detail_wanted = False

    def show_detail(self) -> None:
        """The person goes into what is chosen."""
        self._detail_wanted = True
        self._arrange()

    def go_back(self) -> None:
        """The person goes back to the list."""
        self._detail_wanted = False
        self._arrange()
        self.came_back.emit()

    def minimumSizeHint(self) -> QSize:
        """Room for the wider of the two is enough."""
        sides = self._list.minimumSizeHint(), self._detail.minimumSizeHint()
        width = max(LIST_LEAST, *(side.width() for side in sides))
        return QSize(width, max(side.height() for side in sides))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose between both and one at a time."""
        super().resizeEvent(event)
        needed = LIST_LEAST + self.handleWidth() + self._detail.minimumSizeHint().width()
        if self._one_at_a_time != (self.width() < needed):
            self._one_at_a_time = not self._one_at_a_time
            self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc, where nothing in the detail took it, leads back to the list."""
        if event.key() == Qt.Key.Key_Escape and self._detail_wanted:
            self.go_back()
            return
        super().keyPressEvent(event)

    def _arrange(self) -> None:
        self._back.setVisible(self._one_at_a_time)
        self._list.setVisible(not (self._one_at_a_time and self._detail_wanted))
        self._detail.setVisible(self._detail_wanted or not self._one_at_a_time)
