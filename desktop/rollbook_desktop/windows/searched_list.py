"""A list with its search box and count, and what stands in its place while there is nothing to list (W16)."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget

from rollbook_desktop.viewmodels.columns import Column
from rollbook_desktop.viewmodels.record_table import ListState, RecordTable
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.list_view import ListView
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.search_box import SearchBox
from rollbook_desktop.widgets.theme import SPACE, Theme


@dataclass(frozen=True, slots=True)
class ListIds:
    """The accessible ids of the parts."""

    view: str
    search: str
    count: str


@dataclass(frozen=True, slots=True)
class ListWords:
    """What the list says. ``counted`` words a number of records; ``searched`` is what may be typed."""

    searched: str
    called: str
    counted: Callable[[int], str]
    no_match: str
    fewer_letters: str
    show_all: str


class SearchedList(QStackedWidget):
    """The list itself; ``top`` is a row with search box and count, to be laid out above it.

    ``room_for`` maps a column's key to the width, in logical pixels, from
    which it is shown.
    """

    opened = Signal(int)
    """The person moved to a row."""
    chosen = Signal(int)
    """The person goes into a row."""
    emptied = Signal()
    """There is no record at all: :meth:`say_empty` tells why."""
    acted = Signal()
    """What :meth:`say_empty` offers was chosen."""

    def __init__(
        self,
        theme: Theme,
        ids: ListIds,
        table: RecordTable,
        columns: tuple[Column, ...],
        room_for: dict[str, int],
        words: ListWords,
    ) -> None:
        super().__init__()
        self._table, self._words = table, words
        self.search = SearchBox(theme, ids.search, words.searched)
        self.view = ListView(ids.view, words.called)
        self._count = label("", "muted", name=ids.count)
        self._count.setWordWrap(False)
        self._notice = Notice(theme, f"{ids.view}Notice")
        self.top = QHBoxLayout()
        self.top.setSpacing(SPACE["m"])
        self.top.addWidget(self.search, 1)
        self.top.addWidget(self._count)
        self.addWidget(self.view)
        self.addWidget(self._notice)
        self._show_columns(columns, room_for)
        self._connect()
        self.show_state()

    def focus_search(self) -> None:
        """Go to the search box, its text selected."""
        self.search.setFocus()
        self.search.selectAll()

    def go_to_record(self, record_id: str) -> None:
        """Mark the record, where it is among those in sight."""
        number = self._table.number_of(record_id) if record_id else -1
        if number >= 0 and number != self.view.current_row:
            self.view.go_to(number)

    def say_empty(self, title: str, text: str, *, icon: str, action: str = "") -> None:
        """Say why there is nothing."""
        self._notice.say(title, text, icon=icon, action=action)

    def show_state(self) -> None:
        """Show the list, or what stands in its place."""
        state = self._table.state
        shown = state is ListState.SHOWN
        self._count.setText(self._words.counted(self._table.total) if shown else "")
        self.setCurrentWidget(self.view if shown else self._notice)
        if state is ListState.LOADING:
            self._notice.say(self.tr("Opening the list…"), icon="book")
            self._notice.show_progress(0, 0)
        elif state is ListState.NO_MATCH:
            words = self._words
            self._notice.say(words.no_match, words.fewer_letters, icon="search", action=words.show_all)
        elif state is ListState.EMPTY:
            self.emptied.emit()
        elif state is ListState.UNAVAILABLE:
            self._say_unavailable()

    def _say_unavailable(self) -> None:
        self._notice.say(
            self.tr("The list can't be read"),
            self._table.problem,
            icon="error",
            meaning="act",
            action=self.tr("Try again"),
        )

    def _show_columns(self, columns: tuple[Column, ...], room_for: dict[str, int]) -> None:
        self.view.show_model(self._table, tuple(column.width for column in columns))
        keys = [column.key for column in columns]
        self.view.room_for = {keys.index(key): width for key, width in room_for.items()}
        header = self.view.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._table.search)
        self.search.went_down.connect(self._go_down)
        self.search.entered.connect(self._go_to_first)
        self.view.moved.connect(self.opened)
        self.view.chosen.connect(self.chosen)
        self.view.horizontalHeader().sortIndicatorChanged.connect(self._table.sort)
        self._table.state_changed.connect(self.show_state)
        self._notice.acted.connect(self._act)

    def _go_down(self) -> None:
        if self._table.total:
            self.view.setFocus()
            self.view.go_to(max(self.view.current_row, 0))

    def _go_to_first(self) -> None:
        if self._table.total:
            self.view.setFocus()
            self.view.go_to(0)

    def _act(self) -> None:
        if self._table.state is ListState.NO_MATCH:
            self.search.clear()
            self.focus_search()
        elif self._table.state is ListState.EMPTY:
            self.acted.emit()
        else:
            self._table.refresh()
