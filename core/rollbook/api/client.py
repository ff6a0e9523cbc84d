"""The school's API as the rest of the client knows it: typed, classified, under one breaker."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx
import msgspec

from rollbook.api import translate
from rollbook.api.credentials import Credentials
from rollbook.api.exchange import Exchange
from rollbook.api.health import Health
from rollbook.api.local_network import has_route
from rollbook.api.transport import Answer, Call, Transport
from rollbook.contract.feed import ChangesPage
from rollbook.contract.operations import PushResponse, ReceiptsRequest, ReceiptsResponse
from rollbook.contract.session import Refresh, ServerInfo, Session, SignIn
from rollbook.domain.clock import Clock
from rollbook.domain.ids import uuid7_source
from rollbook.resilience.breaker import CircuitBreaker
from rollbook.resilience.connectivity import Connection
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.retry import Retry
from rollbook.resilience.settings import ResilienceSettings

_Shape = TypeVar("_Shape")


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """The server's results for a push, and the request that brought them."""

    response: PushResponse
    request_id: str


class ApiClient:
    """Used within one asyncio loop. Every method raises :class:`CallFailedError`, classified (R1)."""

    def __init__(
        self,
        base_url: str,
        *,
        settings: ResilienceSettings,
        clock: Clock,
        random: random.Random,
        device: str,
        installation: str | None,
        credentials: Credentials,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._device = device
        self._credentials = credentials
        self._retry = Retry(settings, clock, random, asyncio.sleep)
        self._refreshing = asyncio.Lock()
        self._transport = Transport(
            base_url,
            settings=settings,
            clock=clock,
            new_id=uuid7_source(clock),
            device=device,
            installation=installation,
            observer=observer,
            transport=transport,
        )
        self.breaker = CircuitBreaker("The school's server", settings, clock)
        self._health = Health(clock, self.breaker, lambda: self._credentials.refresh_token() is not None)

    def pin(self, installation: str) -> None:
        """From now on only this installation is our server (S10)."""
        self._transport.installation = installation

    def connection(self) -> Connection:
        """The state of the connection now (R5)."""
        return self._health.connection()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    # ---- who is there

    async def server_info(self) -> ServerInfo:
        """Which installation answers; one attempt, short, outside the breaker's count of work."""
        call = Call("GET", "/api/v1/server", "/api/v1/server", signed=False)
        deadline = Deadline(self._clock, self._settings.connect_timeout_seconds)
        answer = await self._guarded(lambda: self._transport.attempt(call, deadline, None))
        return _decoded(answer.data, ServerInfo, writes=False)

    async def probe(self) -> ServerInfo:
        """One cheap question that also checks that it is our server (R5)."""
        call = Call("GET", "/api/v1/server", "/api/v1/server", signed=False)
        deadline = Deadline(self._clock, self._settings.probe_timeout_seconds)
        answer = await self._guarded(lambda: self._transport.attempt(call, deadline, None))
        return _decoded(answer.data, ServerInfo, writes=False)

    # ---- the session

    async def sign_in(self, name: str, password: str) -> Session:
        """Sign in and keep the tokens. One attempt; a person waits for it."""
        asked = SignIn(name=name, password=password, device=self._device)
        session = await self._session("/api/v1/auth/sign-in", msgspec.json.encode(asked))
        self._credentials.save(session.access_token, session.refresh_token)
        return session

    async def sign_out(self) -> None:
        """End the session here, and at the server if it can be reached."""
        token, refresh = self._credentials.access_token(), self._credentials.refresh_token()
        self._credentials.clear()
        if token is None or refresh is None:
            return
        body = msgspec.json.encode(Refresh(refresh_token=refresh))
        call = Call("POST", "/api/v1/auth/sign-out", "/api/v1/auth/sign-out", body=body)
        deadline = Deadline(self._clock, self._settings.connect_timeout_seconds)
        try:
            await self._guarded(lambda: self._transport.attempt(call, deadline, token))
        except CallFailedError:
            return  # the session ends there by itself; here it has ended

    # ---- sync

    async def push(self, body: bytes, *, action_id: str | None = None) -> PushAnswer:
        """Send operations. A single attempt: what fails waits in the outbox (S11)."""
        path = "/api/v1/sync/push"
        answer = await self._once(Call("POST", path, path, body=body, action_id=action_id, writes=True))
        response = _decoded(answer.data, PushResponse, writes=True, request_id=answer.request_id)
        return PushAnswer(response, answer.request_id)

    async def receipts(self, op_ids: list[str]) -> ReceiptsResponse:
        """What became of operations whose outcome is unknown (S7)."""
        path = "/api/v1/sync/receipts"
        body = msgspec.json.encode(ReceiptsRequest(op_ids=op_ids))
        answer = await self._once(Call("POST", path, path, body=body))
        return _decoded(answer.data, ReceiptsResponse, writes=False, request_id=answer.request_id)

    async def changes(self, cursor: str, limit: int) -> ChangesPage:
        """A page of the feed from ``cursor`` on (S17)."""
        path = "/api/v1/sync/changes"
        answer = await self._read(Call("GET", path, path, params={"cursor": cursor, "limit": limit}))
        return _decoded(answer.data, ChangesPage, writes=False, request_id=answer.request_id)

    async def get_json(self, route: str, path: str, params: dict[str, str | int] | None = None) -> Answer:
        """Read JSON that this layer need not know. ``route`` is the template of ``path``."""
        return await self._read(Call("GET", route, path, params=params or {}))

    async def events(self) -> AsyncIterator[None]:
        """Yields whenever the server says that there is more (S19); ends or raises when the stream does."""
        path = "/api/v1/sync/events"
        call = Call("GET", path, path)
        deadline = Deadline(self._clock, self._settings.connect_timeout_seconds)
        chosen = self._transport.headers(call, uuid7_source(self._clock)(), deadline, self._token())
        chosen["Accept"] = "text/event-stream"
        quiet = httpx.Timeout(
            self._settings.request_timeout_seconds, read=3 * self._settings.request_timeout_seconds
        )
        try:
            async with self._transport.client().stream("GET", path, headers=chosen, timeout=quiet) as answer:
                failure = translate.from_answer(
                    answer, pinned=self._transport.installation, writes=False, now=self._clock.now()
                )
                if failure is not None:
                    raise failure
                async for line in answer.aiter_lines():
                    if line.startswith("data:"):
                        yield None
        except httpx.HTTPError as error:
            raise translate.from_transport(error, writes=False, has_route=has_route()) from error

    # ---- how a call is made

    async def _read(self, call: Call) -> Answer:
        deadline = Deadline(self._clock, self._settings.request_timeout_seconds)
        if self._health.connection().reason:  # in doubt the engine probes; a read does not pile up retries
            return await self._signed(call, deadline)
        return await self._retry.call(lambda: self._signed(call, deadline), deadline)

    async def _once(self, call: Call) -> Answer:
        return await self._signed(call, Deadline(self._clock, self._settings.request_timeout_seconds))

    async def _signed(self, call: Call, deadline: Deadline) -> Answer:
        """An attempt under the breaker; an expired access token is renewed once."""
        token = self._token()
        try:
            return await self._guarded(lambda: self._transport.attempt(call, deadline, token))
        except CallFailedError as failure:
            if failure.code != "not-signed-in":
                raise
        token = await self._renewed(token)
        return await self._guarded(lambda: self._transport.attempt(call, deadline, token))

    def _token(self) -> str:
        token = self._credentials.access_token()
        if token is None:
            raise CallFailedError(FailureKind.CLIENT, "not-signed-in", "Sign in again; entries are kept.")
        return token

    async def _renewed(self, used: str) -> str:
        """A new access token; many callers that find the old one expired renew it once."""
        async with self._refreshing:
            token = self._credentials.access_token()
            if token is not None and token != used:
                return token
            refresh = self._credentials.refresh_token()
            if refresh is None:
                raise CallFailedError(FailureKind.CLIENT, "not-signed-in", "Sign in again; entries are kept.")
            session = await self._refreshed(refresh)
            self._credentials.save(session.access_token, session.refresh_token)
            return session.access_token

    async def _refreshed(self, refresh: str) -> Session:
        try:
            body = msgspec.json.encode(Refresh(refresh_token=refresh))
            return await self._session("/api/v1/auth/refresh", body)
        except CallFailedError as failure:
            if failure.code in ("not-signed-in", "wrong-credentials"):
                self._credentials.clear()  # our server finally refuses the session
            raise

    async def _session(self, path: str, body: bytes) -> Session:
        call = Call("POST", path, path, body=body, signed=False)
        deadline = Deadline(self._clock, self._settings.request_timeout_seconds)
        answer = await self._guarded(lambda: self._transport.attempt(call, deadline, None))
        return _decoded(answer.data, Session, writes=False, request_id=answer.request_id)

    async def _guarded(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """Under the breaker, with what it tells of the connection taken note of."""
        try:
            answer = await self.breaker.call(attempt)
        except CallFailedError as failure:
            self._health.failed(failure)
            raise
        self._health.answered()
        return answer


def _decoded(data: bytes, shape: type[_Shape], *, writes: bool, request_id: str | None = None) -> _Shape:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.MsgspecError as error:
        failure = translate.unreadable(writes=writes)
        failure.request_id = request_id
        raise failure from error


__all__ = ["Answer", "ApiClient", "PushAnswer"]
