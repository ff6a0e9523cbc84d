"""Paragraphs to be read and copied, in the theme's colours and type (W19, W20)."""

from collections.abc import Iterable

from PySide6.QtGui import QColor, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit

from rollbook_desktop.widgets.theme import SPACE, Theme

_COLOURS = {"quiet": "muted", "inset": "accent"}
_INSET = 20.0


class Paragraphs(QTextEdit):
    """Read-only text; each paragraph has a look: heading, body, quiet or inset."""

    def __init__(self, theme: Theme, name: str, called: str) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[tuple[str, str], ...] = ()
        self.setObjectName(name)
        self.setAccessibleName(called)
        self.setProperty("look", "story")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(SPACE["m"])
        theme.changed.connect(self._write)

    def show_paragraphs(self, paragraphs: Iterable[tuple[str, str]]) -> None:
        """Show them in place of what was shown; where the person reads stays in view (W15)."""
        place = self.verticalScrollBar().value()
        self._shown = tuple(paragraphs)
        self._write()
        self.verticalScrollBar().setValue(place)

    def _write(self) -> None:
        self.clear()
        cursor = QTextCursor(self.document())
        for number, (look, text) in enumerate(self._shown):
            if number:
                cursor.insertBlock()
            cursor.setBlockFormat(_block(look, first=number == 0))
            cursor.insertText(text, self._letters(look))
        cursor.movePosition(QTextCursor.MoveOperation.Start)
        self.setTextCursor(cursor)

    def _letters(self, look: str) -> QTextCharFormat:
        letters = QTextCharFormat()
        size = {"heading": "heading", "body": "body"}.get(look, "small")
        letters.setFont(self._theme.font(size, bold=look == "heading"))
        letters.setForeground(QColor(getattr(self._theme.colours, _COLOURS.get(look, "text"))))
        return letters


def _block(look: str, *, first: bool) -> QTextBlockFormat:
    block = QTextBlockFormat()
    block.setTopMargin(SPACE["l"] if look == "heading" and not first else SPACE["xs"])
    block.setLeftMargin(_INSET if look == "inset" else 0)
    return block
