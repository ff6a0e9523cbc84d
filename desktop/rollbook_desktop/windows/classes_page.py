"""The classes: the list, and the register of the one that is chosen (W13)."""

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.columns import SECTION_COLUMNS
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.list_and_detail import ListAndDetail
from rollbook_desktop.widgets.theme import SPACE, Theme
from rollbook_desktop.windows.register_pane import RegisterPane
from rollbook_desktop.windows.searched_list import ListIds, ListWords, SearchedList

ROOM_FOR = {"grade_level": 300, "class_code": 420, "location": 480}
SPLIT = "classes/split"
FIRST_SIZES = (360, 620)


class ClassesPage(QWidget):
    """Search, list, register. Everything can be done without a mouse (W19)."""

    def __init__(self, theme: Theme, desk: Desk, memory: QSettings) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._desk, self._memory, self._table = desk, memory, desk.classes.table
        self._shown = ""
        ids = ListIds("classes", "searchClasses", "classCount")
        words = self._list_words()
        self._list = SearchedList(theme, ids, self._table, SECTION_COLUMNS, ROOM_FOR, words)
        self._other_years = Button(theme, self.tr("Other years, too"), "otherYears")
        self._other_years.setCheckable(True)
        self._pane = RegisterPane(theme, desk.register)
        self._split = ListAndDetail(
            theme, self._list, self._pane, self.tr("Back to the classes"), "classesSplit"
        )
        self._lay_out()
        self._connect()
        self._list.show_state()

    def focus_first(self) -> None:
        """Go to the search box, its text selected."""
        self._list.focus_search()

    def save(self) -> None:
        """Save the register that is open."""
        self._pane.save()

    def _list_words(self) -> ListWords:
        return ListWords(
            searched=self.tr("Search classes: title, code or subject"),
            called=self.tr("Classes"),
            counted=lambda number: self.tr("%n class(es)", "", number),
            no_match=self.tr("No class matches"),
            fewer_letters=self.tr("Try fewer letters, or the other years."),
            show_all=self.tr("Show all classes"),
        )

    def _lay_out(self) -> None:
        self._list.top.addWidget(self._other_years)
        self._split.setSizes(list(FIRST_SIZES))
        if isinstance(kept := self._memory.value(SPLIT), QByteArray):
            self._split.restoreState(kept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["l"])
        layout.setSpacing(SPACE["m"])
        layout.addLayout(self._list.top)
        layout.addWidget(self._split, 1)

    def _connect(self) -> None:
        self._list.opened.connect(self._open_row)
        self._list.chosen.connect(self._take_register)
        self._list.search.entered.connect(lambda: self._take_register(0))
        self._list.emptied.connect(self._say_empty)
        self._other_years.toggled.connect(self._desk.classes.show_other_years)
        self._split.came_back.connect(self._list.view.setFocus)
        self._split.splitterMoved.connect(lambda *_: self._memory.setValue(SPLIT, self._split.saveState()))

    def _open_row(self, number: int) -> None:
        row = self._table.row(number)
        if row is not None and row.id != self._shown:
            self._pane.leaving(lambda: self._open(row.id))
            self._list.go_to_record(self._shown)  # also where the person is asked to stay

    def _open(self, section_id: str) -> None:
        self._shown = section_id
        self._desk.register.open(section_id)
        self._list.go_to_record(section_id)

    def _take_register(self, number: int) -> None:
        if self._table.row(number) is not None:
            self._open_row(number)
            self._split.show_detail()
            self._pane.focus_first()

    def _say_empty(self) -> None:
        self._list.say_empty(
            self.tr("No classes here yet"),
            self.tr("They appear as soon as they come from the school, or are imported."),
            icon="students",
        )
