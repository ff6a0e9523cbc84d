"""What those who wait for a thread are told when the program shuts down (R7)."""

import asyncio
import threading

import pytest

from rollbook.resilience.bulkhead import BulkheadClosedError
from rollbook.resilience.thread_bulkhead import ThreadBulkhead


async def test_r7_who_waits_at_a_shutdown_is_turned_away_and_not_cancelled() -> None:
    go, bulkhead = threading.Event(), ThreadBulkhead("x", concurrent=1, queue=1, retry_after_seconds=1.0)
    running = asyncio.create_task(bulkhead.run(lambda: go.wait(5)))
    waiting = asyncio.create_task(bulkhead.run(lambda: "never"))
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(bulkhead.close))
    with pytest.raises(BulkheadClosedError):
        await waiting
    go.set()
    await closing
    assert await running is True


async def test_r7_who_is_cancelled_while_waiting_is_cancelled() -> None:
    go, bulkhead = threading.Event(), ThreadBulkhead("x", concurrent=1, queue=1, retry_after_seconds=1.0)
    running = asyncio.create_task(bulkhead.run(lambda: go.wait(5)))
    waiting = asyncio.create_task(bulkhead.run(lambda: "never"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert waiting.cancelled()
    go.set()
    assert await running is True
    assert bulkhead.inside == 0
    bulkhead.close()
