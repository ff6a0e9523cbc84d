"""Noticing that a session has ended, whoever ended it (R8): all that forgets the tokens comes by here."""

from collections.abc import Callable

from rollbook.api.credentials import Credentials


class WatchedCredentials:
    """The tokens of ``inner``; ``ended`` is called once a sign-out or a final refusal has cleared them."""

    def __init__(self, inner: Credentials, ended: Callable[[], object]) -> None:
        self._inner = inner
        self._ended = ended

    def access_token(self) -> str | None:
        """The access token, or ``None`` when signed out."""
        return self._inner.access_token()

    def refresh_token(self) -> str | None:
        """The refresh token, or ``None`` when signed out."""
        return self._inner.refresh_token()

    def reload(self) -> None:
        """Read the pair anew: another program of this user may have renewed it."""
        self._inner.reload()

    def save(self, access: str, refresh: str) -> None:
        """Keep a new pair, in place of the old."""
        self._inner.save(access, refresh)

    def clear(self) -> None:
        """Forget the pair, and tell."""
        try:
            self._inner.clear()
        finally:
            self._ended()

    def expire(self) -> None:
        """The server takes the pair no longer: forget it, and tell."""
        try:
            self._inner.expire()
        finally:
            self._ended()
