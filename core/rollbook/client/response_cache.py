"""Answers kept for when the server is away: by user, with their age, never the outbox (R8)."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from rollbook.domain.clock import Clock
from rollbook.resilience.breaker import CircuitBreaker
from rollbook.resilience.failures import AVAILABILITY, CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings
from rollbook.resilience.thread_bulkhead import ThreadBulkhead
from rollbook.store.kept_answers import CacheFailedError, Kept, KeptAnswers

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)
_QUEUE = 64
_SET_RIGHT_SECONDS = 120.0  # a clock that the network sets right has not gone back


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Whose answer to what. ``route`` is a template; another user or role never sees it."""

    user: str
    role: str
    route: str
    params: Mapping[str, str | int]

    @property
    def text(self) -> str:
        """The same text for the same question."""
        parts = [self.user, self.role, self.route, sorted(self.params.items())]
        return msgspec.json.encode(parts).decode()


@dataclass(frozen=True, slots=True)
class Cached:
    """An answer. ``as_of`` is when it was true, ISO 8601 in UTC; ``reason`` (a code) is why it is stale.

    ``age_seconds`` is how long ago that was: measured, where this process kept it.
    """

    value: bytes
    as_of: str
    stale: bool = False
    reason: str = ""
    age_seconds: float = 0.0


class ResponseCache:
    """Used within one asyncio loop. A cache that fails is passed by: it never fails or holds up an answer."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        limit_seconds: float,
        settings: ResilienceSettings | None = None,
    ) -> None:
        settings = settings or ResilienceSettings()
        self._clock = clock
        self._limit = limit_seconds
        self.breaker = CircuitBreaker("The cache of answers", settings, clock)
        # One thread: SQLite is asked without holding the loop up, and only from the thread that opened it.
        self._room = ThreadBulkhead("cache", concurrent=1, queue=_QUEUE, retry_after_seconds=1.0)
        self._kept = KeptAnswers(folder, settings.cache_size_mib)
        self._flights: dict[str, asyncio.Task[Cached]] = {}
        self._kept_at: dict[str, float] = {}
        self._barred: set[str] = set()
        self._era = 0
        self._trusted = True

    async def get_or_fetch(self, key: CacheKey, fetch: Callable[[], Awaitable[bytes]]) -> Cached:
        """What ``fetch`` gives; where the source is away, what it gave last, if that is not too old.

        Callers that ask the same at once share one ``fetch``. Raises the fetch's :class:`CallFailedError`: a
        refusal always (and what was kept for the key is deleted), else when there is nothing to show instead.
        """
        flight = self._flights.get(key.text)
        if flight is None:
            flight = asyncio.create_task(self._fetched(key.text, self._era, fetch))
            self._flights[key.text] = flight
            flight.add_done_callback(lambda _: self._landed(key.text, flight))
        # Shielded: one caller that gives up must not take the answer from the others.
        return await asyncio.shield(flight)

    async def purge(self) -> None:
        """Delete all that is kept, as on sign-out; what is on its way is not kept any more."""
        with contextlib.suppress(CacheFailedError, CallFailedError):
            await asyncio.wrap_future(self._begin_purge())

    def purge_soon(self) -> None:
        """The same without waiting; from now on nothing of it is shown."""
        with contextlib.suppress(CallFailedError):  # closed already
            self._begin_purge()

    def close(self) -> None:
        """Close the file, from any thread; waits for what is being read or written."""
        with contextlib.suppress(CallFailedError):  # closed already
            self._room.submit(self._kept.close)
        self._room.close(cancel_waiting=False)

    def _begin_purge(self) -> "Future[None]":
        self._era += 1
        self._flights.clear()
        self._kept_at.clear()
        self._trusted = False
        return self._room.submit(self._delete_all)  # not under the breaker: it must be tried

    def _delete_all(self) -> None:
        self._kept.delete_all()
        self._trusted = True  # else what could not be deleted is at least not shown

    def _landed(self, key: str, flight: "asyncio.Task[Cached]") -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # seen, even where every caller has gone

    async def _fetched(self, key: str, era: int, fetch: Callable[[], Awaitable[bytes]]) -> Cached:
        try:
            value = await fetch()
        except CallFailedError as failure:
            if failure.kind not in AVAILABILITY:
                await self._forget(key)
                raise
            return await self._instead(key, era, failure)
        as_of = self._clock.now()
        await self._keep(key, era, Kept(as_of, value))
        return Cached(value, as_of.isoformat())

    async def _instead(self, key: str, era: int, failure: CallFailedError) -> Cached:
        if key in self._barred or not self._trusted:
            raise failure
        kept = await self._safely(lambda: self._kept.read(key), None)
        if kept is None or era != self._era:
            raise failure
        age = self._age(key, kept)
        if not -_SET_RIGHT_SECONDS <= age <= self._limit:
            raise failure
        return Cached(kept.data, kept.as_of.isoformat(), True, failure.code, max(0.0, age))

    def _age(self, key: str, kept: Kept) -> float:
        """Seconds since it was true, by the measured time where this process kept it.

        After a restart there is only the wall clock; an answer from its future has no known age: far below 0.
        """
        kept_at = self._kept_at.get(key)
        if kept_at is not None:
            return self._clock.monotonic() - kept_at
        return (self._clock.now() - kept.as_of).total_seconds()

    async def _keep(self, key: str, era: int, kept: Kept) -> None:
        kept_at = self._clock.monotonic()

        def write() -> bool:  # a purge since the question was asked leaves nothing of the answer
            return era == self._era and self._kept.write(key, kept)

        if await self._safely(write, False):
            self._kept_at[key] = kept_at
            self._barred.discard(key)

    async def _forget(self, key: str) -> None:
        """What our server refuses must not be shown again, even if the cache cannot delete it."""
        self._barred.add(key)
        self._kept_at.pop(key, None)
        if await self._safely(lambda: self._kept.delete(key), False):
            self._barred.discard(key)

    async def _safely(self, work: Callable[[], _Result], otherwise: _Result) -> _Result:
        """Do ``work`` once, under the cache's own breaker; ``otherwise`` where the cache fails."""

        def translated() -> _Result:
            try:
                return work()
            except CacheFailedError as error:
                _log.warning("The cache of answers failed: %s", error)
                raise CallFailedError(FailureKind.SERVER, "cache-failed") from error

        try:
            return await self.breaker.call(lambda: self._room.run(translated))
        except CallFailedError:
            return otherwise
