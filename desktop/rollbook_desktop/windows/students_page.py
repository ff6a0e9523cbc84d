"""The students: the list with its search, and the record beside it."""

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.columns import STUDENT_COLUMNS
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.record_table import ListState
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.list_and_detail import ListAndDetail
from rollbook_desktop.widgets.list_view import ListView
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.search_box import SearchBox
from rollbook_desktop.widgets.theme import SPACE, Theme
from rollbook_desktop.windows.student_pane import StudentPane

ROOM_FOR = {"student_number": 420, "grade_level": 490, "homeroom": 560, "birth_date": 680, "phone": 820}
"""Width of the list, in logical pixels, from which a column is shown; the others always are."""
SPLIT = "students/split"


class StudentsPage(QWidget):
    """Search, list, record. Everything can be done without a mouse (W19)."""

    def __init__(self, theme: Theme, desk: Desk, memory: QSettings) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._desk, self._memory = desk, memory
        self._table = desk.students
        self._search = SearchBox(theme, "search", self.tr("Search students: name, number or phone"))
        self._count = label("", "muted", name="studentCount")
        self._count.setWordWrap(False)
        self._add = Button(theme, self.tr("Add student"), "addStudent", icon="add", look="primary")
        self._list = ListView("students", self.tr("Students"))
        self._notice = Notice(theme, "studentsNotice")
        self._left = QStackedWidget()
        self._pane = StudentPane(theme, desk)
        self._split = ListAndDetail(
            theme, self._left, self._pane, self.tr("Back to the list"), "studentsSplit"
        )
        self._show_columns()
        self._lay_out()
        self._connect()
        self._show_state()

    def _show_rights(self) -> None:
        self._add.setEnabled(self._desk.student_form.may_write)
        if self._table.state is ListState.EMPTY:
            self._say_empty()

    def focus_search(self) -> None:
        """Go to the search box, its text selected."""
        self._search.setFocus()
        self._search.selectAll()

    def add(self) -> None:
        """Begin a new student."""
        if self._desk.student_form.may_write:
            self._list.clearSelection()
            self._desk.student_form.open_new()
            self._split.show_detail()
            self._pane.focus_first()

    def save(self) -> None:
        """Save the record that is open."""
        self._pane.save()

    def _show_columns(self) -> None:
        widths = tuple(column.width for column in STUDENT_COLUMNS)
        self._list.show_model(self._table, widths)
        keys = [column.key for column in STUDENT_COLUMNS]
        self._list.room_for = {keys.index(key): width for key, width in ROOM_FOR.items()}
        header = self._list.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE["m"])
        top.addWidget(self._search, 1)
        top.addWidget(self._count)
        top.addWidget(self._add)
        self._left.addWidget(self._list)
        self._left.addWidget(self._notice)
        if isinstance(kept := self._memory.value(SPLIT), QByteArray):
            self._split.restoreState(kept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["l"])
        layout.setSpacing(SPACE["m"])
        layout.addLayout(top)
        layout.addWidget(self._split, 1)

    def _connect(self) -> None:
        self._search.textChanged.connect(self._table.search)
        self._search.went_down.connect(self._go_down)
        self._search.entered.connect(self._open_first)
        self._add.clicked.connect(self.add)
        self._desk.student_form.rights_changed.connect(self._show_rights)
        self._show_rights()
        self._list.moved.connect(self._open_row)
        self._list.chosen.connect(self._edit_row)
        self._list.horizontalHeader().sortIndicatorChanged.connect(self._table.sort)
        self._pane.left.connect(self._split.go_back)
        self._split.came_back.connect(self._list.setFocus)
        self._split.splitterMoved.connect(lambda *_: self._memory.setValue(SPLIT, self._split.saveState()))
        self._table.state_changed.connect(self._show_state)
        self._table.renewed.connect(self._select_open_record)
        self._notice.acted.connect(self._act_on_notice)

    def _go_down(self) -> None:
        if self._table.total:
            self._list.setFocus()
            self._list.go_to(max(self._list.current_row, 0))

    def _open_first(self) -> None:
        if self._table.total:
            self._list.setFocus()
            self._list.go_to(0)

    def _open_row(self, number: int) -> None:
        row = self._table.row(number)
        if row is not None:
            self._desk.student_form.open(row.id)

    def _edit_row(self, number: int) -> None:
        self._open_row(number)
        self._split.show_detail()
        self._pane.focus_first()

    def _select_open_record(self) -> None:
        record_id = self._desk.student_form.record_id
        number = self._table.number_of(record_id) if record_id else -1
        if number >= 0:
            self._list.go_to(number)

    def _show_state(self) -> None:
        total = self.tr("%n student(s)", "", self._table.total)
        self._count.setText(total if self._table.state is ListState.SHOWN else "")
        if self._table.state is ListState.SHOWN:
            self._left.setCurrentWidget(self._list)
            return
        self._left.setCurrentWidget(self._notice)
        self._say_notice(self._table.state)

    def _say_notice(self, state: ListState) -> None:
        say = self._notice.say
        if state is ListState.LOADING:
            say(self.tr("Opening the list…"), icon="book")
            self._notice.show_progress(0, 0)
        elif state is ListState.NO_MATCH:
            say(
                self.tr("No student matches"),
                self.tr("Try fewer letters, or another order of the names."),
                icon="search",
                action=self.tr("Show all students"),
            )
        elif state is ListState.EMPTY:
            self._say_empty()
        else:
            say(
                self.tr("The list can't be read"),
                self._table.problem,
                icon="error",
                meaning="act",
                action=self.tr("Try again"),
            )

    def _say_empty(self) -> None:
        may_add = self._desk.student_form.may_write
        they_come = self.tr("They appear as soon as they come from the school.")
        and_add = self.tr("They appear as soon as they come from the school. You can also add the first one.")
        self._notice.say(
            self.tr("No students here yet"),
            and_add if may_add else they_come,
            icon="students",
            action=self.tr("Add student") if may_add else "",
        )

    def _act_on_notice(self) -> None:
        if self._table.state is ListState.NO_MATCH:
            self._search.clear()
            self.focus_search()
        elif self._table.state is ListState.EMPTY:
            self.add()
        else:
            self._table.refresh()
