"""The tokens of one account: in the system's key ring, else in a file that only its owner reads."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import keyring
import keyring.errors
from keyring.backends import fail

from rollbook.store import session_mark


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pair as the server gave it."""

    access: str
    refresh: str


_BLOCK = 4096


class StoredCredentials:
    """Keeps the pair of one account over restarts. ``use_keyring=False`` keeps it in the file alone.

    A pair that cannot be written (the disk is full) holds for as long as the program runs, and is written as
    soon as there is room: it is the only pair that the server still takes.
    """

    _SERVICE = "rollbook"

    def __init__(self, folder: Path, use_keyring: bool = True) -> None:
        self._folder = folder
        self._file = folder / "credentials.json"
        self._account = folder.name
        self._use_keyring = use_keyring and _has_keyring()

        self._unwritten = False
        self._tokens = self._load()  # asked for at every request: kept in memory

    def access_token(self) -> str | None:
        """The access token, or ``None`` when signed out."""
        self._write_if_unwritten()
        return None if self._tokens is None else self._tokens.access

    def refresh_token(self) -> str | None:
        """The refresh token, or ``None`` when signed out."""
        return None if self._tokens is None else self._tokens.refresh

    def reload(self) -> None:
        """Read the pair anew: another program of this user may have renewed it."""
        self._write_if_unwritten()
        if not self._unwritten:
            self._tokens = self._load()

    def save(self, access: str, refresh: str) -> None:
        """Keep a new pair, in place of the old."""
        self._tokens, self._unwritten = Tokens(access, refresh), True
        self._write_if_unwritten()
        session_mark.forget(self._folder)

    def clear(self) -> None:
        """Forget the pair: the person signed out."""
        session_mark.forget(self._folder)
        self._tokens, self._unwritten = None, False
        self._forget()

    def expire(self) -> None:
        """Forget the pair: the server takes it no longer. The person works on and signs in again (S12)."""
        session_mark.keep(self._folder)  # first: a crash between the two leaves somebody signed in
        self._tokens, self._unwritten = None, False
        self._forget()

    def _load(self) -> Tokens | None:
        text = self._from_keyring() or self._from_file()
        if text is None:
            return None
        try:
            found = json.loads(text)
            return Tokens(found["access"], found["refresh"])
        except (ValueError, KeyError, TypeError):
            return None  # unreadable: the person signs in again, entries are elsewhere

    def _write_if_unwritten(self) -> None:
        if self._unwritten and self._tokens is not None:
            with contextlib.suppress(OSError):
                self._store(json.dumps(asdict(self._tokens)))
                self._unwritten = False

    def _store(self, text: str) -> None:
        if self._use_keyring:
            with contextlib.suppress(keyring.errors.KeyringError):
                keyring.set_password(self._SERVICE, self._account, text)
                self._file.unlink(missing_ok=True)
                return
        self._to_file(text)

    def _from_keyring(self) -> str | None:
        if not self._use_keyring:
            return None
        with contextlib.suppress(keyring.errors.KeyringError):
            return keyring.get_password(self._SERVICE, self._account)
        return None

    def _from_file(self) -> str | None:
        try:
            return self._file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None  # as if signed out: the person signs in again, entries are elsewhere

    def _to_file(self, text: str) -> None:
        # Whole blocks, so that a later pair fits in the place of this one when the disk is full by then.
        block = text.encode().ljust(_BLOCK)
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._file.with_suffix(".new")
        try:
            _write(fresh, os.O_CREAT | os.O_TRUNC, block)
            fresh.replace(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            _write(self._file, 0, block)

    def _forget(self) -> None:
        if self._use_keyring:
            with contextlib.suppress(keyring.errors.KeyringError):
                keyring.delete_password(self._SERVICE, self._account)
        try:
            self._file.unlink(missing_ok=True)
        except OSError:  # the folder is read-only; the server takes the pair no longer
            return


def _write(path: Path, how: int, block: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | how, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _has_keyring() -> bool:
    """Whether the system has a key ring at all; a machine without a desktop session has none."""
    return not isinstance(keyring.get_keyring(), fail.Keyring)
