"""The classes: the list, and the register of the one that is chosen (W13)."""

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.columns import SECTION_COLUMNS
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.record_table import ListState
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.list_and_detail import ListAndDetail
from rollbook_desktop.widgets.list_view import ListView
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.search_box import SearchBox
from rollbook_desktop.widgets.theme import SPACE, Theme
from rollbook_desktop.windows.register_pane import RegisterPane

ROOM_FOR = {"grade_level": 300, "class_code": 420, "location": 480}
SPLIT = "classes/split"
FIRST_SIZES = (360, 620)


class ClassesPage(QWidget):
    """Search, list, register. Everything can be done without a mouse (W19)."""

    def __init__(self, theme: Theme, desk: Desk, memory: QSettings) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._desk, self._memory, self._table = desk, memory, desk.sections
        self._shown = ""
        self._search = SearchBox(theme, "searchClasses", self.tr("Search classes: title, code or subject"))
        self._count = label("", "muted", name="classCount")
        self._count.setWordWrap(False)
        self._list = ListView("classes", self.tr("Classes"))
        self._notice = Notice(theme, "classesNotice")
        self._left = QStackedWidget()
        self._pane = RegisterPane(theme, desk.register)
        self._split = ListAndDetail(
            theme, self._left, self._pane, self.tr("Back to the classes"), "classesSplit"
        )
        self._show_columns()
        self._lay_out()
        self._connect()
        self._show_state()

    def focus_first(self) -> None:
        """Go to the search box, its text selected."""
        self._search.setFocus()
        self._search.selectAll()

    def save(self) -> None:
        """Save the register that is open."""
        self._pane.save()

    def _show_columns(self) -> None:
        self._list.show_model(self._table, tuple(column.width for column in SECTION_COLUMNS))
        keys = [column.key for column in SECTION_COLUMNS]
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
        self._left.addWidget(self._list)
        self._left.addWidget(self._notice)
        self._split.setSizes(list(FIRST_SIZES))
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
        self._list.moved.connect(self._open_row)
        self._list.chosen.connect(self._take_register)
        self._list.horizontalHeader().sortIndicatorChanged.connect(self._table.sort)
        self._split.came_back.connect(self._list.setFocus)
        self._split.splitterMoved.connect(lambda *_: self._memory.setValue(SPLIT, self._split.saveState()))
        self._table.state_changed.connect(self._show_state)
        self._notice.acted.connect(self._act_on_notice)

    def _go_down(self) -> None:
        if self._table.total:
            self._list.setFocus()
            self._list.go_to(max(self._list.current_row, 0))

    def _open_first(self) -> None:
        if self._table.total:
            self._list.go_to(0)
            self._take_register(0)

    def _open_row(self, number: int) -> None:
        row = self._table.row(number)
        if row is not None and row.id != self._shown:
            self._pane.leaving(lambda: self._open(row.id))
            self._show_chosen()

    def _open(self, section_id: str) -> None:
        self._shown = section_id
        self._desk.register.open(section_id)
        self._show_chosen()

    def _show_chosen(self) -> None:
        """The list marks the class whose register is shown, also where the person is asked to stay."""
        number = self._table.number_of(self._shown) if self._shown else -1
        if number >= 0 and number != self._list.current_row:
            self._list.go_to(number)

    def _take_register(self, number: int) -> None:
        self._open_row(number)
        self._split.show_detail()
        self._pane.focus_first()

    def _show_state(self) -> None:
        state = self._table.state
        self._count.setText(
            self.tr("%n class(es)", "", self._table.total) if state is ListState.SHOWN else ""
        )
        self._left.setCurrentWidget(self._list if state is ListState.SHOWN else self._notice)
        if state is ListState.LOADING:
            self._notice.say(self.tr("Opening the list…"), icon="book")
        elif state is ListState.NO_MATCH:
            self._notice.say(
                self.tr("No class matches"),
                self.tr("Try fewer letters."),
                icon="search",
                action=self.tr("Show all classes"),
            )
        elif state is ListState.EMPTY:
            self._notice.say(
                self.tr("No classes here yet"),
                self.tr("They appear as soon as they come from the school, or are imported."),
                icon="students",
            )
        elif state is ListState.UNAVAILABLE:
            self._notice.say(
                self.tr("The list can't be read"),
                self._table.problem,
                icon="error",
                meaning="act",
                action=self.tr("Try again"),
            )

    def _act_on_notice(self) -> None:
        if self._table.state is ListState.NO_MATCH:
            self._search.clear()
            self.focus_first()
        else:
            self._table.refresh()
