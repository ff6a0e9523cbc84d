"""The caller's deadline, taken from its header (R2)."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rollbook.contract.headers import DEADLINE_MS
from rollbook.domain.clock import Clock
from rollbook.resilience.deadline import Deadline, under
from rollbook.server.problems import ProblemError


class DeadlineMiddleware:
    """Notes when the caller stops waiting. Work is not cut off by it: see ``Database._seconds_left``."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        text = Headers(scope=scope).get(DEADLINE_MS) if scope["type"] == "http" else None
        if text is None:
            await self._app(scope, receive, send)
            return
        with under(Deadline(self._clock, _seconds(text))):
            await self._app(scope, receive, send)


def _seconds(text: str) -> float:
    if not (text.isascii() and text.lstrip("-").isdecimal() and len(text) <= 10):
        raise ProblemError("malformed-request", f"The header {DEADLINE_MS} must be a whole number.")
    milliseconds = int(text) if text.count("-") <= 1 else 0
    if milliseconds <= 0:
        raise ProblemError("deadline-exceeded")
    return milliseconds / 1000
