"""A program that speaks another protocol is told so before anything is read of what it sent (S9)."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rollbook.contract.headers import PROTOCOL, PROTOCOL_VERSION
from rollbook.server.problems import ProblemError


class ProtocolMiddleware:
    """Refuses a version that is not ours; a caller that names none is taken at its word."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        spoken = Headers(scope=scope).get(PROTOCOL) if scope["type"] == "http" else None
        if spoken is not None and spoken != str(PROTOCOL_VERSION):
            raise ProblemError("protocol-unsupported", f"This server speaks version {PROTOCOL_VERSION}.")
        await self._app(scope, receive, send)
