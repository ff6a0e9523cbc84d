"""A list of records: whole rows, fixed heights, no grid, keys that do what people expect (W12, W15)."""

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from rollbook_desktop.widgets.buttons import ENTER_KEYS

ROW_HEIGHT = 36


class ListView(QTableView):
    """Shows a model whose rows are records. Emits the row when the person chooses or moves to one."""

    chosen = Signal(int)
    moved = Signal(int)

    def __init__(self, name: str, accessible_name: str) -> None:
        super().__init__()
        self.room_for: dict[int, int] = {}
        """Column to the list's width, in logical pixels, from which it is shown."""
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.hide()
        columns = self.horizontalHeader()
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setMinimumSectionSize(48)
        self.doubleClicked.connect(lambda index: self.chosen.emit(index.row()))

    def show_model(self, model: QAbstractTableModel, widths: tuple[int, ...], stretch: int = 0) -> None:
        """Show ``model``; ``widths`` in logical pixels by column; the column ``stretch`` takes the rest."""
        self.setModel(model)
        columns = self.horizontalHeader()
        for column, width in enumerate(widths):
            columns.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            self.setColumnWidth(column, width)
        columns.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().currentRowChanged.connect(self._tell_move)

    @property
    def current_row(self) -> int:
        """The row that is selected; -1 for none."""
        return self.currentIndex().row()

    def go_to(self, row: int) -> None:
        """Select ``row`` and show it."""
        index = self.model().index(row, 0)
        if index.isValid():
            self.setCurrentIndex(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out columns for which there is no room."""
        super().resizeEvent(event)
        for column, width in self.room_for.items():
            self.setColumnHidden(column, self.width() < width)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses the current row; Home and End go to the first and the last row."""
        key = event.key()
        if key in ENTER_KEYS and self.current_row >= 0:
            self.chosen.emit(self.current_row)
        elif key == Qt.Key.Key_Home:
            self.go_to(0)
        elif key == Qt.Key.Key_End:
            self.go_to(self.model().rowCount() - 1)
        else:
            super().keyPressEvent(event)

    def _tell_move(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self.moved.emit(current.row())
