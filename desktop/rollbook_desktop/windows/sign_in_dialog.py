"""Signing in again, when the session has ended. What waits is kept meanwhile (S12)."""

from PySide6.QtWidgets import QLineEdit, QWidget

from rollbook_desktop.viewmodels.session import Session
from rollbook_desktop.widgets.dialog import PlainDialog
from rollbook_desktop.widgets.fields import TextField
from rollbook_desktop.widgets.theme import Theme


class SignInDialog(PlainDialog):
    """Asks for the password of the account that is open."""

    def __init__(self, theme: Theme, parent: QWidget, session: Session) -> None:
        super().__init__(
            theme, parent, self.tr("Sign in again"), icon="signed-out", meaning="accent", width=420
        )
        self.setObjectName("signInDialog")
        self._session = session
        self.add_text(
            self.tr(
                "{user} at {school}. Entries that wait are kept and are sent after you have signed in."
            ).format(user=session.account.user, school=session.account.school)
        )
        self._field = TextField("signInPassword", self.tr("Password"))
        assert isinstance(self._field.editor, QLineEdit)
        self._field.editor.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.editor.returnPressed.connect(self._sign_in)
        self.body.addWidget(self._field)
        self.add_button(self.tr("Not now"), "notNow", self.reject)
        self._button = self.add_button(self.tr("Sign in"), "signIn", self._sign_in, look="primary")
        self._field.editor.setFocus()
        session.signed_in.connect(self.accept)
        session.refused.connect(self._refused)

    def _sign_in(self) -> None:
        if not self._field.value:
            self._refused(self.tr("Enter your password."))
            return
        self._field.show_error("")
        self._button.setEnabled(False)
        self._session.sign_in(self._field.value)

    def _refused(self, words: str) -> None:
        self._button.setEnabled(True)
        self._field.show_error(words)
        self._field.editor.setFocus()
