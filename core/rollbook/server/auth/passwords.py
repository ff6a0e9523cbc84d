"""Password hashes: Argon2id, at a cost that is a setting."""

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from rollbook.server.settings import Settings

MAX_PASSWORD = 1_000
MIN_PASSWORD = 8


class Passwords:
    """Makes and checks hashes. Checking a name that does not exist takes as long as one that does."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
            type=Type.ID,
        )
        self._of_no_one = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The hash to keep."""
        return self._hasher.hash(password)

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether ``password`` is the one of ``kept``; ``None`` never fits, after the same work."""
        try:
            right = self._hasher.verify(kept or self._of_no_one, password[:MAX_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
        return right and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether ``kept`` was made at another cost than today's."""
        return self._hasher.check_needs_rehash(kept)
