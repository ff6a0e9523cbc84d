"""What no handler took becomes a problem here, and never leaks (R15)."""

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rollbook.domain.clock import Clock
from rollbook.resilience.where_it_broke import where_it_broke
from rollbook.server.problems import ProblemError, problem_response

log = structlog.get_logger("rollbook.server")


class LastResortMiddleware:
    """Turns any exception into an answer, unless the answer has begun: then the connection is cut."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            answer = problem_response(self._clock, _as_problem(error))
            if begun:
                raise
            await answer(scope, receive, send)


def _as_problem(error: Exception) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, ClientDisconnect):
        return ProblemError("malformed-request", "The request ended before its body did.")
    log.error("unforeseen", **where_it_broke(error))
    return ProblemError("internal-error")
