"""The first start (W22): try it with a made-up school, or connect to one. Nothing here blocks."""

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.facade import AccountLike
from rollbook_desktop.bridge.trial_school import PASSWORD, USER, TrialSchool
from rollbook_desktop.bridge.trouble import trouble_of
from rollbook_desktop.viewmodels.session import sign_in_words

Connect = Callable[[str, str, str], Coroutine[Any, Any, AccountLike]]
Step = Callable[[str], None]


class FirstStart(QObject):
    """Leads to an account. ``connect`` takes address, name and password."""

    progressed = Signal(str)
    refused = Signal(str)
    """Why it did not work, with what to do."""
    wrong = Signal(str, str)
    """A field (address, name, password) and what would be right."""
    connected = Signal()

    def __init__(self, bridge: Bridge, connect: Connect, trial: TrialSchool, address: str = "") -> None:
        super().__init__()
        self._bridge, self._connect, self._trial = bridge, connect, trial
        self._ticket: Ticket | None = None
        self.address = address

    def try_it(self) -> None:
        """Make a school, start its server, and sign in there."""
        self._begin(self._make_and_connect())

    def connect_to(self, address: str, name: str, password: str) -> None:
        """Sign in at a school's server."""
        url = complete_address(address)
        for field, value, words in (
            (
                "address",
                url,
                self.tr("Enter the address that your school gave you, such as school.example.org."),
            ),
            ("name", name.strip(), self.tr("Enter your user name.")),
            ("password", password, self.tr("Enter your password.")),
        ):
            if not value:
                self.wrong.emit(field, words)
                return
        self.progressed.emit(self.tr("Asking the school's server…"))
        self._begin(self._connect(url, name.strip(), password))

    def cancel(self) -> None:
        """The person does not want to wait."""
        if self._ticket is not None:
            self._ticket.drop()
            self._ticket = None

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        self.cancel()
        self._ticket = self._bridge.spawn(work, self._done, self._failed)

    async def _make_and_connect(self) -> None:
        """Runs on the engine's loop; says how far it is by way of the bridge."""
        self._say(self.tr("Making up a school with 1,000 students…"))
        await self._trial.make()
        self._say(self.tr("Starting its server…"))
        url = await self._trial.serve(self._trial.choose_port())
        self._say(self.tr("Signing in…"))
        account = await self._connect(url, USER, PASSWORD)
        self._trial.remember(url, account.installation)

    def _say(self, words: str) -> None:
        self._bridge.post(lambda: self.progressed.emit(words))

    def _done(self, _account: object) -> None:
        self._ticket = None
        self.connected.emit()

    def _failed(self, error: Exception) -> None:
        self._ticket = None
        trouble = trouble_of(error)
        if trouble.code == "wrong-credentials":
            self.wrong.emit("password", sign_in_words(trouble))
        else:
            self.refused.emit(sign_in_words(trouble))


def complete_address(address: str) -> str:
    """The URL of what a person types: a host is asked over HTTPS, but for this computer itself."""
    text = address.strip().rstrip("/")
    if not text or "://" in text:
        return text
    host = text.split("/")[0].rsplit(":", 1)[0]
    scheme = "http" if host in ("localhost", "127.0.0.1", "[::1]") else "https"
    return f"{scheme}://{text}"
