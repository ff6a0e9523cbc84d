"""The places of the window, one below the other."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.session import AccountWords
from rollbook_desktop.widgets.buttons import PlaceButton
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE, Theme

WIDE, NARROW = 196, 60


@dataclass(frozen=True, slots=True)
class Place:
    """``key`` is the accessible id; the shortcut is Ctrl and the place's number."""

    key: str
    title: str
    icon: str


class Sidebar(QWidget):
    """Emits the number of the place that the person goes to. Folds to icons where there is little room."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, places: tuple[Place, ...], account: AccountWords) -> None:
        super().__init__()
        self.setProperty("look", "sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._places = places
        self._buttons: list[PlaceButton] = []
        self._group = QButtonGroup(self)
        self._brand = label("Rollbook", "heading")
        self._school = label(account.school, "small", name="schoolName")
        self._account = account
        self._user = label("", "small", name="signedInAs")
        self.show_role(account.role)
        self._lay_out()
        self._group.idClicked.connect(self.chosen)

    def show_role(self, role: str) -> None:
        """Say what the user's role is called now."""
        self._user.setText(f"{self._account.user}\n{role}")

    def show_place(self, number: int) -> None:
        """Mark the place that is open."""
        self._buttons[number].setChecked(True)

    def fold(self, on: bool) -> None:
        """Show icons only, or icons and words."""
        self.setFixedWidth(NARROW if on else WIDE)
        for part in (self._brand, self._school, self._user):
            part.setVisible(not on)
        for button, place in zip(self._buttons, self._places, strict=True):
            button.setText("" if on else place.title)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE["s"], SPACE["m"], SPACE["s"], SPACE["m"])
        column.setSpacing(SPACE["xs"])
        column.addLayout(self._head())
        column.addSpacing(SPACE["m"])
        for number, place in enumerate(self._places):
            button = PlaceButton(self._theme, place.title, f"place-{place.key}", icon=place.icon)
            button.setAccessibleName(place.title)
            button.setToolTip(f"{place.title} (Ctrl+{number + 1})")
            self._group.addButton(button, number)
            self._buttons.append(button)
            column.addWidget(button)
        column.addStretch(1)
        self._user.setContentsMargins(SPACE["m"], 0, 0, 0)
        column.addWidget(self._user)

    def _head(self) -> QHBoxLayout:
        self._picture = QLabel()
        self._theme.changed.connect(self._tint)
        self._tint()
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._brand)
        words.addWidget(self._school)
        head = QHBoxLayout()
        head.setContentsMargins(SPACE["s"], 0, 0, 0)
        head.setSpacing(SPACE["s"])
        head.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        return head

    def _tint(self) -> None:
        self._picture.setPixmap(self._theme.pixmap("book", "accent", 24))
