"""The guide's mistakes in its cache (R8): ours passes each test, the guide's own code fails it."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rollbook.client.response_cache import CacheKey, ResponseCache
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings
from support import guides_code
from support.mistakes import ours_and_not
from support.settable_clock import SettableClock

LIMIT = 300
_MIB = 1024 * 1024


class Wall(SettableClock):
    """One whose wall time can be set by itself."""

    set_forward = timedelta()

    def now(self) -> datetime:
        return super().now() + self.set_forward


class Source:
    """What is asked; ``away`` is whether it fails."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0

    def now(self) -> bytes:
        self.asked += 1
        if self.away:
            raise CallFailedError(FailureKind.TRANSIENT, "unreachable")
        return b"answer"

    async def awaited(self) -> bytes:
        await asyncio.sleep(0)
        return self.now()


class Ours:
    """Our cache in a folder of its own, opened anew by :meth:`restarted`."""

    def __init__(self) -> None:
        self.clock = Wall()
        self.source = Source()
        self._folder = tempfile.TemporaryDirectory(prefix="rollbook-test-")
        self._cache = self._opened()

    def _opened(self) -> ResponseCache:
        settings = ResilienceSettings(cache_size_mib=1)
        return ResponseCache(Path(self._folder.name) / "cache", self.clock, LIMIT, settings)

    async def ask(self, user: str = "ana", number: int = 0) -> Any:
        key = CacheKey(user, "registrar", "/api/v1/dashboard", {"number": number})
        return (await self._cache.get_or_fetch(key, self.source.awaited)).value

    async def fill(self, answers: int, size: int) -> int:
        """Keep so many answers; gives the bytes that are kept in the end."""

        async def large() -> bytes:
            return b"x" * size

        for number in range(answers):
            key = CacheKey("ana", "registrar", "/api/v1/photos", {"number": number})
            await self._cache.get_or_fetch(key, large)
        return sum(file.stat().st_size for file in Path(self._folder.name).rglob("*.val"))

    def restarted(self) -> None:
        self._cache.close()
        self._cache = self._opened()

    def close(self) -> None:
        self._cache.close()
        self._folder.cleanup()


class Guides(Ours):
    """The guide's, asked as it must be: with a function that blocks."""

    def __init__(self) -> None:
        self.clock = Wall()
        self.source = Source()
        self.restarted()

    async def ask(self, user: str = "ana", number: int = 0) -> Any:
        await asyncio.sleep(0)
        return self.store.get_with_fallback(f"dashboard-{number}", self.source.now, LIMIT)

    async def fill(self, answers: int, size: int) -> int:
        for number in range(answers):
            self.store.get_with_fallback(f"photo-{number}", lambda: b"x" * size)
        return sum(map(len, self.store.cache.values()))

    def restarted(self) -> None:
        self.store = guides_code.CachedDataStore(self.clock.now)

    def close(self) -> None:
        pass


class GuidesAwaited(Guides):
    """The guide's, given an async function as all of its endpoints are."""

    async def ask(self, user: str = "ana", number: int = 0) -> Any:
        return await self.store.get_with_fallback(f"dashboard-{number}", self.source.awaited, LIMIT)


@contextlib.asynccontextmanager
async def kept(subject: Ours) -> AsyncIterator[Ours]:
    """The subject with one answer kept and the source away."""
    with contextlib.closing(subject):
        assert await subject.ask() == b"answer"
        subject.source.away = True
        yield subject


@ours_and_not(Ours, Guides)
async def test_r8_the_cache_does_not_grow_without_end(subject: Ours) -> None:
    with contextlib.closing(subject):
        assert 0 < await subject.fill(60, 64 * 1024) <= 2 * _MIB


@ours_and_not(Ours, Guides, by=CallFailedError)
async def test_r8_what_was_kept_is_there_after_a_restart(subject: Ours) -> None:
    async with kept(subject):
        subject.restarted()
        assert await subject.ask() == b"answer"


@ours_and_not(Ours, Guides)
async def test_r8_a_wall_clock_that_is_set_back_makes_nothing_young(subject: Ours) -> None:
    async with kept(subject):
        subject.clock.advance(LIMIT + 1)
        subject.clock.set_forward = -timedelta(days=1)
        with pytest.raises(CallFailedError):
            await subject.ask()


@ours_and_not(Ours, Guides)
async def test_r8_another_user_never_sees_what_was_kept(subject: Ours) -> None:
    async with kept(subject):
        with pytest.raises(CallFailedError):
            await subject.ask(user="ben")


@ours_and_not(Ours, GuidesAwaited, by=(RuntimeError, CallFailedError))
async def test_r8_the_answer_is_kept_and_not_the_coroutine(subject: Ours) -> None:
    async with kept(subject):
        assert await subject.ask() == b"answer"


@ours_and_not(Ours, Guides)
async def test_r8_many_that_ask_at_once_ask_the_source_once(subject: Ours) -> None:
    with contextlib.closing(subject):
        answers = await asyncio.gather(*(subject.ask() for _ in range(20)))
        assert (set(answers), subject.source.asked) == ({b"answer"}, 1)
