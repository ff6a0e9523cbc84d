"""Opening the school's data: by a session that the server takes, or, offline, by the password (S12)."""

from PySide6.QtCore import QObject, QTimer, Signal

from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.bridge.trouble import trouble_of
from rollbook_desktop.viewmodels.session import AccountWords, account_words, sign_in_words

QUIET_MS = 1000
"""How long the server is asked before the person is: most starts are over by then."""
AGAIN_MS = 3000
PAUSE_MS = 1000
"""After a wrong password, so that trying many takes long."""


class Unlock(QObject):
    """Asks the server and, where it does not answer soon, the person; whoever is first opens."""

    asked = Signal(bool)
    """The person has to be asked; whether that is because they are signed out."""
    refused = Signal(str)
    """Why the password does not open, with what to do."""
    opened = Signal()

    def __init__(self, facade: Facade, bridge: Bridge) -> None:
        super().__init__()
        self._facade, self._bridge = facade, bridge
        self._over = self._typing = self._proven = False
        self._words = ""
        self.account: AccountWords = account_words(facade)
        self._ask_person = self._timer(QUIET_MS, self._ask)
        self._again = self._timer(AGAIN_MS, self._ask_server)
        self._pause = self._timer(PAUSE_MS, lambda: self.refused.emit(self._words))

    def begin(self) -> None:
        """Ask the server; the person too, if that takes long or fails."""
        if not self._facade.has_password_check:
            self._open()
            return
        self._ask_person.start()
        self._ask_server()

    def try_password(self, password: str) -> None:
        """See whether ``password`` is the one: here, and at the server where it can be asked."""
        if self._proven:
            self._open()
            return
        self._bridge.query(
            lambda: self._facade.password_fits(password), lambda fits: self._take(fits, password)
        )

    def typing(self, text: str) -> None:
        """The person is typing: the page stays under their fingers, so that no letter lands elsewhere."""
        self._typing = bool(text)
        if self._proven and not self._typing:
            self._open()

    def end(self) -> None:
        """Nobody waits for it any more."""
        self._over = True
        for timer in (self._ask_person, self._again, self._pause):
            timer.stop()

    def _ask(self) -> None:
        self._bridge.query(
            self._facade.status, lambda status: self.asked.emit(status.connection == "signed_out")
        )

    def _take(self, fits: bool, password: str) -> None:
        if fits:
            self._open()
        # A session that has ended begins anew; a password that is wrong here may be a new one at the school.
        failed = _not_now if fits else self._refuse
        self._bridge.spawn(self._sign_in(password, only_if_ended=fits), lambda _none: self._open(), failed)

    async def _sign_in(self, password: str, *, only_if_ended: bool) -> None:
        if not only_if_ended or self._facade.status().connection == "signed_out":
            await self._facade.sign_in(password)

    def _refuse(self, error: Exception) -> None:
        trouble = trouble_of(error)
        self._words = sign_in_words(trouble)
        if trouble.unreachable:
            self._words = self.tr(
                "This is not the password that was last used on this computer, and the school's server "
                "can't be reached to ask whether it is a new one."
            )
        self._pause.start()

    def _ask_server(self) -> None:
        if not self._over:
            self._bridge.spawn(self._facade.prove_session(), self._take_proof)

    def _take_proof(self, proven: bool) -> None:
        self._proven = proven
        if proven and not self._typing:
            self._open()
        elif proven:
            return
        elif not self._over:
            if self._ask_person.isActive():
                self._ask_person.stop()
                self._ask()
            self._again.start()

    def _open(self) -> None:
        if not self._over:
            self.end()
            self.opened.emit()

    def _timer(self, milliseconds: int, act: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(act)
        return timer


def _not_now(_error: Exception) -> None:
    """The pill says that the session has ended, and offers to sign in."""
