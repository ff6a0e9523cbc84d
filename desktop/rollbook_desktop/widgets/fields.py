"""Fields to type into: each has its label, and its error below it with what would be right (W11)."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from rollbook_desktop.widgets.chevron import draw_chevron
from rollbook_desktop.widgets.theme import SPACE, Theme

Editor = QLineEdit | QPlainTextEdit | QComboBox


class ChoiceBox(QComboBox):
    """A choice that is never changed by scrolling past it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self.update)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the form instead."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arrow of the icons' family over Qt's box."""
        super().paintEvent(event)
        draw_chevron(self, self._theme)


class Field(QWidget):
    """A label, an editor and room for an error. ``name`` becomes the editor's accessible id."""

    edited = Signal(str, object)
    """The name and the value as typed, when the person changed it; never when it was filled in."""

    def __init__(self, name: str, label: str, editor: Editor) -> None:
        super().__init__()
        self.name = name
        self.editor = editor
        editor.setObjectName(name)
        self._label = QLabel(label)
        self._label.setBuddy(editor)
        self._label.setWordWrap(True)
        self._label.setProperty("type", "small")
        self._error = QLabel()
        self._error.setWordWrap(True)
        self._error.setProperty("type", "error")
        self._error.setObjectName(f"{name}Error")
        self._error.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE["xs"])
        for part in (self._label, editor, self._error):
            layout.addWidget(part)

    @property
    def value(self) -> str:
        """What is in the editor."""
        raise NotImplementedError

    def fill(self, value: str) -> None:
        """Put ``value`` in without telling anyone."""
        raise NotImplementedError

    def set_read_only(self, on: bool) -> None:
        """Whether it can be typed into."""
        if isinstance(self.editor, QComboBox):
            self.editor.setEnabled(not on)
        else:
            self.editor.setReadOnly(on)

    @property
    def error(self) -> str:
        """The error that is shown; empty when there is none."""
        return self._error.text()

    def show_error(self, message: str, suggestion: str = "") -> None:
        """Mark the field, or clear the mark with an empty message."""
        text = f"{message} {suggestion}".strip()
        if text == self._error.text():
            return
        self._error.setText(text)
        self._error.setVisible(bool(text))
        self.editor.setAccessibleDescription(text)
        self.editor.setProperty("wrong", bool(text))
        self.editor.style().unpolish(self.editor)
        self.editor.style().polish(self.editor)


class TextField(Field):
    """One line of text."""

    def __init__(self, name: str, label: str, placeholder: str = "") -> None:
        self._line = QLineEdit()
        super().__init__(name, label, self._line)
        self._line.setPlaceholderText(placeholder)
        self._line.textEdited.connect(lambda text: self.edited.emit(self.name, text))

    @property
    def value(self) -> str:
        """The text as typed."""
        return self._line.text()

    def fill(self, value: str) -> None:
        """Show ``value`` from its beginning."""
        if value != self._line.text():
            self._line.setText(value)
            self._line.setCursorPosition(0)


class LongTextField(Field):
    """Some lines of text. Tab goes on to the next field."""

    def __init__(self, name: str, label: str) -> None:
        self._text = QPlainTextEdit()
        self._filling = False
        super().__init__(name, label, self._text)
        self._text.setTabChangesFocus(True)
        self._text.setFixedHeight(self._text.fontMetrics().lineSpacing() * 3 + SPACE["l"])
        self._text.textChanged.connect(self._tell)

    @property
    def value(self) -> str:
        """The text as typed."""
        return self._text.toPlainText()

    def fill(self, value: str) -> None:
        """Show ``value``."""
        if value != self.value:
            self._filling = True
            self._text.setPlainText(value)
            self._filling = False

    def _tell(self) -> None:
        if not self._filling:
            self.edited.emit(self.name, self.value)


class ChoiceField(Field):
    """One of some values; the first choice stands for none."""

    def __init__(self, theme: Theme, name: str, label: str, choices: Sequence[tuple[str, str]]) -> None:
        self._box = ChoiceBox(theme)
        super().__init__(name, label, self._box)
        for value, words in choices:
            self._box.addItem(words, value)
        self._box.activated.connect(lambda _row: self.edited.emit(self.name, self.value))

    @property
    def value(self) -> str:
        """The value that is chosen; empty for none."""
        return str(self._box.currentData() or "")

    def fill(self, value: str) -> None:
        """Choose ``value``; one that is not known is added, so that it is not lost."""
        row = self._box.findData(value)
        if row < 0:
            self._box.addItem(value, value)
            row = self._box.count() - 1
        self._box.setCurrentIndex(row)
