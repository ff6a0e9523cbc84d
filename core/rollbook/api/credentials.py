"""Where the client keeps the tokens of its session; kept by whoever opens the client."""

from typing import Protocol


class Credentials(Protocol):
    """A pair of tokens, or none."""

    def access_token(self) -> str | None:
        """The access token, or ``None`` when signed out."""
        ...

    def refresh_token(self) -> str | None:
        """The refresh token, or ``None`` when signed out."""
        ...

    def reload(self) -> None:
        """Read the pair anew: another program of this user may have renewed it."""
        ...

    def save(self, access: str, refresh: str) -> None:
        """Keep a new pair, in place of the old."""
        ...

    def clear(self) -> None:
        """Forget the pair: the person signed out."""
        ...

    def expire(self) -> None:
        """Forget the pair: the server takes it no longer, and the person is to sign in again."""
        ...


class MemoryCredentials:
    """Tokens that end with the process: for signing in before there is an account."""

    def __init__(self) -> None:
        self._pair: tuple[str, str] | None = None

    def access_token(self) -> str | None:
        """The access token, or ``None``."""
        return None if self._pair is None else self._pair[0]

    def refresh_token(self) -> str | None:
        """The refresh token, or ``None``."""
        return None if self._pair is None else self._pair[1]

    def reload(self) -> None:
        """Nothing else holds them."""

    def save(self, access: str, refresh: str) -> None:
        """Keep a new pair."""
        self._pair = (access, refresh)

    def clear(self) -> None:
        """Forget the pair."""
        self._pair = None

    def expire(self) -> None:
        """Forget the pair."""
        self._pair = None
