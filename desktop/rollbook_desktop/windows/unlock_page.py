"""The password is asked for before the school's data are shown, while the server cannot be asked (S12)."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.unlock import Unlock
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.fields import TextField
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.theme import SPACE, Theme

WIDTH = 460


class UnlockPage(QWidget):
    """One field and one button."""

    def __init__(self, theme: Theme, model: Unlock, signed_out: bool) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._model, self._signed_out = model, signed_out
        self._field = TextField("unlockPassword", self.tr("Password"))
        self._button = Button(theme, self.tr("Open"), "unlock", icon="book", look="primary")
        assert isinstance(self._field.editor, QLineEdit)
        self._field.editor.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.editor.returnPressed.connect(self._try)
        self._field.editor.textChanged.connect(model.typing)
        self._button.clicked.connect(self._try)
        model.refused.connect(self._refused)
        self._lay_out()

    def focus_first(self) -> None:
        """Go to the password."""
        self._field.editor.setFocus()

    def _lay_out(self) -> None:
        card = QFrame()
        card.setProperty("look", "card")
        card.setMaximumWidth(WIDTH)
        column = QVBoxLayout(card)
        column.setContentsMargins(SPACE["xl"], SPACE["xl"], SPACE["xl"], SPACE["l"])
        column.setSpacing(SPACE["s"])
        account = self._model.account
        column.addWidget(label(account.school, "display"))
        column.addWidget(label(self._words(account.user), "muted"))
        column.addSpacing(SPACE["s"])
        column.addWidget(self._field)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._button)
        column.addLayout(buttons)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(card, 10)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(2)

    def _words(self, user: str) -> str:
        if self._signed_out:
            return self.tr("You are signed out. Enter the password of {user} to go on.").format(user=user)
        return self.tr(
            "The school's server can't be asked now. Enter the password of {user} to work with what is on "
            "this computer. Where the server answers first, this page goes by itself."
        ).format(user=user)

    def _try(self) -> None:
        if not self._field.value:
            self._refused(self.tr("Enter your password."))
            return
        self._field.show_error("")
        self._button.setEnabled(False)
        self._model.try_password(self._field.value)

    def _refused(self, words: str) -> None:
        self._button.setEnabled(True)
        self._field.show_error(words)
        self._field.editor.setFocus()
