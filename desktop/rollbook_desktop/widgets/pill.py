"""The pill: a word, an icon and a tone; a button that opens what is behind it (W1)."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.theme import Theme

MEANINGS = {"good": "good", "busy": "accent", "quiet": "quiet", "warn": "warn", "act": "act"}
"""The colour of the icon by the tone."""


class Pill(Button):
    """Shows what it is given. Its accessible name is its text; a change is announced (W19)."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        self._tone = "quiet"
        super().__init__(theme, "", name, icon="waiting", look="pill", parent=parent)
        self.setIconSize(QSize(18, 18))

    def show_status(self, text: str, icon: str, tone: str, tip: str) -> None:
        """Show a state; nothing is drawn or announced again that is shown already."""
        self.setToolTip(tip)
        if (text, icon, tone) == (self.text(), self._icon, self._tone):
            return
        announce = bool(self.text()) and text != self.text()
        self._icon, self._tone = icon, tone
        self.setText(text)
        self.setProperty("tone", tone)
        self.style().unpolish(self)
        self.style().polish(self)
        self.tint()
        if announce:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def tint(self) -> None:
        """The icon has the colour of the word."""
        self.setIcon(self._theme.icon(self._icon, MEANINGS[self._tone]))
