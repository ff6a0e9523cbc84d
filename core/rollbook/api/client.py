"""The school's API as the rest of the client knows it: typed, classified, under one breaker."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx
import msgspec

from rollbook.api import local_network, translate
from rollbook.api.credentials import Credentials
from rollbook.api.exchange import Exchange
from rollbook.api.guard import Guard
from rollbook.api.health import Health
from rollbook.api.session import SessionKeeper
from rollbook.api.transport import Answer, Call, Transport
from rollbook.api.wakeups import WakeUps
from rollbook.contract.devices import DeskReport
from rollbook.contract.erasure import (
    ErasedPage,
    Erasure,
    ErasureAsked,
    ErasurePreview,
    ErasureRequest,
    ToldErased,
)
from rollbook.contract.feed import START, Change, ChangesPage
from rollbook.contract.files import CHUNK_MEDIA_TYPE, ChunksAsked, ChunksMissing
from rollbook.contract.jobs import Job, ReportRequest
from rollbook.contract.numbers import BlockRequest, LiveBlocks, NumberBlock
from rollbook.contract.operations import PushResponse, ReceiptsRequest, ReceiptsResponse
from rollbook.contract.proposals import (
    Decision,
    Proposal,
    ProposalsPage,
    ProposeRequest,
    ProposeResponse,
)
from rollbook.contract.recovery import MissingRequest, MissingResponse, OfferResponse
from rollbook.contract.session import ServerInfo, Session
from rollbook.contract.snapshot import SnapshotPage, SnapshotPlan
from rollbook.domain.clock import Clock
from rollbook.domain.ids import uuid7_source
from rollbook.resilience.breaker import CircuitBreaker
from rollbook.resilience.connectivity import Connection
from rollbook.resilience.deadline import Deadline
from rollbook.resilience.failures import CallFailedError
from rollbook.resilience.hold import Hold
from rollbook.resilience.retry import Retry
from rollbook.resilience.settings import ResilienceSettings

_Shape = TypeVar("_Shape")
_JOB_ROUTE = "/api/v1/jobs/{job_id}"
_CHUNK_ROUTE = "/api/v1/files/chunks/{sha256}"
_PROPOSALS = "/api/v1/sync/proposals"
_FALLS = frozenset({"internal-error"})


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
        school: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Callable[[Exchange], None] | None = None,
        has_route: Callable[[], bool] = local_network.has_route,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._retry = Retry(settings, clock, random, asyncio.sleep)
        self._transport = Transport(
            base_url,
            settings=settings,
            clock=clock,
            new_id=uuid7_source(clock),
            device=device,
            installation=installation,
            school=school,
            observer=observer,
            transport=transport,
            has_route=has_route,
        )
        self.breaker = CircuitBreaker("The school's server", settings, clock)
        hold = Hold(clock, settings.longest_hold_seconds)
        self._health = Health(clock, self.breaker, hold, lambda: credentials.refresh_token() is not None)
        self._guard = Guard(clock, self.breaker, hold, self._health)
        self._session = SessionKeeper(
            self._transport, self._guard, credentials, settings=settings, clock=clock, device=device
        )
        self._wakeups = WakeUps(self._transport, self._guard, self._session, settings)

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
        """Which installation answers; one attempt, with patience for a server that has just started."""
        return await self._who(self._settings.connect_timeout_seconds)

    async def probe(self) -> ServerInfo:
        """One cheap question that also checks that it is our server (R5)."""
        return await self._who(self._settings.probe_timeout_seconds)

    # ---- the session

    async def sign_in(self, name: str, password: str) -> Session:
        """Sign in and keep the tokens. One attempt; a person waits for it."""
        return await self._session.sign_in(name, password)

    async def refresh(self) -> None:
        """Renew the tokens now. Refused finally: signed out, code ``not-signed-in``."""
        await self._session.renewed(self._session.token())

    async def sign_out(self) -> None:
        """End the session here, and at the server if it can be reached."""
        await self._session.sign_out()

    # ---- sync

    async def push(
        self,
        body: bytes,
        *,
        action_id: str | None = None,
        known: str = START,
        fence: int = 0,
        looking: bool = False,
    ) -> PushAnswer:
        """Send operations. A single attempt: what fails waits in the outbox (S11).

        ``known`` is the last row of the feed that we have been told of: a server that was put back to before
        it takes nothing, and answers ``cursor-unknown`` (S22). ``fence`` is how often an answer did not come:
        a push from before the last time is ``arrived-late`` (S7). ``looking``: an entry over which the server
        falls is being looked for (S8), so that its falling says nothing of its health.
        """
        call = Call(
            "POST",
            "/api/v1/sync/push",
            PushResponse,
            params={"known": known, "fence": fence},
            body=body,
            action_id=action_id,
            writes=True,
            forgiven=_FALLS if looking else frozenset(),
        )
        answer = await self._once(call)
        return PushAnswer(answer.value, answer.request_id)

    async def receipts(
        self, op_ids: list[str], known: str = START, again: dict[str, int] | None = None
    ) -> ReceiptsResponse:
        """What became of operations whose outcome is unknown (S7). ``known`` as in :meth:`push`.

        ``again`` tells of each how far we knew the feed when it was first sent.
        """
        body = msgspec.json.encode(ReceiptsRequest(op_ids=op_ids, again=again or {}))
        call = Call("POST", "/api/v1/sync/receipts", ReceiptsResponse, params={"known": known}, body=body)
        return (await self._once(call)).value

    async def changes(self, cursor: str, limit: int, known: str = START) -> ChangesPage:
        """A page of the feed from ``cursor`` on (S17). ``known`` as in :meth:`push`."""
        params: dict[str, str | int] = {"cursor": cursor, "limit": limit, "known": known}
        return (await self._read(Call("GET", "/api/v1/sync/changes", ChangesPage, params=params))).value

    async def snapshot_plan(self) -> SnapshotPlan:
        """Where the feed is, and how many records there are to read (S20)."""
        return (await self._read(Call("GET", "/api/v1/sync/snapshot", SnapshotPlan))).value

    async def snapshot_page(self, entity: str, after: str, limit: int, known: str = START) -> SnapshotPage:
        """Records as they are now, behind the id ``after`` (S20), none older than ``known`` (S23)."""
        route = "/api/v1/sync/snapshot/{entity}"
        params: dict[str, str | int] = {"after": after, "limit": limit, "known": known}
        path = f"/api/v1/sync/snapshot/{entity}"
        return (await self._read(Call("GET", path, SnapshotPage, route=route, params=params))).value

    async def reserve_numbers(self, asked: BlockRequest) -> NumberBlock:
        """A block of numbers for this desk; the same request again gives the same block (S16)."""
        body = msgspec.json.encode(asked)
        return (await self._once(Call("POST", "/api/v1/numbers/blocks", NumberBlock, body=body))).value

    async def report_numbers(self, live: list[NumberBlock]) -> None:
        """Tell a restored server which blocks are in use here (S22)."""
        body = msgspec.json.encode(LiveBlocks(live))
        await self._once(Call("POST", "/api/v1/numbers/blocks/live", type(None), body=body))

    async def missing(self, asked: MissingRequest, known: str = START) -> MissingResponse:
        """Which versions a server that was put back has lost (S22). ``known`` as in :meth:`push`."""
        body = msgspec.json.encode(asked)
        call = Call("POST", "/api/v1/recovery/missing", MissingResponse, params={"known": known}, body=body)
        return (await self._once(call)).value

    async def offer(self, body: bytes, known: str = START) -> OfferResponse:
        """Give versions back: an encoded ``contract.recovery.OfferRequest``. ``known`` as in :meth:`push`."""
        call = Call(
            "POST",
            "/api/v1/recovery/offer",
            OfferResponse,
            params={"known": known},
            body=body,
            writes=True,
        )
        return (await self._once(call)).value

    async def preview_erasure(self, asked: ErasureAsked) -> ErasurePreview:
        """What would go with a person (D3)."""
        body = msgspec.json.encode(asked)
        return (await self._once(Call("POST", "/api/v1/erasures/preview", ErasurePreview, body=body))).value

    async def erase(self, asked: ErasureRequest) -> Erasure:
        """Erase a person, for good (D3). Asked again after a cut, the answer is the problem ``erased``."""
        body = msgspec.json.encode(asked)
        return (await self._once(Call("POST", "/api/v1/erasures", Erasure, body=body, writes=True))).value

    async def erased(self, after: str, limit: int) -> ErasedPage:
        """The people that were erased, behind that id (D3)."""
        params: dict[str, str | int] = {"after": after, "limit": limit}
        return (await self._read(Call("GET", "/api/v1/sync/erased", ErasedPage, params=params))).value

    async def tell_erased(self, erased: list[Change]) -> None:
        """Tell a restored server whom it had erased (D3, S22)."""
        body = msgspec.json.encode(ToldErased(erased))
        await self._once(Call("POST", "/api/v1/recovery/erased", type(None), body=body))

    async def missing_chunks(self, hashes: list[str]) -> list[str]:
        """Those of the chunks that the school does not have (S31)."""
        body = msgspec.json.encode(ChunksAsked(hashes))
        return (
            await self._once(Call("POST", "/api/v1/files/missing", ChunksMissing, body=body))
        ).value.missing

    async def put_chunk(self, sha256: str, content: bytes, of: str) -> None:
        """Send a chunk of the file whose manifest is ``of``; the same again changes nothing (S31)."""
        await self._once(
            Call(
                "PUT",
                f"/api/v1/files/chunks/{sha256}",
                type(None),
                route=_CHUNK_ROUTE,
                params={"of": of},
                body=content,
                content_type=CHUNK_MEDIA_TYPE,
            )
        )

    async def get_chunk(self, sha256: str) -> bytes:
        """A chunk of the school's (S31)."""
        path = f"/api/v1/files/chunks/{sha256}"
        return (await self._read(Call("GET", path, bytes, route=_CHUNK_ROUTE))).value

    async def ask_for_report(self, asked: ReportRequest) -> Job:
        """Have a report made; where it is, done where that was quick (R11)."""
        body = msgspec.json.encode(asked)
        return (await self._once(Call("POST", "/api/v1/reports", Job, body=body))).value

    async def job(self, job_id: str) -> Job:
        """Where a piece of long work is."""
        return (await self._read(Call("GET", f"/api/v1/jobs/{job_id}", Job, route=_JOB_ROUTE))).value

    async def cancel_job(self, job_id: str) -> Job:
        """End it where it stands."""
        return (await self._once(Call("DELETE", f"/api/v1/jobs/{job_id}", Job, route=_JOB_ROUTE))).value

    async def finished_report(self, job_id: str) -> bytes:
        """What came of it."""
        path, route = f"/api/v1/reports/{job_id}", "/api/v1/reports/{job_id}"
        return (await self._read(Call("GET", path, bytes, route=route))).value

    async def report(self, report: DeskReport, seconds: float) -> None:
        """Tell how things stand here (S30). Past the breaker: what comes of it says nothing of syncing."""
        call = Call("POST", "/api/v1/sync/report", type(None), body=msgspec.json.encode(report))
        await self._transport.attempt(call, Deadline.after(self._clock, seconds), self._session.token())

    async def propose(self, operations: list[msgspec.Raw], known: str, fence: int) -> Answer[ProposeResponse]:
        """Hand over entries that may not be written any more (S23). A single attempt, as :meth:`push`."""
        body = msgspec.json.encode(ProposeRequest(operations))
        call = Call(
            "POST",
            _PROPOSALS,
            ProposeResponse,
            params={"known": known, "fence": fence},
            body=body,
            writes=True,
        )
        return await self._once(call)

    async def proposals(self, after: int, state: str | None) -> ProposalsPage:
        """Proposals behind the number ``after``, of that state."""
        params: dict[str, str | int] = {"after": after} | ({} if state is None else {"state": state})
        return (await self._read(Call("GET", _PROPOSALS, ProposalsPage, params=params))).value

    async def proposal(self, number: int) -> Proposal:
        """The proposal of that number."""
        path, route = f"{_PROPOSALS}/{number}", _PROPOSALS + "/{number}"
        return (await self._read(Call("GET", path, Proposal, route=route))).value

    async def decide(self, number: int, decision: Decision, *, accept: bool) -> Proposal:
        """Accept or decline a proposal. Asked again after a cut, the answer is the same."""
        verb = "accept" if accept else "decline"
        path, route = f"{_PROPOSALS}/{number}/{verb}", f"{_PROPOSALS}/{{number}}/{verb}"
        body = msgspec.json.encode(decision)
        return (await self._once(Call("POST", path, Proposal, route=route, body=body, writes=True))).value

    async def get_json(
        self, route: str, path: str, params: dict[str, str | int] | None = None
    ) -> Answer[msgspec.Raw]:
        """Read JSON that this layer need not know. ``route`` is the template of ``path``."""
        return await self._read(Call("GET", path, msgspec.Raw, route=route, params=params or {}))

    async def events(self) -> AsyncIterator[None]:
        """Yields whenever the server says that there is more (S19); ends or raises when the stream does."""
        async for more in self._wakeups.listen():
            yield more

    # ---- how a call is made

    async def _who(self, seconds: float) -> ServerInfo:
        call = Call("GET", "/api/v1/server", ServerInfo)
        deadline = Deadline.after(self._clock, seconds)
        return (await self._guard.call(lambda: self._transport.attempt(call, deadline, None))).value

    async def _read(self, call: Call[_Shape]) -> Answer[_Shape]:
        deadline = Deadline.after(self._clock, self._settings.request_timeout_seconds)
        if self._health.connection().reason:  # in doubt the engine probes; a read does not pile up retries
            return await self._signed(call, deadline)
        return await self._retry.call(lambda: self._signed(call, deadline), deadline)

    async def _once(self, call: Call[_Shape]) -> Answer[_Shape]:
        return await self._signed(call, Deadline.after(self._clock, self._settings.request_timeout_seconds))

    async def _signed(self, call: Call[_Shape], deadline: Deadline) -> Answer[_Shape]:
        """An attempt; an expired access token is renewed once."""
        token = self._session.token()
        try:
            return await self._guard.call(lambda: self._transport.attempt(call, deadline, token))
        except CallFailedError as failure:
            if failure.code != "not-signed-in":
                raise
        try:
            async with asyncio.timeout(deadline.remaining()):  # the renewal is shared: it has its own
                renewed = await self._session.renewed(token)
        except TimeoutError as late:
            raise translate.too_late(writes=False) from late
        return await self._guard.call(lambda: self._transport.attempt(call, deadline, renewed))


__all__ = ["Answer", "ApiClient", "PushAnswer"]
