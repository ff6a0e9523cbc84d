"""A computer that is connected to a school, without asking a server."""

from pathlib import Path
from typing import Any

from rollbook.client.accounts import Account, account_folder, keep_account
from rollbook.client.facade import Client
from rollbook.client.values import Edit, Saved
from rollbook.store.credentials import StoredCredentials
from rollbook.store.database import open_store

NOBODY_THERE = "http://127.0.0.1:9"
"""An address of this computer where no server listens (the discard port)."""


def connected_here(data: Path, role: str = "registrar", url: str = NOBODY_THERE) -> Account:
    """Make a data folder whose current account is a made-up one."""
    installation, user_id = "01900000-0000-7000-8000-00000000aaaa", "01900000-0000-7000-8000-00000000bbbb"
    account = Account(
        url=url,
        installation=installation,
        user_id=user_id,
        user_name="maria",
        school_id="01900000-0000-7000-8000-00000000cccc",
        school_name="Harbour School",
        role=role,
        folder=account_folder(data, installation, user_id, "school"),
    )
    account.folder.mkdir(parents=True, mode=0o700)
    open_store(account.store).close()
    StoredCredentials(account.folder, False).save("an access token", "a refresh token")
    keep_account(data, account)
    return account


def student(client: Client, family_name: str, given_name: str, **values: Any) -> Saved:
    """Register a student on this computer."""
    changes = {"family_name": family_name, "given_name": given_name, **values}
    return client.save(Edit("student", None, changes))


def change(client: Client, saved: Saved, **values: Any) -> Saved:
    """Change a student on this computer."""
    return client.save(Edit("student", saved.entity_id, values))
