"""Support: a request's story by its ID (R17)."""

from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.paragraphs import Paragraphs
from rollbook_desktop.widgets.search_box import SearchBox
from rollbook_desktop.widgets.theme import SPACE, Theme


class SupportPage(QWidget):
    """An ID goes in, its story comes out as text that can be copied."""

    def __init__(self, theme: Theme, desk: Desk, _memory: QSettings) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._story = desk.story
        self._id = SearchBox(theme, "requestIdInput", self.tr("ID of a request, an action or an entry"))
        self._find = Button(theme, self.tr("Find the request"), "findRequest", icon="search", look="primary")
        self._copy = Button(theme, self.tr("Copy the story"), "copyStory", icon="copy")
        self._text = Paragraphs(theme, "story", self.tr("The request's story"))
        self._notice = Notice(theme, "storyNotice")
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()

    def focus_first(self) -> None:
        """Go to the field for the ID."""
        self._id.setFocus()
        self._id.selectAll()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE["m"])
        top.addWidget(self._id, 1)
        top.addWidget(self._find)
        story = QWidget()
        column = QVBoxLayout(story)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE["s"])
        column.addWidget(self._text, 1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self._copy)
        column.addLayout(foot)
        self._stack.addWidget(self._notice)
        self._stack.addWidget(story)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["l"])
        layout.setSpacing(SPACE["m"])
        layout.addWidget(
            label(self.tr("Find out what became of a request: on this computer and at the server."), "muted")
        )
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        self._notice.say(
            self.tr("Find a request"),
            self.tr("Each error and each entry of the Sync centre shows an ID. Enter it above."),
            icon="support",
        )

    def _connect(self) -> None:
        self._find.clicked.connect(self._search)
        self._id.entered.connect(self._search)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._story.text))
        self._story.wanted.connect(self._find_wanted)
        self._story.searching.connect(self._show_searching)
        self._story.found.connect(self._show_story)
        self._story.nothing.connect(self._show_nothing)

    def _search(self) -> None:
        self._story.find(self._id.text())

    def _find_wanted(self, request_id: str) -> None:
        self._id.setText(request_id)
        self._search()

    def _show_searching(self) -> None:
        self._notice.say(self.tr("Asking this computer and the server…"), icon="search")
        self._notice.show_progress(0, 0)
        self._stack.setCurrentIndex(0)

    def _show_story(self, paragraphs: tuple[tuple[str, str], ...]) -> None:
        self._text.show_paragraphs(paragraphs)
        self._stack.setCurrentIndex(1)

    def _show_nothing(self, why: str) -> None:
        self._notice.say(self.tr("No story found"), why, icon="search")
        self._stack.setCurrentIndex(0)
