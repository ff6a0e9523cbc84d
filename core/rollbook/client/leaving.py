"""Signing out with work that waits, and what others left waiting on this computer (S27)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rollbook.client.accounts import Account, accounts
from rollbook.store.waiting import waiting_in


@dataclass(frozen=True, slots=True)
class OthersWaiting:
    """Entries of another account in the same data folder, which go once that user signs in again.

    ``entries`` is ``None`` where that store cannot be read.
    """

    user: str
    school: str
    entries: int | None


class Named(Protocol):
    """Whose entries they are, and where they belong."""

    @property
    def url(self) -> str: ...
    @property
    def user_name(self) -> str: ...
    @property
    def school_name(self) -> str: ...


class Facade(Protocol):
    """What is needed of the client's facade."""

    @property
    def account(self) -> Named: ...
    def waiting_as_data(self) -> list[dict[str, Any]]: ...


def others_waiting(account: Account) -> tuple[OthersWaiting, ...]:
    """The other accounts of this computer that have entries waiting."""
    data = account.folder.parent.parent
    others = (
        each for each in accounts(data) if each.folder.name != account.folder.name and each.store.exists()
    )
    found = (OthersWaiting(each.user_name, each.school_name, waiting_in(each.store)) for each in others)
    return tuple(each for each in found if each.entries != 0)


def write_waiting(client: Facade, file: Path) -> int:
    """Write all that waits into ``file``, for people and programs; returns how many. Raises ``OSError``.

    The entries stay where they are.
    """
    entries = client.waiting_as_data()
    account = client.account
    content = {
        "what": "Entries in Rollbook that the school does not have yet",
        "user": account.user_name,
        "school": account.school_name,
        "server": account.url,
        "entries": entries,
    }
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(file)
    return len(entries)
