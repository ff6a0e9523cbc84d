"""One attempt of one request: identity, deadline, translation, observation (R2, R16, S10)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlsplit

import httpx

from rollbook.api import translate
from rollbook.api.exchange import Exchange
from rollbook.contract import headers
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings

_Shape = TypeVar("_Shape")
BELOW_HTTP = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError, OSError)
# A proxy of the surroundings is for the outside: this computer's own server is asked directly.
_DIRECT = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}


@dataclass(frozen=True, slots=True)
class Call(Generic[_Shape]):
    """What to ask, and the ``shape`` of the answer (``msgspec.Raw``: any JSON; ``NoneType``: no body;
    ``bytes``: a chunk of a file).

    ``route`` is the template for logs; ``writes``: a cut leaves the outcome unknown. ``forgiven`` are codes
    by which the server refuses what was sent, which is no sign of its health.
    """

    method: str
    path: str
    shape: type[_Shape]
    route: str = ""
    body: bytes | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)
    action_id: str | None = None
    writes: bool = False
    content_type: str = "application/json"
    forgiven: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer(Generic[_Shape]):
    """Our server's answer as bytes and as what they say, and the id of the request that it answers."""

    data: bytes
    value: _Shape
    request_id: str


class Transport:
    """Makes single attempts over one reused connection pool, within one asyncio loop."""

    def __init__(
        self,
        base_url: str,
        *,
        settings: ResilienceSettings,
        clock: Clock,
        new_id: IdSource,
        device: str,
        installation: str | None,
        school: str | None,
        observer: Callable[[Exchange], None] | None,
        transport: httpx.AsyncBaseTransport | None,
        has_route: Callable[[], bool],
    ) -> None:
        self._base_url = base_url
        self._settings = settings
        self._clock = clock
        self.new_id = new_id
        self._device = device
        self.installation = installation
        self._school = school
        self._observer = observer
        self._transport = transport
        self._has_route = has_route
        self._client: httpx.AsyncClient | None = None

    def client(self) -> httpx.AsyncClient:
        """The one client, made at first use inside the loop that uses it."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=_checked(self._base_url),
                transport=self._transport,
                mounts=_DIRECT if self._transport is None else None,
                timeout=httpx.Timeout(
                    self._settings.request_timeout_seconds, connect=self._settings.connect_timeout_seconds
                ),
                limits=httpx.Limits(max_connections=8, max_keepalive_connections=4),
                # Without TLS nothing is verified, and loading the authorities takes longer than a sync.
                verify=not self._base_url.lower().startswith("http:"),
                follow_redirects=False,  # a redirect is a login page's or a proxy's, never ours
            )
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def attempt(self, call: Call[_Shape], deadline: Deadline, token: str | None) -> Answer[_Shape]:
        """Make one attempt. Raises :class:`CallFailedError` with the request's id."""
        seen = _Seen(self.new_id(), self._clock.now().isoformat(), self._clock.monotonic())
        try:
            answer = await self._send(call, deadline, self.headers(call, seen.request_id, token, deadline))
            seen.status = answer.status_code
            value = self._understood(call, answer)
        except CallFailedError as failure:
            failure.request_id = seen.request_id
            if failure.code in call.forgiven and failure.problem is not None:
                failure.kind = FailureKind.CLIENT
            self._observe(call, seen, failure.kind.value, failure.code)
            raise
        except BaseException:
            self._observe(call, seen, "cancelled", None)
            raise
        self._observe(call, seen, "ok", None)
        return Answer(answer.content, value, seen.request_id)

    def headers(
        self, call: Call[Any], request_id: str, token: str | None, deadline: Deadline | None
    ) -> dict[str, str]:
        """Headers of one attempt; a stream that stays open has no deadline."""
        chosen = {
            headers.REQUEST_ID: request_id,
            headers.TRACE_PARENT: _trace_parent(call.action_id or request_id, request_id),
            headers.DEVICE: self._device,
            headers.PROTOCOL: str(headers.PROTOCOL_VERSION),
            "Accept": "application/json",
        }
        if self._school is not None:
            chosen[headers.SCHOOL] = self._school
        if deadline is not None:
            chosen[headers.DEADLINE_MS] = str(max(1, int(deadline.remaining() * 1000)))
        if call.action_id is not None:
            chosen[headers.ACTION_ID] = call.action_id
        if call.body is not None:
            chosen["Content-Type"] = call.content_type
        if token is not None:
            chosen["Authorization"] = f"Bearer {token}"
        return chosen

    def below_http(self, error: Exception, *, writes: bool) -> CallFailedError:
        """What the network did, classified."""
        return translate.from_transport(error, writes=writes, has_route=self._has_route())

    def refusal(self, answer: httpx.Response, *, writes: bool) -> CallFailedError | None:
        """What the answer refuses, or whose else's it is; ``None`` for our server's good one."""
        return translate.from_answer(answer, pinned=self.installation, writes=writes, now=self._clock.now())

    async def _send(self, call: Call[Any], deadline: Deadline, chosen: dict[str, str]) -> httpx.Response:
        """Send and read the whole answer within the deadline; httpx has no total time limit (R2)."""
        if deadline.expired:
            raise translate.too_late(writes=False)
        try:
            client = self.client()  # outside the limit: loading certificates is not the server's time
            async with asyncio.timeout(deadline.remaining()):
                return await client.request(
                    call.method, call.path, content=call.body, params=dict(call.params), headers=chosen
                )
        except BELOW_HTTP as error:
            raise self.below_http(error, writes=call.writes) from error

    def _understood(self, call: Call[_Shape], answer: httpx.Response) -> _Shape:
        failure = self.refusal(answer, writes=call.writes)
        if failure is not None:
            raise failure
        if call.shape is type(None):
            return call.shape()
        if call.shape is bytes:
            return cast("_Shape", translate.plain(answer))
        return translate.decoded(answer, call.shape, writes=call.writes)

    def _observe(self, call: Call[Any], seen: "_Seen", outcome: str, error: str | None) -> None:
        if self._observer is None:
            return
        self._observer(
            Exchange(
                request_id=seen.request_id,
                action_id=call.action_id,
                method=call.method,
                route=call.route or call.path,
                started_at=seen.started_at,
                duration_ms=round((self._clock.monotonic() - seen.began) * 1000, 1),
                status=seen.status,
                outcome=outcome,
                error=error,
            )
        )


@dataclass(slots=True)
class _Seen:
    """What is known of an attempt while it runs."""

    request_id: str
    started_at: str
    began: float
    status: int | None = None


def _checked(url: str) -> str:
    """``url``; what httpx would take for a name to be looked up is an error of the address all the same."""
    try:
        parts = urlsplit(url)
        if parts.hostname and parts.port != 0:
            return url
    except ValueError as error:
        raise httpx.InvalidURL(str(error)) from error
    raise httpx.InvalidURL("The address names no host.")


def _trace_parent(trace: str, span: str) -> str:
    """W3C trace context: the person's action is the trace, the attempt is the span (R16)."""
    return f"00-{trace.replace('-', '')[:32].rjust(32, '0')}-{span.replace('-', '')[-16:].rjust(16, '0')}-01"
