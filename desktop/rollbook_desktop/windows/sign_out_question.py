"""Asking before signing out: how much waits, that it is kept, and a file of it for who wants one (S27)."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.widgets.dialog import Question
from rollbook_desktop.widgets.theme import Theme


class SignOutQuestion(Question):
    """Says how many entries the school does not have yet."""

    def __init__(self, theme: Theme, parent: QWidget, desk: Desk) -> None:
        status = desk.status.status
        self._waiting = 0 if status is None else status.waiting + status.needs_you
        self._session = desk.session
        super().__init__(theme, parent, self.tr("Sign out?"), self._text(), icon="signed-out")
        if self._waiting:
            self.offer(self.tr("Save them to a file, too…"), "exportAndSignOut", self._choose_file)
        self.offer(self.tr("Sign out"), "confirmSignOut", self._session.sign_out)
        self.offer_safe(self.tr("Stay signed in"), "staySignedIn")

    def _text(self) -> str:
        account = self._session.account
        if not self._waiting:
            return self.tr("Nothing waits: everything entered here is at the school.")
        counted = self.tr("%n entry(ies) are not at the school yet.", "", self._waiting)
        kept = self.tr("They are kept on this computer and are sent once {user} signs in here again.")
        return f"{counted} {kept.format(user=account.user)}"

    def _choose_file(self) -> None:
        window = self.parentWidget()
        dialog = QFileDialog(window, self.tr("Save what waits"), "rollbook-waiting.json")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        session = self._session
        dialog.fileSelected.connect(lambda chosen: session.export_and_sign_out(Path(chosen)))
        dialog.open()
