"""The list of records: pages of one query, fetched as they come into sight (W12, W15, W16)."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from rollbook.client.values import RecordPage, RecordQuery, RecordRow
from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels.columns import MARK_ICONS, Column

PAGE = 200
IN_SIGHT = 2
"""As many pages as can be in sight at once; those are what a refresh asks for."""
SETTLE_MS = 60
Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()


class ListState(StrEnum):
    """What the list has to show; each looks different."""

    LOADING = "loading"
    SHOWN = "shown"
    EMPTY = "empty"
    NO_MATCH = "no_match"
    UNAVAILABLE = "unavailable"


class RecordTable(QAbstractTableModel):
    """Rows of one entity. Queries run elsewhere; an answer that is no longer wanted is dropped."""

    state_changed = Signal()
    """Of :attr:`state` or :attr:`total`."""
    renewed = Signal()
    """Another search or another order: rows are not what they were."""

    def __init__(
        self,
        facade: Facade,
        bridge: Bridge,
        columns: tuple[Column, ...],
        query: RecordQuery,
        icon: Callable[[str], Any] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._facade, self._bridge, self._columns = facade, bridge, columns
        self._icon = icon
        self._query = replace(query, limit=PAGE)
        self._rows: dict[int, RecordRow] = {}
        self._asked: dict[int, Ticket] = {}
        self._first: Ticket | None = None
        self._stale = False
        self._again = False
        self._in_sight: list[int] = [0]
        self.total = 0
        self.state = ListState.LOADING
        self.problem = ""
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.refresh)
        bridge.records_changed.connect(self._on_changed)

    @property
    def query(self) -> RecordQuery:
        """What is asked for."""
        return self._query

    def search(self, text: str) -> None:
        """Show what matches ``text``."""
        if text.strip() != self._query.text:
            self._renew(replace(self._query, text=text.strip()))

    def filter(self, filters: dict[str, Any]) -> None:
        """Show what has these values (see :class:`RecordQuery`)."""
        if filters != self._query.filters:
            self._renew(replace(self._query, filters=filters))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Have the store sort by a column; one without an order of its own changes nothing."""
        field = self._columns[column].sort if 0 <= column < len(self._columns) else ""
        if field:
            descending = order == Qt.SortOrder.DescendingOrder
            self._renew(replace(self._query, sort=field, descending=descending))

    def refresh(self) -> None:
        """Ask again for what is in sight; selection and place stay."""
        self._drop_pages()
        pages = tuple(self._in_sight) if self.total else (0,)
        self._first = self._bridge.query(
            partial(self._fetch, self._query, pages), self._take_refresh, self._failed
        )

    def row(self, number: int) -> RecordRow | None:
        """The record in a row, where it is known by now."""
        return self._rows.get(number)

    def number_of(self, record_id: str) -> int:
        """The row of a record among those known; -1 for none."""
        return next((number for number, row in self._rows.items() if row.id == record_id), -1)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """All matches, fetched or not."""
        return 0 if parent.isValid() else self.total

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """The columns of the list."""
        return 0 if parent.isValid() else len(self._columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title()
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text of a cell; the mark's icon beside its word (W5)."""
        self._look_at(index.row() // PAGE)
        row = self._rows.get(index.row())
        if row is None:
            self._want(index.row() // PAGE)
            return "…" if role == Qt.ItemDataRole.DisplayRole and index.column() == 0 else None
        column = self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.DecorationRole and column.key == "mark" and row.mark and self._icon:
            return self._icon(MARK_ICONS[row.mark])
        return None

    def _renew(self, query: RecordQuery) -> None:
        self._query = query
        self._drop_pages()
        self._first = self._bridge.query(partial(self._fetch, query, (0,)), self._take_renewed, self._failed)

    def _fetch(self, query: RecordQuery, pages: tuple[int, ...]) -> list[tuple[int, RecordPage]]:
        """Runs on a thread of the bridge."""
        return [(page, self._facade.records(replace(query, offset=page * PAGE))) for page in pages]

    def _look_at(self, page: int) -> None:
        if self._in_sight[-1] != page:
            kept = [other for other in self._in_sight if other != page]
            self._in_sight = [*kept[-(IN_SIGHT - 1) :], page]

    def _want(self, page: int) -> None:
        if page in self._asked or self._stale:
            return
        work = partial(self._fetch, self._query, (page,))
        self._asked[page] = self._bridge.query(work, self._take_page, self._failed)

    def _take_page(self, answer: list[tuple[int, RecordPage]]) -> None:
        for page, found in answer:
            self._asked.pop(page, None)
            if found.total != self.total:
                self.refresh()
                return
            self._put(page, found)
            top, bottom = page * PAGE, page * PAGE + len(found.rows) - 1
            self.dataChanged.emit(self.index(top, 0), self.index(bottom, len(self._columns) - 1))

    def _take_renewed(self, answer: list[tuple[int, RecordPage]]) -> None:
        self.beginResetModel()
        self._in_sight = [0]
        self._replace(answer)
        self.endResetModel()
        self._tell_state()
        self.renewed.emit()

    def _take_refresh(self, answer: list[tuple[int, RecordPage]]) -> None:
        if self.state is not ListState.SHOWN:
            self._take_renewed(answer)
            return
        self.layoutAboutToBeChanged.emit()
        held = [(index, self._rows.get(index.row())) for index in self.persistentIndexList()]
        self._replace(answer)
        places = {row.id: number for number, row in self._rows.items()}
        asked = {page for page, _found in answer}
        for index, row in held:
            number = index.row()
            if row is not None and (row.id in places or number // PAGE in asked):
                number = places.get(row.id, -1)
            self.changePersistentIndex(index, self.index(number, index.column()) if number >= 0 else NO_INDEX)
        self.layoutChanged.emit()
        self._tell_state()

    def _replace(self, answer: list[tuple[int, RecordPage]]) -> None:
        self._first = None
        self._stale = False
        self._rows.clear()
        self.total = answer[0][1].total
        for page, found in answer:
            self._put(page, found)
        if self._again:
            self._again = False
            self._settle.start()

    def _put(self, page: int, found: RecordPage) -> None:
        self._rows.update(enumerate(found.rows, page * PAGE))

    def _drop_pages(self) -> None:
        for ticket in self._asked.values():
            ticket.drop()
        if self._first is not None:
            self._first.drop()
        self._asked.clear()
        self._stale = True

    def _tell_state(self) -> None:
        if self.total:
            self.state = ListState.SHOWN
        else:
            self.state = ListState.NO_MATCH if self._query.text else ListState.EMPTY
        self.state_changed.emit()

    def _failed(self, error: Exception) -> None:
        self._first = None
        self.problem = str(error)
        self.state = ListState.UNAVAILABLE
        self.state_changed.emit()

    def _on_changed(self, entity: str, _ids: frozenset[str] | None) -> None:
        if entity != self._query.entity:
            return
        if self._first is not None:
            self._again = (
                True  # an answer that is on its way is taken first, so that a busy sync starves nothing
            )
        elif not self._settle.isActive():
            self._settle.start()
