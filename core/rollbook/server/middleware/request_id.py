"""The request's ID: kept where it is valid, else made; on every answer with the installation's (R16, S10)."""

import re
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rollbook.contract.headers import ACTION_ID, DEVICE, ID_FORM, INSTALLATION, REQUEST_ID
from rollbook.domain.ids import IdSource
from rollbook.server.request_context import RequestContext, enter

_VALID = re.compile(ID_FORM)
_VALID_DEVICE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    """Outermost: enters the context of the request and marks its answer."""

    def __init__(self, app: ASGIApp, *, new_id: IdSource, installation: Callable[[], str | None]) -> None:
        self._app = app
        self._new_id = new_id
        self._installation = installation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context = self._context_of(Headers(scope=scope))
        enter(context)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = context.request_id
                installation = self._installation()
                if installation is not None:
                    headers[INSTALLATION] = installation
            await send(message)

        await self._app(scope, receive, marked)

    def _context_of(self, headers: Headers) -> RequestContext:
        return RequestContext(
            request_id=_if_valid(_VALID, headers.get(REQUEST_ID)) or self._new_id(),
            action_id=_if_valid(_VALID, headers.get(ACTION_ID)),
            device=_if_valid(_VALID_DEVICE, headers.get(DEVICE)),
            serving=self._new_id(),
        )


def is_request_id(text: str) -> bool:
    """Whether ``text`` has the form of a request's or an action's id."""
    return _VALID.fullmatch(text) is not None


def is_device(text: str) -> bool:
    """Whether ``text`` has the form of a computer's id."""
    return _VALID_DEVICE.fullmatch(text) is not None


def _if_valid(pattern: re.Pattern[str], value: str | None) -> str:
    # What is not valid is dropped, not repaired: it would forge lines in the log.
    return value if value is not None and pattern.fullmatch(value) else ""
