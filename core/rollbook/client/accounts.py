"""Accounts on this computer: one store for each (server, account), and which one is current (S12)."""

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rollbook.domain.ids import IdSource
from rollbook.store.errors import StoreDamagedError
from rollbook.store.failures import translated_system

_CURRENT = "current.json"
_ACCOUNT = "account.json"
_DEVICE = "device.json"


@dataclass(frozen=True, slots=True)
class Account:
    """Who works where. ``installation`` is the id that the server is pinned to (S10)."""

    url: str
    installation: str
    user_id: str
    user_name: str
    school_id: str
    school_name: str
    role: str
    folder: Path

    @property
    def store(self) -> Path:
        """The file of the store."""
        return self.folder / "store.sqlite3"

    @property
    def cache(self) -> Path:
        """The folder of the answers kept for when the server is away."""
        return self.folder / "cache"


class NotConnectedError(Exception):
    """The data folder has no account yet."""

    def __init__(self) -> None:
        super().__init__("No school is connected here yet. Use: rollbookctl connect URL --user NAME")


def account_folder(data: Path, installation: str, user_id: str, school_id: str) -> Path:
    """Where the account's store lies: told apart by server installation, user and school, not by address.

    Where an earlier release has put it elsewhere, it stays there.
    """
    digest = hashlib.sha256(f"{installation}\n{user_id}\n{school_id}".encode()).hexdigest()[:16]
    folder = data / "accounts" / digest
    if folder.exists():
        return folder
    mine = (installation, user_id, school_id)
    kept = (each for each in accounts(data) if (each.installation, each.user_id, each.school_id) == mine)
    return next((each.folder for each in kept), folder)


def accounts(data: Path) -> list[Account]:
    """All accounts of the data folder whose file can be read."""
    found = []
    for file in sorted((data / "accounts").glob(f"*/{_ACCOUNT}")):
        with contextlib.suppress(StoreDamagedError, TypeError):
            found.append(Account(**(_read(file) or {}), folder=file.parent))
    return found


def keep_account(data: Path, account: Account) -> None:
    """Write the account and make it current."""
    values = asdict(account)
    del values["folder"]
    _write(account.folder / _ACCOUNT, values)
    _write(data / _CURRENT, {"account": account.folder.name})


def current_account(data: Path) -> Account | None:
    """The account last connected, or ``None``. Raises :class:`StoreDamagedError` for an unreadable file."""
    current = _read(data / _CURRENT)
    if current is None:
        return None
    try:
        folder = data / "accounts" / str(current["account"])
        values = _read(folder / _ACCOUNT)
        return None if values is None else Account(**values, folder=folder)
    except (KeyError, TypeError) as error:
        raise StoreDamagedError(f"{data / _CURRENT} does not name an account; connect again") from error


def holds_account(folder: Path) -> bool:
    """Whether an account was kept there: then it has, or had, a store."""
    return (folder / _ACCOUNT).exists()


def device_id(data: Path, make: IdSource) -> str:
    """This computer's id, made once for the data folder."""
    try:
        found = _read(data / _DEVICE)
    except StoreDamagedError:
        found = None  # a new id does no harm: this computer only looks like a new one
    if found is not None and "device" in found:
        return str(found["device"])
    device = make()
    _write(data / _DEVICE, {"device": device})
    return device


def _write(path: Path, values: dict[str, Any]) -> None:
    with translated_system():
        _replace(path, values)


def _replace(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(values, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreDamagedError(f"{path} cannot be read; connect again, entries are kept") from error
    return found if isinstance(found, dict) else {}
