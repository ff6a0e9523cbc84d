"""Checking the account's password without the server: Argon2id of the last one that it took (S12)."""

import contextlib
import os
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_LONGEST = 1_000  # characters, as at the server


class PasswordCheck:
    """Kept beside the store, for its owner's eyes only. Never the password itself."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "password-check.txt"

    @property
    def kept(self) -> bool:
        """Whether there is anything to check against."""
        return self._file.exists()

    def keep(self, password: str) -> None:
        """The server has taken ``password``. A full disk leaves the check as it was."""
        fresh = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(PasswordHasher().hash(password[:_LONGEST]))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._file)

    def fits(self, password: str) -> bool:
        """Whether it is the password that the server took last; takes about a tenth of a second."""
        try:
            kept = self._file.read_text(encoding="ascii").strip()
            return PasswordHasher().verify(kept, password[:_LONGEST])
        except (OSError, UnicodeDecodeError, Argon2Error, InvalidHashError):
            return False
