"""The students: the list with its search, and the record beside it."""

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.columns import STUDENT_COLUMNS
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.list_and_detail import ListAndDetail
from rollbook_desktop.widgets.theme import SPACE, Theme
from rollbook_desktop.windows.searched_list import ListIds, ListWords, SearchedList
from rollbook_desktop.windows.student_pane import StudentPane

ROOM_FOR = {"student_number": 420, "grade_level": 490, "homeroom": 560, "birth_date": 680, "phone": 820}
SPLIT = "students/split"


class StudentsPage(QWidget):
    """Search, list, record. Everything can be done without a mouse (W19)."""

    def __init__(self, theme: Theme, desk: Desk, memory: QSettings) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._desk, self._memory = desk, memory
        self._table = desk.students
        self._add = Button(theme, self.tr("Add student"), "addStudent", icon="add", look="primary")
        ids = ListIds("students", "search", "studentCount")
        words = self._list_words()
        self._list = SearchedList(theme, ids, self._table, STUDENT_COLUMNS, ROOM_FOR, words)
        self._pane = StudentPane(theme, desk)
        self._split = ListAndDetail(
            theme, self._list, self._pane, self.tr("Back to the list"), "studentsSplit"
        )
        self._lay_out()
        self._connect()
        self._list.show_state()

    def focus_search(self) -> None:
        """Go to the search box, its text selected."""
        self._list.focus_search()

    def add(self) -> None:
        """Begin a new student."""
        if self._desk.student_form.may_write:
            self._list.view.clearSelection()
            self._desk.student_form.open_new()
            self._split.show_detail()
            self._pane.focus_first()

    def save(self) -> None:
        """Save the record that is open."""
        self._pane.save()

    def _list_words(self) -> ListWords:
        return ListWords(
            searched=self.tr("Search students: name, number or phone"),
            called=self.tr("Students"),
            counted=lambda number: self.tr("%n student(s)", "", number),
            no_match=self.tr("No student matches"),
            fewer_letters=self.tr("Try fewer letters, or another order of the names."),
            show_all=self.tr("Show all students"),
        )

    def _lay_out(self) -> None:
        self._list.top.addWidget(self._add)
        if isinstance(kept := self._memory.value(SPLIT), QByteArray):
            self._split.restoreState(kept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["l"])
        layout.setSpacing(SPACE["m"])
        layout.addLayout(self._list.top)
        layout.addWidget(self._split, 1)

    def _connect(self) -> None:
        self._add.clicked.connect(self.add)
        self._desk.student_form.rights_changed.connect(self._show_rights)
        self._list.emptied.connect(self._say_empty)
        self._list.acted.connect(self.add)
        self._show_rights()
        self._list.opened.connect(self._open_row)
        self._list.chosen.connect(self._edit_row)
        self._pane.left.connect(self._split.go_back)
        self._split.came_back.connect(self._list.view.setFocus)
        self._split.splitterMoved.connect(lambda *_: self._memory.setValue(SPLIT, self._split.saveState()))
        self._table.renewed.connect(self._select_open_record)

    def _show_rights(self) -> None:
        self._add.setEnabled(self._desk.student_form.may_write)
        self._list.show_state()

    def _open_row(self, number: int) -> None:
        row = self._table.row(number)
        if row is not None:
            self._desk.student_form.open(row.id)

    def _edit_row(self, number: int) -> None:
        self._open_row(number)
        self._split.show_detail()
        self._pane.focus_first()

    def _select_open_record(self) -> None:
        self._list.go_to_record(self._desk.student_form.record_id or "")

    def _say_empty(self) -> None:
        may_add = self._desk.student_form.may_write
        they_come = self.tr("They appear as soon as they come from the school.")
        and_add = self.tr("They appear as soon as they come from the school. You can also add the first one.")
        self._list.say_empty(
            self.tr("No students here yet"),
            and_add if may_add else they_come,
            icon="students",
            action=self.tr("Add student") if may_add else "",
        )
