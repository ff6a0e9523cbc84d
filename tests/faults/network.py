"""The way from one desk to the school: everything that a network does to requests, by a seeded chance."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import format_datetime

import httpx
import msgspec

from faults.school import School, ServerDied
from rollbook.contract.headers import INSTALLATION, PROBLEM_MEDIA_TYPE
from rollbook.contract.operations import PushRequest
from rollbook.contract.problems import problem

_PUSH = "/api/v1/sync/push"
_CHANGES = "/api/v1/sync/changes"
_PORTAL = b"<html><title>Hotel Wi-Fi</title><form>Room number</form></html>"
NEVER_ARRIVES = (
    "refused",
    "lost on the way",
    "captive portal",
    "redirected",
    "another server's JSON",
    "401",
    "429 in seconds",
    "429 with a date",
    "500",
    "503",
    "503 with a wish",
    "arrives late",
)
ANSWER_FAILS = (
    "dropped after commit",
    "reset",
    "timed out",
    "truncated JSON",
    "another installation",
    "sent twice",
    "500 after commit",
    "wrong content type",
)
_REFUSALS = {
    "401": ("not-signed-in", {}),
    "429 in seconds": ("too-many-requests", {"Retry-After": "7"}),
    "429 with a date": ("too-many-requests", {}),
    "500": ("internal-error", {}),
    "503": ("database-unavailable", {}),
    "503 with a wish": ("overloaded", {"Retry-After": "3"}),
}
Meanwhile = Callable[[str], Awaitable[None]]
"""Called with ``before`` and ``after``: what else happens just then, on the way out and on the way back."""


@dataclass(slots=True)
class Weather:
    """How bad it is. ``fault`` is the share of requests that meet one; ``counts`` what was met, by kind."""

    chance: random.Random
    fault: float = 0.3
    counts: Counter[str] = field(default_factory=Counter)
    calm: bool = False


@dataclass(slots=True)
class Known:
    """What one desk has been told: how far the feed goes, which entries the school refused, and which it
    held back unread when they came last."""

    head: int = 0
    refused: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)


class Network(httpx.AsyncBaseTransport):
    """One desk's way out. ``known`` is what came through it, over all the desk's lives."""

    def __init__(
        self,
        school: School,
        weather: Weather,
        meanwhile: Meanwhile,
        sent: Callable[[list[str], set[str]], None],
        known: Known,
    ) -> None:
        self._school = school
        self._weather = weather
        self._meanwhile = meanwhile
        self._sent = sent
        self.cut = False
        self.late: list[httpx.Request] = []
        self.known = known
        self.told: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, through whatever the weather is."""
        body = await request.aread()
        if request.url.path == _PUSH:
            self._sent(_operations(body), self.known.held)
            self.known.held.difference_update(_operations(body))
        await self._meanwhile("before")
        if self.cut:
            self._count("partition")
            raise httpx.ConnectError("partition")
        weather = self._weather
        faulty = not weather.calm and weather.chance.random() < weather.fault
        fault = weather.chance.choice(NEVER_ARRIVES + ANSWER_FAILS) if faulty else ""
        if fault:
            self._count(fault)
            self.told.append(f"{fault} ({request.method} {request.url.path})")
        if fault in NEVER_ARRIVES:
            return await self._unarrived(request, fault)
        answer = await self._answered(request, body, twice=fault == "sent twice")
        await self._meanwhile("after")
        delivered = self._spoiled(answer, fault)
        self._learn(request, body, delivered)
        return delivered

    async def arrive_late(self) -> None:
        """Requests that were given up long ago reach the server; nobody waits for their answers."""
        held, self.late = self.late, []
        for request in held:
            try:
                await self._school.answer(_again(request, request.content))
            except ServerDied:
                self._count("server died")

    async def _answered(self, request: httpx.Request, body: bytes, *, twice: bool) -> httpx.Response:
        try:
            if twice:
                await self._school.answer(_again(request, body))
            answer = await self._school.answer(_again(request, body))
        except ServerDied as died:
            self._count(f"server died at {died}")
            self.told.append(f"server died at {died}")
            raise httpx.ReadError("the server is gone") from None
        headers = _plain(answer)
        return httpx.Response(answer.status_code, headers=headers, content=answer.content, request=request)

    async def _unarrived(self, request: httpx.Request, fault: str) -> httpx.Response:
        if fault == "refused":
            raise httpx.ConnectError("refused")
        if fault == "lost on the way":
            raise httpx.ReadError("cut")
        if fault == "arrives late":
            if request.url.path == _PUSH:
                self.late.append(request)
            raise httpx.ReadTimeout("no answer")
        if fault == "captive portal":
            return httpx.Response(
                200, headers={"Content-Type": "text/html"}, content=_PORTAL, request=request
            )
        if fault == "redirected":
            return httpx.Response(302, headers={"Location": "http://hotel/"}, request=request)
        if fault == "another server's JSON":
            return httpx.Response(200, json={"results": [], "changes": [], "cursor": "0"}, request=request)
        return self._refusal(request, fault)

    def _refusal(self, request: httpx.Request, fault: str) -> httpx.Response:
        code, headers = _REFUSALS[fault]
        content = msgspec.json.encode(problem(code))
        ours = {INSTALLATION: self._school.parts.installation.get().id, "Content-Type": PROBLEM_MEDIA_TYPE}
        now = self._school.clock.now()
        ours["Date"] = format_datetime(now, usegmt=True)
        if fault == "429 with a date":
            ours["Retry-After"] = format_datetime(now.replace(microsecond=0), usegmt=True)
        return httpx.Response(problem(code).status, headers=ours | headers, content=content, request=request)

    def _spoiled(self, answer: httpx.Response, fault: str) -> httpx.Response:
        request = answer.request
        if fault == "dropped after commit":
            raise httpx.ReadError("cut")
        if fault == "reset":
            raise httpx.RemoteProtocolError("reset")
        if fault == "timed out":
            raise httpx.ReadTimeout("no answer")
        if fault == "500 after commit":
            return self._refusal(request, "500")
        headers, content = _plain(answer), answer.content
        if fault == "truncated JSON":
            content = content[: len(content) // 2]
        if fault == "another installation":
            headers[INSTALLATION.lower()] = "another"
        if fault == "wrong content type":
            headers["content-type"] = "text/plain"
        return httpx.Response(answer.status_code, headers=headers, content=content, request=request)

    def _learn(self, request: httpx.Request, body: bytes, answer: httpx.Response) -> None:
        """Note how far the desk knows now that the feed goes: what a truthful status must not pass over."""
        ours = answer.headers.get(INSTALLATION) == self._school.parts.installation.get().id
        if not ours or answer.status_code != 200 or "json" not in answer.headers.get("content-type", ""):
            return
        try:
            content = msgspec.json.decode(answer.content)
        except msgspec.DecodeError:
            return
        if request.url.path == _CHANGES:
            self.known.head = max(self.known.head, content["head"])
        elif request.url.path == _PUSH:
            positions = [position for op_id in _operations(body) for (position,) in self._positions(op_id)]
            self.known.head = max([self.known.head, *positions])
            refused = (one for one in content["results"] if one["outcome"] in ("rejected", "conflict"))
            self.known.refused.update(one["op_id"] for one in refused)
            self.known.held.update(one["op_id"] for one in content["results"] if one["outcome"] == "held")

    def _positions(self, op_id: str) -> list[tuple[int]]:
        return self._school.rows("SELECT position FROM feed WHERE op_id = ?", op_id)

    def _count(self, kind: str) -> None:
        self._weather.counts[kind] += 1


def _operations(body: bytes) -> list[str]:
    return [
        msgspec.json.decode(raw)["op_id"] for raw in msgspec.json.decode(body, type=PushRequest).operations
    ]


def _again(request: httpx.Request, body: bytes) -> httpx.Request:
    return httpx.Request(request.method, request.url, headers=request.headers, content=body)


def _plain(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "content-length"}
