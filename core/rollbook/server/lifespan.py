"""What runs beside the requests, from the application's start to its end."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FrameType

import anyio.to_thread
from fastapi import FastAPI

from rollbook.server.gauges import note_gauges
from rollbook.server.parts import Parts
from rollbook.server.problems import ProblemError
from rollbook.server.sync.horizon import Upkeep


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Learn the installation, run the wake-ups, and close what was opened."""
    parts: Parts = app.state.parts
    anyio.to_thread.current_default_thread_limiter().total_tokens = parts.settings.threads
    with suppress(ProblemError):  # the database is away: every answer says so until it is back
        await anyio.to_thread.run_sync(parts.installation.get)
    parts.notices.start()
    parts.alerts.start()
    looking = asyncio.create_task(parts.wakeups.run(), name="wake-ups")
    daily = asyncio.create_task(_daily(parts), name="upkeep")
    jobs = asyncio.create_task(_jobs(parts), name="jobs")
    gauges = asyncio.create_task(_gauges(parts), name="gauges")
    with _told_to_end(parts.wakeups.close):
        yield
    parts.wakeups.close()
    await anyio.to_thread.run_sync(parts.notices.close)
    await anyio.to_thread.run_sync(parts.jobs.runner.close)
    for task in (looking, daily, jobs, gauges):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await anyio.to_thread.run_sync(parts.weather.close)
    await anyio.to_thread.run_sync(parts.alerts.close, parts.settings.shutdown_seconds)
    parts.database.close()


async def _daily(parts: Parts) -> None:
    """The daily work (S7), looked at every hour: a server that is off at night does it in the morning."""
    upkeep = Upkeep(parts.database, parts.clock, parts.settings)
    while True:
        with suppress(ProblemError):  # the database is away: it is done at the next look
            await anyio.to_thread.run_sync(upkeep.run)
        await asyncio.sleep(parts.settings.upkeep_seconds)


async def _jobs(parts: Parts) -> None:
    """Long work that nobody does: left by a restart, or handed in where there was no room (R11)."""
    while True:
        with suppress(ProblemError):  # the database is away
            await anyio.to_thread.run_sync(parts.jobs.runner.look)
        await asyncio.sleep(parts.settings.report_look_seconds)


async def _gauges(parts: Parts) -> None:
    """How this worker is, whichever of several is asked for the metrics (R19)."""
    while True:
        with suppress(OSError):  # the disk of the shared counts is full
            await anyio.to_thread.run_sync(note_gauges, parts)
        await asyncio.sleep(parts.settings.gauges_seconds)


@contextmanager
def _told_to_end(close: Callable[[], None]) -> Iterator[None]:
    """Let the listeners go as soon as the process is told to end.

    The server waits for open answers before it ends the lifespan, so that would be too late.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(close)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    ours = [number for number, handler in before.items() if callable(handler)]
    for number in ours:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number in ours:
            if signal.getsignal(number) is told:
                signal.signal(number, before[number])
