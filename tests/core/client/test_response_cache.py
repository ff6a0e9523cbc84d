"""Answers kept for when the server is away (R8), and what a broken cache may not do (R8, R9)."""

import asyncio
import contextlib
import os
import pickle
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from rollbook.client.response_cache import CacheKey, ResponseCache
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings
from support.settable_clock import SettableClock

LIMIT = 300.0
ROUTE = "/api/v1/dashboard"
MINE = CacheKey("ana", "registrar", ROUTE, {})
Fetch = Callable[[], Awaitable[bytes]]


def giving(value: bytes) -> Fetch:
    async def fetch() -> bytes:
        return value

    return fetch


def failing(kind: FailureKind, code: str) -> Fetch:
    async def fetch() -> bytes:
        raise CallFailedError(kind, code)

    return fetch


AWAY = failing(FailureKind.TRANSIENT, "unreachable")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@contextlib.asynccontextmanager
async def opened(folder: Path, clock: SettableClock, **given: Any) -> AsyncIterator[ResponseCache]:
    cache = ResponseCache(folder, clock, LIMIT, ResilienceSettings(**given))
    try:
        yield cache
    finally:
        cache.close()


@pytest.fixture
async def cache(folder: Path, clock: SettableClock) -> AsyncIterator[ResponseCache]:
    async with opened(folder, clock) as cache:
        yield cache


async def not_shown(cache: ResponseCache, key: CacheKey = MINE) -> CallFailedError:
    """The source is away, and nothing is shown in its place: its own failure comes."""
    with pytest.raises(CallFailedError) as caught:
        await cache.get_or_fetch(key, AWAY)
    assert caught.value.code == "unreachable"
    return caught.value


async def test_r8_a_fresh_answer_is_not_stale(cache: ResponseCache, clock: SettableClock) -> None:
    await cache.get_or_fetch(MINE, giving(b"old"))
    clock.advance(1)
    found = await cache.get_or_fetch(MINE, giving(b"new"))
    assert (found.value, found.stale, found.reason) == (b"new", False, "")
    assert found.as_of == clock.now().isoformat()


@pytest.mark.parametrize("kind", [FailureKind.TRANSIENT, FailureKind.SERVER, FailureKind.LOCAL])
async def test_r8_stale_only_when_the_source_is_away_and_labelled(
    cache: ResponseCache, clock: SettableClock, kind: FailureKind
) -> None:
    then = clock.now().isoformat()
    await cache.get_or_fetch(MINE, giving(b"kept"))
    clock.advance(299)
    found = await cache.get_or_fetch(MINE, failing(kind, "why"))
    assert (found.value, found.as_of, found.stale, found.reason) == (b"kept", then, True, "why")
    assert found.age_seconds == 299


async def test_r8_nothing_kept_is_the_failure_itself(cache: ResponseCache) -> None:
    await not_shown(cache)


async def test_r8_refused_past_its_limit(cache: ResponseCache, clock: SettableClock) -> None:
    await cache.get_or_fetch(MINE, giving(b"kept"))
    clock.advance(LIMIT)
    assert (await cache.get_or_fetch(MINE, AWAY)).value == b"kept"
    clock.advance(0.5)
    await not_shown(cache)


async def test_r8_it_is_there_after_a_restart(folder: Path, clock: SettableClock) -> None:
    async with opened(folder, clock) as before:
        await before.get_or_fetch(MINE, giving(b"kept"))
    clock.advance(200)
    async with opened(folder, clock) as after:
        assert (await after.get_or_fetch(MINE, AWAY)).value == b"kept"
        clock.advance(101)
        await not_shown(after)


