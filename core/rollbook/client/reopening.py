"""Coming back to an account of this computer while its server cannot be asked (S12)."""

from pathlib import Path

from rollbook.client.accounts import Account, accounts, keep_account
from rollbook.client.settings import ClientSettings, load_settings
from rollbook.resilience.failures import AVAILABILITY, CallFailedError
from rollbook.store import session_mark
from rollbook.store.credentials import StoredCredentials
from rollbook.store.password_check import PasswordCheck

__all__ = ["known_account", "reopen", "was_not_asked"]

_NOT_OURS = ("not-our-server", "another-installation")


def was_not_asked(failure: CallFailedError) -> bool:
    """Whether the school's server gave no answer about the person, be it away, failing or hidden."""
    return failure.kind in AVAILABILITY or failure.code in _NOT_OURS


def known_account(data: Path, url: str, name: str) -> Account | None:
    """The account of that name at that address, if its server has taken a password here before."""
    wanted = url.rstrip("/"), name.strip().casefold()
    for account in accounts(data):
        if (account.url, account.user_name.casefold()) == wanted and PasswordCheck(account.folder).kept:
            return account
    return None


def reopen(data: Path, account: Account, password: str, settings: ClientSettings | None = None) -> bool:
    """Make it the current account, where this is the password that its server took last; else ``False``.

    A session that has ended begins with the next sign-in at the server only.
    """
    if not PasswordCheck(account.folder).fits(password):
        return False
    settings = settings or load_settings(data)
    if StoredCredentials(account.folder, settings.keyring).refresh_token() is None:
        session_mark.keep(account.folder)
    keep_account(data, account)
    return True
