"""Markdown to be read, in the theme's colours and type (W19, W20). Loads nothing from anywhere."""

from collections.abc import Callable

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser

from rollbook_desktop.widgets.theme import SPACE, Theme

_SIZES = {1: "title", 2: "heading", 3: "body"}
_FEATURES = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
_LINE_HEIGHT = 135.0


class GuideView(QTextBrowser):
    """Shows one text; links lead to ``followed``, by the mouse or by Tab and Enter."""

    followed = Signal(str)
    """Where the link leads, as it stands in the text."""

    def __init__(self, theme: Theme, name: str, called: str, anchor: Callable[[str], str]) -> None:
        super().__init__()
        self._theme, self._anchor = theme, anchor
        self._title, self._text = "", ""
        self.setObjectName(name)
        self.setAccessibleName(called)
        self.setProperty("look", "story")
        self.setOpenLinks(False)
        self.document().setDocumentMargin(SPACE["l"])
        self.anchorClicked.connect(lambda url: self.followed.emit(url.toString()))
        theme.changed.connect(self._write)

    def show_text(self, title: str, text: str) -> None:
        """Show a text from its beginning."""
        self._title, self._text = title, text
        self._write()
        self.verticalScrollBar().setValue(0)

    def go_to_heading(self, wanted: str) -> None:
        """Have the heading of that anchor at the top; without such a one, stay."""
        block = self.document().firstBlock()
        while block.isValid():
            if block.blockFormat().headingLevel() and self._anchor(block.text()) == wanted:
                top = self.document().documentLayout().blockBoundingRect(block).top()
                self.verticalScrollBar().setValue(int(top) - SPACE["m"])
                self.setTextCursor(QTextCursor(block))
                return
            block = block.next()

    def loadResource(self, _kind: int, _name: QUrl) -> None:  # type: ignore[override]
        """Nothing is loaded: a guide is text."""

    def _write(self) -> None:
        document = self.document()
        document.setMarkdown(f"# {self._title}\n\n{self._text}" if self._title else "", _FEATURES)
        document.setDefaultFont(self._theme.font("body"))
        block = document.firstBlock()
        while block.isValid():
            self._dress(block)
            block = block.next()
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                self._dress_table(frame)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _dress(self, block: QTextBlock) -> None:
        cursor = QTextCursor(block)
        cursor.setBlockFormat(self._block_format(block))
        level = block.blockFormat().headingLevel()
        for start, length, letters in _fragments(block):
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self._letters(letters, level))

    def _block_format(self, block: QTextBlock) -> QTextBlockFormat:
        kept = QTextBlockFormat(block.blockFormat())
        kept.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if level := kept.headingLevel():
            kept.setTopMargin(0 if level == 1 else SPACE["xl"])
            kept.setBottomMargin(SPACE["s"])
        elif _is_code(kept):
            kept.setLineHeight(100, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            kept.setNonBreakableLines(False)
            kept.setBackground(QColor(self._theme.colours.quiet_soft))
            kept.setLeftMargin(SPACE["s"])
            kept.setTopMargin(0)
            kept.setBottomMargin(0 if _is_code(block.next().blockFormat()) else SPACE["m"])
        elif block.textList() is None and QTextCursor(block).currentTable() is None:
            kept.setBottomMargin(SPACE["s"])
        return kept

    def _letters(self, letters: QTextCharFormat, level: int) -> QTextCharFormat:
        dressed = QTextCharFormat(letters)
        colours = self._theme.colours
        if level:
            dressed.clearProperty(QTextFormat.Property.FontSizeAdjustment.value)  # Qt's own scale of type
            dressed.setFont(self._theme.font(_SIZES.get(level, "body"), bold=True))
            dressed.setForeground(QColor(colours.text))
        elif letters.isAnchor():
            dressed.setForeground(QColor(colours.accent))
            dressed.setFontUnderline(True)
        elif letters.fontFixedPitch():
            dressed.setFont(self._fixed())
            dressed.setForeground(QColor(colours.text))
            dressed.setBackground(QColor(colours.quiet_soft))  # a whole block has the same ground
        return dressed

    def _fixed(self) -> QFont:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(self._theme.font("small").pointSizeF())
        return font

    def _dress_table(self, table: QTextTable) -> None:
        look = table.format()
        look.setBorder(1)
        look.setBorderCollapse(True)
        look.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        look.setBorderBrush(QColor(self._theme.colours.line))
        look.setCellPadding(SPACE["s"])
        look.setCellSpacing(0)
        look.setTopMargin(SPACE["s"])
        look.setBottomMargin(SPACE["m"])
        look.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        table.setFormat(look)


def _is_code(block: QTextBlockFormat) -> bool:
    return block.hasProperty(QTextFormat.Property.BlockCodeFence) or block.hasProperty(
        QTextFormat.Property.BlockCodeLanguage
    )


def _fragments(block: QTextBlock) -> list[tuple[int, int, QTextCharFormat]]:
    """Taken whole before anything is changed: a change makes them anew."""
    found = []
    place = block.begin()
    while not place.atEnd():
        part = place.fragment()
        if part.isValid():
            found.append((part.position(), part.length(), part.charFormat()))
        place += 1
    return found