async def test_r8_age_is_measured_not_read_from_the_wall(
    cache: ResponseCache, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cache.get_or_fetch(MINE, giving(b"kept"))
    then = clock.now()
    clock.advance(LIMIT + 1)
    monkeypatch.setattr(clock, "now", lambda: then)  # someone set the clock back
    await not_shown(cache)


async def test_r8_an_answer_from_the_future_has_no_known_age(folder: Path) -> None:
    later = SettableClock()
    later.advance(1000)
    async with opened(folder, later) as before:
        await before.get_or_fetch(MINE, giving(b"kept"))
    async with opened(folder, SettableClock()) as after:
        await not_shown(after)


@pytest.mark.parametrize(
    "other",
    [
        CacheKey("ben", "registrar", ROUTE, {}),
        CacheKey("ana", "teacher", ROUTE, {}),
        CacheKey("ana", "registrar", "/api/v1/analytics", {}),
        CacheKey("ana", "registrar", ROUTE, {"year": 2026}),
    ],
)
async def test_r8_another_user_role_route_or_question_sees_nothing(
    cache: ResponseCache, other: CacheKey
) -> None:
    await cache.get_or_fetch(MINE, giving(b"kept"))
    await not_shown(cache, other)


def test_r8_keys_cannot_be_confused() -> None:
    assert CacheKey("a", "b", "c", {"x": 1, "y": 2}).text == CacheKey("a", "b", "c", {"y": 2, "x": 1}).text
    assert CacheKey('a","b', "c", "d", {}).text != CacheKey("a", 'b","c', "d", {}).text
    assert CacheKey("a", "b", "c", {"x": "1"}).text != CacheKey("a", "b", "c", {"x": 1}).text


@pytest.mark.parametrize("code", ["forbidden", "not-found", "validation-failed", "not-signed-in"])
async def test_r6_a_refusal_is_never_answered_from_the_cache(cache: ResponseCache, code: str) -> None:
    await cache.get_or_fetch(MINE, giving(b"kept"))
    with pytest.raises(CallFailedError) as caught:
        await cache.get_or_fetch(MINE, failing(FailureKind.CLIENT, code))
    assert caught.value.code == code
    await not_shown(cache)  # nor later, when the source is away


async def test_r8_a_refused_key_is_not_shown_even_if_it_could_not_be_deleted(
    cache: ResponseCache, folder: Path
) -> None:
    await cache.get_or_fetch(MINE, giving(b"kept"))
    with locked(folder), pytest.raises(CallFailedError):
        await cache.get_or_fetch(MINE, failing(FailureKind.CLIENT, "forbidden"))
    await not_shown(cache)
    await cache.get_or_fetch(MINE, giving(b"allowed again"))
    assert (await cache.get_or_fetch(MINE, AWAY)).value == b"allowed again"


async def test_r8_cancelled_is_not_answered_from_the_cache(cache: ResponseCache) -> None:
    await cache.get_or_fetch(MINE, giving(b"kept"))
    with pytest.raises(CallFailedError):
        await cache.get_or_fetch(MINE, failing(FailureKind.CANCELLED, "shutting-down"))


async def test_r8_single_flight(cache: ResponseCache) -> None:
    fetched = 0

    async def fetch() -> bytes:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0.01)
        return b"%d" % fetched

    found = await asyncio.gather(*(cache.get_or_fetch(MINE, fetch) for _ in range(20)))
    assert {each.value for each in found} == {b"1"}
    assert (await cache.get_or_fetch(MINE, fetch)).value == b"2"  # an answer, not a coroutine, is kept


async def test_r8_one_who_gives_up_does_not_take_the_answer_from_the_others(cache: ResponseCache) -> None:
    go = asyncio.Event()

    async def fetch() -> bytes:
        await go.wait()
        return b"answer"

    first = asyncio.create_task(cache.get_or_fetch(MINE, fetch))
    second = asyncio.create_task(cache.get_or_fetch(MINE, fetch))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go.set()
    assert (await second).value == b"answer"
    assert first.cancelled()


async def test_r8_purge_leaves_nothing(cache: ResponseCache, folder: Path) -> None:
    await cache.get_or_fetch(MINE, giving(b"kept"))
    folder.with_name("cache.damaged").mkdir()
    await cache.purge()
    assert not folder.exists()
    assert not folder.with_name("cache.damaged").exists()
    await not_shown(cache)
    await cache.get_or_fetch(MINE, giving(b"next"))
    assert (await cache.get_or_fetch(MINE, AWAY)).value == b"next"


async def test_r8_purge_of_a_cache_that_was_never_used(cache: ResponseCache, folder: Path) -> None:
    await cache.purge()
    assert not folder.exists()


async def test_r8_what_was_on_its_way_at_the_purge_is_not_kept(cache: ResponseCache, folder: Path) -> None:
    go = asyncio.Event()

    async def fetch() -> bytes:
        await go.wait()
        return b"of the last user"

    flight = asyncio.create_task(cache.get_or_fetch(MINE, fetch))
    await asyncio.sleep(0)
    await cache.purge()
    go.set()
    await flight
    assert not folder.exists() or b"of the last user" not in (folder / "cache.db").read_bytes()
    await not_shown(cache)


async def test_r8_a_purge_empties_it_for_another_process_too(folder: Path, clock: SettableClock) -> None:
    async with opened(folder, clock) as window, opened(folder, clock) as command:
        await window.get_or_fetch(MINE, giving(b"kept"))
        assert (await command.get_or_fetch(MINE, AWAY)).value == b"kept"
        await command.purge()
        await not_shown(window)


