"""Support: a request's story by its ID (R17), and a file to hand on (R18)."""

from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.labels import label, rule
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
        self._file = desk.support_file
        self._id = SearchBox(theme, "requestIdInput", self.tr("ID of a request, an action or an entry"))
        self._find = Button(theme, self.tr("Find the request"), "findRequest", icon="search", look="primary")
        self._copy = Button(theme, self.tr("Copy the story"), "copyStory", icon="copy")
        self._text = Paragraphs(theme, "story", self.tr("The request's story"))
        self._make_file = Button(
            theme, self.tr("Make a file for support…"), "makeSupportFile", icon="support"
        )
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
        top.addWidget(self._copy)
        self._copy.hide()
        self._stack.addWidget(self._notice)
        self._stack.addWidget(self._text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["l"])
        layout.setSpacing(SPACE["m"])
        layout.addWidget(
            label(self.tr("Find out what became of a request: on this computer and at the server."), "muted")
        )
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        layout.addWidget(rule())
        layout.addLayout(self._foot())
        self._notice.say(
            self.tr("Find a request"),
            self.tr("Each error and each entry of the Sync centre shows an ID. Enter it above."),
            icon="support",
        )

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(SPACE["m"])
        foot.addWidget(
            label(
                self.tr(
                    "A file for support says how things stand on this computer: versions, settings, counts, "
                    "requests, the log. No person's name and no value of a record is in it."
                ),
                "muted",
            ),
            1,
        )
        foot.addWidget(self._make_file)
        return foot

    def _connect(self) -> None:
        self._make_file.clicked.connect(self._choose_file)
        self._find.clicked.connect(self._search)
        self._id.entered.connect(self._search)
        self._copy.clicked.connect(self._copy_story)
        self._story.wanted.connect(self._find_wanted)
        self._story.searching.connect(self._show_searching)
        self._story.found.connect(self._show_story)
        self._story.nothing.connect(self._show_nothing)

    def _search(self) -> None:
        self._story.find(self._id.text())

    def _copy_story(self) -> None:
        QGuiApplication.clipboard().setText(self._story.text)
        self._copy.setText(self.tr("Copied"))

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Make a file for support"), "rollbook-support.zip")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(lambda chosen: self._file.write(Path(chosen)))
        dialog.open()

    def _find_wanted(self, request_id: str) -> None:
        self._id.setText(request_id)
        self._search()

    def _show_searching(self) -> None:
        self._notice.say(self.tr("Asking this computer and the server…"), icon="search")
        self._notice.show_progress(0, 0)
        self._copy.hide()
        self._stack.setCurrentIndex(0)

    def _show_story(self, paragraphs: tuple[tuple[str, str], ...]) -> None:
        self._text.show_paragraphs(paragraphs)
        self._copy.setText(self.tr("Copy the story"))
        self._copy.show()
        self._stack.setCurrentIndex(1)

    def _show_nothing(self, why: str) -> None:
        self._notice.say(self.tr("No story found"), why, icon="search")
        self._copy.hide()
        self._stack.setCurrentIndex(0)
