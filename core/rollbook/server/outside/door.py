"""The one door to the outside: a shared client that sends nothing but the question (R2, R12)."""

import asyncio
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from rollbook.domain.clock import Clock
from rollbook.resilience.deadline import Deadline
from rollbook.server.outside import translate
from rollbook.server.version import rollbook_version

# A proxy of the surroundings is for the outside: what runs on this computer is asked directly.
_DIRECT = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}


class Door:
    """Used within one asyncio loop. An answer may be ``most_bytes`` long, and a wait ``longest_seconds``."""

    def __init__(self, clock: Clock, most_bytes: int, longest_seconds: float) -> None:
        self._clock = clock
        self._longest_seconds = longest_seconds
        self._most_bytes = most_bytes
        self._client: httpx.AsyncClient | None = None

    async def get(self, url: str, params: Mapping[str, str], deadline: Deadline) -> bytes:
        """The body of a good answer. Raises :class:`CallFailedError`, classified."""
        if deadline.expired:
            raise translate.too_late()
        try:
            client = self._opened()  # outside the limit: loading certificates is not the service's time
            async with asyncio.timeout(deadline.remaining()):
                return await self._got(client, url, params)
        except translate.BELOW_HTTP as error:
            raise translate.from_transport(error) from error

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _got(self, client: httpx.AsyncClient, url: str, params: Mapping[str, str]) -> bytes:
        async with client.stream("GET", url, params=dict(params)) as answer:
            failure = translate.from_status(answer, self._clock.now())
            if failure is not None:
                raise failure
            return await self._read(answer)

    async def _read(self, answer: httpx.Response) -> bytes:
        body = bytearray()
        async for part in answer.aiter_raw():  # as it came: unpacked, it might be of any length
            body += part
            if len(body) > self._most_bytes:
                raise translate.too_large()
        return bytes(body)

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                mounts=_DIRECT,
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": f"Rollbook/{rollbook_version()}",
                },
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept, none goes back
                timeout=self._longest_seconds,  # of one step; the deadline is the limit of the whole
                limits=httpx.Limits(max_connections=8, max_keepalive_connections=2),
                follow_redirects=False,
            )
        return self._client
