"""The lines of a register as a table: number, name, code, reason, and what the office says."""

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QFont

from rollbook.client.registers import RegisterLine
from rollbook_desktop.viewmodels.labels import mark_label
from rollbook_desktop.viewmodels.register import RegisterModel

translate = QCoreApplication.translate
Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
NUMBER, NAME, CODE, REASON, OFFICE, STATE = range(6)
ROLE, FLAG = Qt.ItemDataRole, Qt.ItemFlag


class RegisterTable(QAbstractTableModel):
    """Reads and writes a :class:`RegisterModel`."""

    def __init__(self, model: RegisterModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._students: tuple[str, ...] = ()
        self._bold = QFont()
        self._bold.setBold(True)
        model.opened.connect(self._renew)
        model.changed.connect(self._changed)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """A line for each student."""
        return 0 if parent.isValid() else len(self._model.lines)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """The columns."""
        return 0 if parent.isValid() else STATE + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = ROLE.DisplayRole) -> Any:
        """The columns' titles."""
        if orientation != Qt.Orientation.Horizontal or role != ROLE.DisplayRole:
            return None
        return (
            translate("register", "No."),
            translate("register", "Student"),
            translate("register", "Mark"),
            translate("register", "Reason"),
            translate("register", "Office"),
            translate("register", "State"),
        )[section]

    def flags(self, index: Index) -> Qt.ItemFlag:
        """A reason can be typed in its cell."""
        editable = index.column() == REASON and self._model.may_take
        return super().flags(index) | (FLAG.ItemIsEditable if editable else FLAG.NoItemFlags)

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        """The text of a cell, and what a screen reader says of the line."""
        if not 0 <= index.row() < len(self._model.lines):
            return None
        line = self._model.lines[index.row()]
        if role in (ROLE.DisplayRole, ROLE.EditRole):
            return self._text(index.row(), line, index.column(), bare=role == ROLE.EditRole)
        if role == ROLE.FontRole and index.column() == CODE:
            return self._bold if self._model.mark(line.student_id).code else None
        if role == ROLE.ToolTipRole:
            return self._model.wrong.get(line.student_id)
        if role == ROLE.AccessibleTextRole:
            return self._spoken(index, line)
        return None

    def setData(self, index: Index, value: Any, role: int = ROLE.EditRole) -> bool:
        """A reason was typed."""
        if index.column() != REASON or role != ROLE.EditRole:
            return False
        return self._model.set_reason(index.row(), str(value))

    def _text(self, row: int, line: RegisterLine, column: int, *, bare: bool) -> str:
        mark = self._model.mark(line.student_id)
        if column == REASON:
            wrong = "" if bare else self._model.wrong.get(line.student_id, "")
            return wrong or mark.reason or ""
        return {
            NUMBER: str(row + 1),
            NAME: line.label.removesuffix(f" ({line.student_number})"),
            CODE: self._called(mark.code),
            OFFICE: self._called(line.office_code) if line.office_code else "",
            STATE: mark_label(line.state),
        }[column]

    def _called(self, code: str | None) -> str:
        if not code:
            return translate("register", "Present")
        register = self._model.register
        known = register.codes.get(code) if register is not None else None
        return f"{code}  {known['title']}" if known is not None else code

    def _spoken(self, index: Index, line: RegisterLine) -> str:
        text = self._text(index.row(), line, index.column(), bare=False)
        return f"{line.label}: {text}" if index.column() == CODE else text

    def _renew(self) -> None:
        """Where the students are the same, place and selection stay (W15)."""
        students = tuple(line.student_id for line in self._model.lines)
        if students == self._students:
            self._changed()
            return
        self.beginResetModel()
        self._students = students
        self.endResetModel()

    def _changed(self) -> None:
        if self._model.lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._model.lines) - 1, STATE))
