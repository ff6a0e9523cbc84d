"""One attempt of one request: identity, deadline, translation, observation (R2, R16, S10)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from rollbook.api import translate
from rollbook.api.exchange import Exchange
from rollbook.api.local_network import has_route
from rollbook.contract import headers
from rollbook.domain.clock import Clock
from rollbook.domain.ids import IdSource
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError
from rollbook.resilience.settings import ResilienceSettings


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask. ``route`` is the template for logs; ``writes``: a cut leaves the outcome unknown."""

    method: str
    route: str
    path: str
    body: bytes | None = None
    params: Mapping[str, str | int] = field(default_factory=dict)
    action_id: str | None = None
    writes: bool = False
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """Our server's answer, and the id of the request that it answers."""

    data: bytes
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
        observer: Callable[[Exchange], None] | None,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._base_url = base_url
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._device = device
        self.installation = installation
        self._observer = observer
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    def client(self) -> httpx.AsyncClient:
        """The one client, made at first use inside the loop that uses it."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self._base_url,
                transport=self._transport,
                timeout=httpx.Timeout(
                    self._settings.request_timeout_seconds, connect=self._settings.connect_timeout_seconds
                ),
                limits=httpx.Limits(max_connections=8, max_keepalive_connections=4),
                follow_redirects=False,  # a redirect is a login page's or a proxy's, never ours
            )
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def attempt(self, call: Call, deadline: Deadline, token: str | None) -> Answer:
        """Make one attempt. Raises :class:`CallFailedError` with the request's id."""
        request_id = self._new_id()
        started_at, began = self._clock.now().isoformat(), self._clock.monotonic()
        status: int | None = None
        failure: CallFailedError | None = None
        try:
            answer = await self._send(call, deadline, self.headers(call, request_id, deadline, token))
            status = answer.status_code
            failure = translate.from_answer(
                answer, pinned=self.installation, writes=call.writes, now=self._clock.now()
            )
        except CallFailedError as failed:
            failure = failed
        except BaseException:
            self._observe(call, request_id, started_at, began, None, "cancelled", None)
            raise
        outcome = "ok" if failure is None else failure.kind.value
        self._observe(call, request_id, started_at, began, status, outcome, failure.code if failure else None)
        if failure is not None:
            failure.request_id = request_id
            raise failure
        return Answer(answer.content, request_id)

    def headers(self, call: Call, request_id: str, deadline: Deadline, token: str | None) -> dict[str, str]:
        """Headers of one attempt."""
        chosen = {
            headers.REQUEST_ID: request_id,
            headers.DEVICE: self._device,
            headers.PROTOCOL: str(headers.PROTOCOL_VERSION),
            headers.DEADLINE_MS: str(int(deadline.remaining() * 1000)),
            "Accept": "application/json",
        }
        if call.action_id is not None:
            chosen[headers.ACTION_ID] = call.action_id
        if call.body is not None:
            chosen["Content-Type"] = "application/json"
        if token is not None:
            chosen["Authorization"] = f"Bearer {token}"
        return chosen

    async def _send(self, call: Call, deadline: Deadline, chosen: dict[str, str]) -> httpx.Response:
        """Send and read the whole answer within the deadline; httpx has no total time limit (R2)."""
        try:
            async with asyncio.timeout(deadline.remaining()):
                return await self.client().request(
                    call.method, call.path, content=call.body, params=dict(call.params), headers=chosen
                )
        except (httpx.TransportError, httpx.DecodingError, TimeoutError, OSError) as error:
            raise translate.from_transport(error, writes=call.writes, has_route=has_route()) from error
        except httpx.HTTPError as error:
            raise translate.unreadable(writes=call.writes) from error

    def _observe(
        self,
        call: Call,
        request_id: str,
        started_at: str,
        began: float,
        status: int | None,
        outcome: str,
        error: str | None,
    ) -> None:
        if self._observer is not None:
            spent = (self._clock.monotonic() - began) * 1000
            self._observer(
                Exchange(
                    request_id,
                    call.action_id,
                    call.method,
                    call.route,
                    started_at,
                    round(spent, 1),
                    status,
                    outcome,
                    error,
                )
            )
