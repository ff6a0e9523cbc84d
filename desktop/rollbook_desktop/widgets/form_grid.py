"""Fields in one column or two, as the room allows; headings across."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from rollbook_desktop.widgets.fields import Field
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE

TWO_COLUMNS_FROM = 400
"""Width in logical pixels from which two fields stand side by side."""


@dataclass(frozen=True, slots=True)
class _Place:
    widget: QWidget
    wide: bool
    alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignTop


class FormGrid(QWidget):
    """Lays out what is added in its order; Tab goes the same way."""

    def __init__(self) -> None:
        super().__init__()
        self._places: list[_Place] = []
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(SPACE["l"], SPACE["s"], SPACE["l"], SPACE["l"])
        self._grid.setHorizontalSpacing(SPACE["m"])
        self._grid.setVerticalSpacing(SPACE["m"])
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def add_heading(self, text: str) -> None:
        """Begin a section."""
        heading = label(text, "heading")
        heading.setContentsMargins(0, SPACE["s"] if self._places else 0, 0, 0)
        self._places.append(_Place(heading, True))

    def add_field(self, field: Field, wide: bool = False) -> None:
        """Add a field; a ``wide`` one has a line for itself."""
        self._places.append(_Place(field, wide))

    def add_foot(self, widget: QWidget) -> None:
        """Add something rarely wanted below all fields."""
        self._places.append(_Place(widget, True, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft))

    def lay_out(self, columns: int) -> None:
        """Place everything anew in ``columns`` columns."""
        if columns == self._columns:
            return
        self._columns = columns
        row, column = 0, 0
        for place in self._places:
            if column and (place.wide or columns == 1):
                row, column = row + 1, 0
            span = columns if place.wide else 1
            self._grid.addWidget(place.widget, row, column, 1, span, place.alignment)
            row, column = (row, 1) if span == 1 and column == 0 and columns == 2 else (row + 1, 0)
        for number in range(2):
            self._grid.setColumnStretch(number, 1 if number < columns else 0)
        self._grid.setRowStretch(row + 1, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the columns by the width."""
        super().resizeEvent(event)
        self.lay_out(2 if self.width() >= TWO_COLUMNS_FROM else 1)
