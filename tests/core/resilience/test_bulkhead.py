"""Bulkheads (R7) and fallback (R6), and the mistakes that they must not repeat."""

import asyncio
import threading
import time
from contextvars import ContextVar

import pytest

from rollbook.domain.clock import SystemClock
from rollbook.resilience.bulkhead import Bulkhead, BulkheadClosedError, BulkheadFullError
from rollbook.resilience.deadline import Deadline, under
from rollbook.resilience.thread_bulkhead import ThreadBulkhead

who: ContextVar[str] = ContextVar("who", default="nobody")


def bulkhead(concurrent: int = 2, queue: int = 3, wait_seconds: float = 5.0) -> Bulkhead:
    return Bulkhead("Reports", SystemClock(), concurrent=concurrent, queue=queue, wait_seconds=wait_seconds)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_r7_no_more_run_at_once_and_no_more_wait_than_there_is_room_for() -> None:
    room, go = bulkhead(), asyncio.Event()
    most = 0

    async def work() -> str:
        nonlocal most
        most = max(most, room.running)
        await go.wait()
        return "done"

    tasks = [asyncio.create_task(room.run(work)) for _ in range(9)]
    await settled()
    assert (room.running, room.waiting, room.rejected) == (2, 3, 4)
    go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results.count("done") == 5
    refused = [each for each in results if isinstance(each, BulkheadFullError)]
    assert len(refused) == 4
    assert (refused[0].code, refused[0].was_made) == ("overloaded", False)
    assert "Try again in 5 seconds" in refused[0].detail
    assert (most, room.running, room.waiting) == (2, 0, 0)


async def test_r7_waiting_ends_and_leaves_its_place() -> None:
    room, go = bulkhead(concurrent=1, wait_seconds=0.02), asyncio.Event()
    first = asyncio.create_task(room.run(go.wait))
    await settled()
    with pytest.raises(BulkheadFullError):
        await room.run(go.wait)
    go.set()
    await first
    assert await room.run(go.wait)


async def test_r7_waiting_ends_with_the_callers_deadline() -> None:
    room, go = bulkhead(concurrent=1, wait_seconds=60.0), asyncio.Event()
    first = asyncio.create_task(room.run(go.wait))
    await settled()
    began = time.monotonic()
    with under(Deadline(SystemClock(), 0.02)), pytest.raises(BulkheadFullError):
        await room.run(go.wait)
    assert time.monotonic() - began < 5.0
    go.set()
    await first


async def test_r7_a_failure_and_a_cancelling_give_the_place_back() -> None:
    room = bulkhead(concurrent=1)

    async def fail() -> None:
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await room.run(fail)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await room.run(asyncio.Event().wait)
    assert (room.running, room.waiting) == (0, 0)


async def test_r7_one_who_stops_waiting_takes_no_place() -> None:
    room, go = bulkhead(concurrent=1), asyncio.Event()
    first = asyncio.create_task(room.run(go.wait))
    second = asyncio.create_task(room.run(go.wait))
    await settled()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert room.waiting == 0
    go.set()
    await first


async def test_r7_shutdown_turns_away_finishes_and_then_cancels() -> None:
    room, finish = bulkhead(), asyncio.Event()
    quick = asyncio.create_task(room.run(finish.wait))
    endless = asyncio.create_task(room.run(asyncio.Event().wait))
    waiting = asyncio.create_task(room.run(finish.wait))
    await settled()
    asyncio.get_running_loop().call_later(0.01, finish.set)
    await room.close(0.1)
    results = await asyncio.gather(quick, endless, waiting, return_exceptions=True)
    assert results[0] is True
    assert isinstance(results[1], asyncio.CancelledError)
    assert isinstance(results[2], BulkheadClosedError)
    with pytest.raises(BulkheadClosedError):
        await room.run(finish.wait)


async def test_r7_the_context_is_the_callers() -> None:
    room, threads = bulkhead(), ThreadBulkhead("t", concurrent=1, queue=5, retry_after_seconds=1.0)

    async def ask(name: str) -> tuple[str, str]:
        who.set(name)

        async def work() -> str:
            return who.get()

        return await room.run(work), await threads.run(who.get)

    answers = await asyncio.gather(*(ask(name) for name in "abcd"))
    threads.close()
    assert answers == [(name, name) for name in "abcd"]


def test_r7_threads_have_a_bounded_queue_and_room_again() -> None:
    room, go = ThreadBulkhead("t", concurrent=1, queue=2, retry_after_seconds=3.0), threading.Event()
    futures = [room.submit(lambda: go.wait(10)) for _ in range(3)]
    with pytest.raises(BulkheadFullError) as refused:
        room.submit(lambda: None)
    assert (refused.value.retry_after, room.rejected, room.inside) == (3.0, 1, 3)
    go.set()
    assert [future.result(10) for future in futures] == [True] * 3
    assert room.submit(lambda: 7).result(10) == 7
    room.close()
    with pytest.raises(BulkheadClosedError):
        room.submit(lambda: None)


def test_r7_threads_shut_down_without_losing_what_runs() -> None:
    room, go = ThreadBulkhead("t", concurrent=1, queue=2, retry_after_seconds=1.0), threading.Event()
    began = threading.Event()

    def work() -> str:
        began.set()
        go.wait(10)
        return "done"

    running, waiting = room.submit(work), room.submit(work)
    assert began.wait(10)
    threading.Timer(0.02, go.set).start()
    room.close()
    assert running.result(0) == "done"
    assert waiting.cancelled()
    assert room.inside == 0


async def test_r7_blocking_work_does_not_hold_up_the_loop() -> None:
    room = ThreadBulkhead("t", concurrent=1, queue=1, retry_after_seconds=1.0)
    go = threading.Event()
    task = asyncio.create_task(room.run(lambda: go.wait(10)))
    await asyncio.sleep(0.01)
    go.set()
    assert await task
    room.close()
