"""Push buttons with a look and an icon of the theme. Enter presses them, as Space does (W19)."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton, QWidget

from rollbook_desktop.widgets.theme import Theme

ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
MEANINGS = {"primary": "on_accent", "danger": "act", "quiet": "accent"}
"""The colour of the icon by the button's look."""


class Button(QPushButton):
    """``look`` is a name of the style sheet: plain, primary, danger, quiet, choice, place."""

    def __init__(
        self,
        theme: Theme,
        text: str,
        name: str,
        *,
        icon: str = "",
        look: str = "plain",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._theme = theme
        self._icon = icon
        self._look = look
        self.setObjectName(name)
        self.setProperty("look", look)
        self.setAutoDefault(False)
        self.setIconSize(QSize(18, 18))
        theme.changed.connect(self.tint)
        self.tint()

    def tint(self) -> None:
        """Draw the icon in the colour that the theme has for this look."""
        if self._icon:
            meaning = MEANINGS.get(self._look, "text") if self.isEnabled() else "muted"
            self.setIcon(self._theme.icon(self._icon, meaning))

    def setEnabled(self, enabled: bool) -> None:
        """As Qt's; the icon goes with it."""
        super().setEnabled(enabled)
        self.tint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the focus."""
        if event.key() in ENTER_KEYS and self.isEnabled():
            self.click()
            return
        super().keyPressEvent(event)


class PlaceButton(Button):
    """A place in the navigation; the one that is open is marked."""

    def __init__(self, theme: Theme, text: str, name: str, *, icon: str) -> None:
        super().__init__(theme, text, name, icon=icon, look="place")
        self.setCheckable(True)
        self.setIconSize(QSize(20, 20))
        self.toggled.connect(self.tint)

    def tint(self) -> None:
        """The open place is drawn in the accent."""
        self.setIcon(self._theme.icon(self._icon, "accent" if self.isChecked() else "muted"))
