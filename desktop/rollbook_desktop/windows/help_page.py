"""Help: the guides, to be read without any network (R20)."""

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QWidget

from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.guides import Guide, anchor, guides, place_of
from rollbook_desktop.widgets.guide_view import GuideView
from rollbook_desktop.widgets.theme import SPACE, Theme

_LIST_WIDTH = 210


class HelpPage(QWidget):
    """The guides' titles at the left, the chosen one at the right."""

    def __init__(self, theme: Theme, _desk: Desk, _memory: QSettings) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._guides: tuple[Guide, ...] = ()
        self._list = QListWidget()
        self._list.setObjectName("guides")
        self._list.setAccessibleName(self.tr("Guides"))
        self._list.setFixedWidth(_LIST_WIDTH)
        self._list.setWordWrap(True)
        self._view = GuideView(theme, "guide", self.tr("The guide"), anchor)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["l"])
        row.setSpacing(SPACE["m"])
        row.addWidget(self._list)
        row.addWidget(self._view, 1)
        self._list.currentRowChanged.connect(self._show)
        self._view.followed.connect(self._follow)

    def focus_first(self) -> None:
        """Go to the list of the guides."""
        self._read()
        self._list.setFocus()

    def open(self, key: str, heading: str = "") -> None:
        """Show a guide, at a heading where one is named."""
        self._read()
        row = next((number for number, guide in enumerate(self._guides) if guide.key == key), None)
        if row is not None:
            self._list.setCurrentRow(row)
        if heading:
            self._view.go_to_heading(heading)

    def _read(self) -> None:
        """The guides are read when somebody wants them: the start need not wait for that."""
        if not self._guides:
            self._guides = guides()
            self._list.addItems([guide.title for guide in self._guides])
            self._list.setCurrentRow(0)

    def _show(self, row: int) -> None:
        guide = self._guides[row]
        self._view.show_text(guide.title, guide.text)

    def _follow(self, link: str) -> None:
        self.open(*place_of(link))
