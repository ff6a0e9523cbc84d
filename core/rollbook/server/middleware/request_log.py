"""One line and one count for each request (R18, R19): ids, codes and the route's template only."""

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rollbook.domain.clock import Clock
from rollbook.server.alerting.alerts import Alerts
from rollbook.server.metrics import Metrics
from rollbook.server.request_context import RequestContext, current

log = structlog.get_logger("rollbook.server.request")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestLogMiddleware:
    """Writes the line when the answer has been sent, whatever it was."""

    def __init__(
        self, app: ASGIApp, *, clock: Clock, metrics: Metrics, alerts: Alerts, slow_seconds: float
    ) -> None:
        self._app = app
        self._alerts = alerts
        self._slow_seconds = slow_seconds
        self._clock = clock
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock.monotonic()
        status = 0
        streams = False

        async def watched(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                streams = Headers(scope=message).get("content-type", "").startswith("text/event-stream")
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._note(scope, status, self._clock.monotonic() - started, streams)

    def _note(self, scope: Scope, status: int, seconds: float, streams: bool) -> None:
        context = current()
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = route_template(scope)
        # A stream is open for as long as someone listens: that is no duration of an answer.
        self._metrics.request(method, route, status, None if streams else seconds, context.error)
        self._alerts.note(context.error, f"{method} {route}", context.request_id)
        if seconds >= self._slow_seconds and not streams:
            log.warning(
                "slow_request", method=method, route=route, status=status, duration_ms=_milliseconds(seconds)
            )
        log.info("request", method=method, route=route, status=status, **_known_of(context, seconds))


def route_template(scope: Scope) -> str:
    """The template of the route that took the request; raw paths would be endless labels and hold ids."""
    return getattr(scope.get("route"), "path", None) or "unmatched"


def _known_of(context: RequestContext, seconds: float) -> dict[str, object]:
    known: dict[str, object] = {"duration_ms": _milliseconds(seconds)}
    optional = {
        "error": context.error,
        "operations": context.operations,
        "op_ids": context.op_ids,
    }
    return known | {name: value for name, value in optional.items() if value}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
