"""Settings: how the window looks, and whose account it is."""

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QRadioButton, QScrollArea, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE, Theme, ThemeChoice
from rollbook_desktop.windows.sign_out_question import SignOutQuestion

THEME = "look/theme"
WIDTH = 640


class SettingsPage(QWidget):
    """What is chosen here holds at once."""

    def __init__(self, theme: Theme, desk: Desk, memory: QSettings) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._theme, self._memory = theme, memory
        column = QVBoxLayout()
        column.setSpacing(SPACE["l"])
        self._choices: dict[ThemeChoice, QRadioButton] = {}
        self._role = label(desk.session.account.role, name="accountRole", selectable=True)
        column.addWidget(self._appearance())
        column.addWidget(self._account(desk))
        column.addStretch(1)
        inner = QWidget()
        inner.setLayout(column)
        inner.setMaximumWidth(WIDTH)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE["s"], SPACE["m"], SPACE["l"], SPACE["l"])
        layout.addWidget(scroll)

    def show_role(self, role: str) -> None:
        """Say what the user's role is called now."""
        self._role.setText(role)

    def focus_first(self) -> None:
        """Go to the choice that holds."""
        self._choices[self._theme.choice].setFocus()

    def _appearance(self) -> QFrame:
        card, column = _card(self.tr("Appearance"))
        for choice, text in (
            (ThemeChoice.SYSTEM, self.tr("As the system")),
            (ThemeChoice.LIGHT, self.tr("Light")),
            (ThemeChoice.DARK, self.tr("Dark")),
        ):
            button = QRadioButton(text)
            button.setObjectName(f"theme-{choice}")
            button.setChecked(choice is self._theme.choice)
            button.toggled.connect(lambda on, choice=choice: self._choose(choice) if on else None)
            column.addWidget(button)
            self._choices[choice] = button
        return card

    def _account(self, desk: Desk) -> QFrame:
        card, column = _card(self.tr("Account"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE["l"])
        grid.setVerticalSpacing(SPACE["xs"])
        grid.setColumnStretch(1, 1)
        account = desk.session.account
        for row, (name, shown) in enumerate(
            (
                (self.tr("User"), label(account.user, selectable=True)),
                (self.tr("Role"), self._role),
                (self.tr("School"), label(account.school, selectable=True)),
                (self.tr("Server"), label(account.server, selectable=True)),
            )
        ):
            grid.addWidget(label(name, "muted"), row, 0)
            grid.addWidget(shown, row, 1)
        column.addLayout(grid)
        leave = Button(self._theme, self.tr("Sign out…"), "signOut")
        leave.clicked.connect(lambda: SignOutQuestion(self._theme, self.window(), desk).open())
        column.addWidget(leave, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _choose(self, choice: ThemeChoice) -> None:
        self._memory.setValue(THEME, choice.value)
        self._theme.choose(choice)


def _card(title: str) -> tuple[QFrame, QVBoxLayout]:
    card = QFrame()
    card.setProperty("look", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["l"])
    column.setSpacing(SPACE["s"])
    column.addWidget(label(title, "heading"))
    return card, column