async def test_r8_what_cannot_be_purged_is_not_shown(
    cache: ResponseCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    await cache.get_or_fetch(MINE, giving(b"kept"))
    with monkeypatch.context() as patch:
        patch.setattr("rollbook.store.kept_answers.delete_cache", refuse)
        await cache.purge()
    await not_shown(cache)


@contextlib.contextmanager
def locked(folder: Path) -> Any:
    """Another process holds the file and does not let go."""
    with contextlib.closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


async def test_r8_a_failing_cache_is_bypassed_behind_its_breaker(
    folder: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_times = 0

    def cannot_open(*_: object) -> None:
        nonlocal opened_times
        opened_times += 1
        raise OSError(5, "input/output error")

    monkeypatch.setattr("rollbook.store.kept_answers.open_cache", cannot_open)
    async with opened(folder, clock, breaker_failures=3, breaker_recovery_seconds=60.0) as cache:
        for number in range(10):
            assert (await cache.get_or_fetch(MINE, giving(b"%d" % number))).value == b"%d" % number
        assert opened_times == 3  # each failure once, never retried; then it is not asked at all
        assert cache.breaker.state == "open"
        monkeypatch.undo()
        clock.advance(60)
        for _ in range(2):
            await cache.get_or_fetch(MINE, giving(b"kept"))
        assert cache.breaker.state == "closed"
        assert (await cache.get_or_fetch(MINE, AWAY)).value == b"kept"


async def test_r8_a_locked_cache_holds_no_answer_up_for_long(cache: ResponseCache, folder: Path) -> None:
    await cache.get_or_fetch(MINE, giving(b"kept"))
    with locked(folder):
        async with asyncio.timeout(5):
            assert (await cache.get_or_fetch(MINE, giving(b"fresh"))).value == b"fresh"
    assert (await cache.get_or_fetch(MINE, AWAY)).value == b"kept"  # nothing was damaged


@pytest.mark.parametrize("damage", [b"", b"garbage " * 1000, os.urandom(8192)])
async def test_r9_a_damaged_cache_is_set_aside_and_rebuilt(
    folder: Path, clock: SettableClock, damage: bytes
) -> None:
    async with opened(folder, clock) as cache:
        await cache.get_or_fetch(MINE, giving(b"kept"))
    for file in folder.glob("cache.db*"):
        file.unlink()
    (folder / "cache.db").write_bytes(damage)
    async with opened(folder, clock) as cache:
        await not_shown(cache)
        await cache.get_or_fetch(MINE, giving(b"rebuilt"))
        assert (await cache.get_or_fetch(MINE, AWAY)).value == b"rebuilt"
    if damage:
        assert (folder.with_name("cache.damaged") / "cache.db").read_bytes() == damage


class Payload:
    """Unpickled, it makes a file."""

    def __init__(self, proof: Path) -> None:
        self._proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._proof,))


async def test_r9_cve_2025_69872_a_tampered_row_never_unpickles(
    cache: ResponseCache, folder: Path, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    await cache.get_or_fetch(MINE, giving(b"kept"))
    with contextlib.closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as connection:
        payload = pickle.dumps(Payload(proof))
        connection.execute("UPDATE Cache SET mode = 4, value = ?", (payload,))
    await not_shown(cache)
    assert not proof.exists()
    assert folder.with_name("cache.damaged").exists()
    await cache.get_or_fetch(MINE, giving(b"rebuilt"))
    assert (await cache.get_or_fetch(MINE, AWAY)).value == b"rebuilt"


async def test_r9_a_kept_answer_that_is_not_one_is_damage(cache: ResponseCache, folder: Path) -> None:
    await cache.get_or_fetch(MINE, giving(b"kept"))
    with contextlib.closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as connection:
        connection.execute("UPDATE Cache SET value = ?", (b"\x82\xa5as_of\xa3now\xa4data\xc4\x01x",))
    await not_shown(cache)
    assert folder.with_name("cache.damaged").exists()


async def test_r8_it_never_grows_past_its_size(folder: Path, clock: SettableClock) -> None:
    async with opened(folder, clock, cache_size_mib=1) as cache:
        for number in range(40):
            key = CacheKey("ana", "registrar", ROUTE, {"page": number})
            await cache.get_or_fetch(key, giving(os.urandom(100_000)))
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert size < 3 * 2**20
