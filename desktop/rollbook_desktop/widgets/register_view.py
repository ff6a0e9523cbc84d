"""The table of a register: a key for each exception, arrows, a number and Enter (W13, W19)."""

from PySide6.QtCore import QAbstractTableModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QApplication

from rollbook_desktop.widgets.buttons import ENTER_KEYS
from rollbook_desktop.widgets.list_view import ListView

EDIT_KEY = Qt.Key.Key_F2


class RegisterView(ListView):
    """Emits what is pressed on a line; the model decides what it means."""

    pressed_key = Signal(int, str)
    """The line, and the letter or space."""
    numbered = Signal(int)
    """A number was typed and Enter pressed: the line of that number, from 0."""
    number_typed = Signal(str)
    """The digits that were typed so far; empty when they are gone."""

    def __init__(self, name: str, accessible_name: str, code_column: int, reason_column: int) -> None:
        super().__init__(name, accessible_name)
        self._code, self._reason = code_column, reason_column
        self._digits = ""

    def show_model(self, model: QAbstractTableModel, widths: tuple[int, ...], stretch: int = 0) -> None:
        """As a list's; the name takes what room there is."""
        super().show_model(model, widths, stretch)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)

    def go_on(self) -> None:
        """To the next line, where there is one."""
        self.go_to(min(self.current_row + 1, self.model().rowCount() - 1))

    def edit_reason(self, row: int) -> None:
        """Begin to type why."""
        index = self.model().index(row, self._reason)
        self.setCurrentIndex(index)
        self.edit(index)

    def end_edit(self) -> None:
        """Take what is being typed in a cell."""
        editor = QApplication.focusWidget()
        if editor is not None and self.viewport().isAncestorOf(editor):
            self.commitData(editor)
            self.closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)

    def go_to(self, row: int) -> None:
        """Select the line; its mark is what a screen reader says of it."""
        index = self.model().index(row, self._code)
        if index.isValid():
            self.setCurrentIndex(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters are codes, digits the number of a line, F2 the reason; all else as in a list."""
        text, plain = event.text(), not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        shifted = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if event.key() == EDIT_KEY and self.current_row >= 0:
            self.edit_reason(self.current_row)
        elif plain and text.isdecimal():
            self._type(self._digits + text)
        elif self._digits and event.key() in (*ENTER_KEYS, Qt.Key.Key_Backspace, Qt.Key.Key_Escape):
            self._end_number(event.key())
        elif (plain or shifted) and (text.isalpha() or text == " ") and self.current_row >= 0:
            self._type("")
            self.pressed_key.emit(self.current_row, text)
        else:
            self._type("")
            super().keyPressEvent(event)

    def _end_number(self, key: int) -> None:
        digits = self._digits
        self._type(digits[:-1] if key == Qt.Key.Key_Backspace else "")
        row = int(digits) - 1
        if key in ENTER_KEYS and 0 <= row < self.model().rowCount():
            self.go_to(row)
            self.numbered.emit(row)

    def _type(self, digits: str) -> None:
        if digits != self._digits:
            self._digits = digits[:4]
            self.number_typed.emit(self._digits)
