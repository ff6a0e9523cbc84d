"""Who is signed in where; signing in again, signing out, and working offline on purpose (S12, S27, W3)."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from rollbook.client.leaving import write_waiting
from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.bridge.trouble import Trouble, trouble_of
from rollbook_desktop.viewmodels.labels import role_label

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class AccountWords:
    """Who, as what, in which school, on which server."""

    user: str
    role: str
    school: str
    server: str


class Session(QObject):
    """The account of the window."""

    signed_in = Signal()
    refused = Signal(str)
    """Why signing in did not work, with what to do."""
    signed_out = Signal()
    not_exported = Signal(str)
    """Why what waits could not be written into a file; nobody was signed out."""

    def __init__(self, facade: Facade, bridge: Bridge) -> None:
        super().__init__()
        self._facade, self._bridge = facade, bridge
        self.account = account_words(facade)

    def sign_in(self, password: str) -> None:
        """Sign in again; what waits goes on by itself then."""
        self._bridge.spawn(
            self._facade.sign_in(password), lambda _none: self.signed_in.emit(), self._take_refusal
        )

    def sign_out(self) -> None:
        """Sign out; what waits is kept for this user (S27)."""
        self._bridge.spawn(self._facade.sign_out(), lambda _none: self.signed_out.emit())

    def export_and_sign_out(self, file: Path) -> None:
        """Write what waits into a file, then sign out; a file that cannot be written leaves all as it is."""
        self._bridge.command(
            partial(write_waiting, self._facade, file), lambda _count: self.sign_out(), self._take_no_file
        )

    def notices_seen(self) -> None:
        """The person has read what befell the store (S28)."""
        self._bridge.command(self._facade.notices_seen)

    def decisions_read(self, op_ids: list[str]) -> None:
        """The person has read what the registrar decided on these entries (S23)."""
        self._bridge.command(partial(self._facade.proposals.decisions_read, op_ids))

    def _take_no_file(self, error: Exception) -> None:
        self.not_exported.emit(getattr(error, "strerror", None) or str(error))

    def work_offline(self, on: bool) -> None:
        """Whether to leave the server alone until told otherwise."""
        self._bridge.command(lambda: self._facade.work_offline(on))

    def sync_now(self) -> None:
        """Do not wait for the next attempt."""
        self._facade.wake(hurry=True)

    def _take_refusal(self, error: Exception) -> None:
        self.refused.emit(sign_in_words(trouble_of(error)))


def account_words(facade: Facade) -> AccountWords:
    """The account in a person's terms."""
    account = facade.account
    return AccountWords(account.user_name, role_label(account.role), account.school_name, account.url)


def sign_in_words(trouble: Trouble) -> str:
    """Why it was not possible to sign in or to connect, and what to do, in a person's terms."""
    known = {
        "wrong-credentials": translate(
            "connect", "The name or the password is wrong. Check both and try again."
        ),
        "not-our-server": translate(
            "connect",
            "Something answers at this address, but it is not a Rollbook server. "
            "Check the address; on a public network, sign in to the network first.",
        ),
        "too-many-requests": translate("connect", "Too many attempts. Wait a minute and try again."),
    }
    words = known.get(trouble.code)
    if words is None and trouble.unreachable:
        words = translate(
            "connect", "The server can't be reached. Check the address and that this computer has a network."
        )
    return words or translate("connect", "That did not work: {detail}").format(detail=trouble.detail)
