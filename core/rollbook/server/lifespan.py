"""What runs beside the requests, from the application's start to its end."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FrameType

import anyio.to_thread
import structlog
from fastapi import FastAPI

from rollbook.resilience.where_it_broke import where_it_broke
from rollbook.server.gauges import note_gauges
from rollbook.server.parts import Parts
from rollbook.server.problems import ProblemError
from rollbook.server.sync.horizon import Upkeep

log = structlog.get_logger("rollbook.server")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Learn the installation, run the wake-ups, and close what was opened."""
    parts: Parts = app.state.parts
    anyio.to_thread.current_default_thread_limiter().total_tokens = parts.settings.threads
    with suppress(ProblemError):  # the database is away: every answer says so until it is back
        await anyio.to_thread.run_sync(parts.installation.get)
        await anyio.to_thread.run_sync(parts.erasures.assert_again)  # before anybody is answered (D3)
    parts.notices.start()
    parts.alerts.start()
    looking = asyncio.create_task(parts.wakeups.run(), name="wake-ups")
    beside = [asyncio.create_task(each, name=name) for name, each in _beside(parts).items()]
    with _told_to_end(parts.wakeups.close):
        yield
    parts.wakeups.close()
    await anyio.to_thread.run_sync(parts.notices.close)
    await anyio.to_thread.run_sync(parts.jobs.runner.close)
    for task in (looking, *beside):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await anyio.to_thread.run_sync(parts.weather.close)
    await anyio.to_thread.run_sync(parts.alerts.close, parts.settings.shutdown_seconds)
    parts.database.close()


def _beside(parts: Parts) -> dict[str, Coroutine[None, None, None]]:
    """What is done now and then.

    The daily work (S7) is looked at every hour: a server that is off at night does it in the morning. Long
    work that nobody does was left by a restart, or handed in where there was no room (R11). And each worker
    notes how it is, whichever of several is asked for the metrics (R19).
    """
    settings = parts.settings
    upkeep = Upkeep(parts.database, parts.clock, settings)
    works = {
        "upkeep": (upkeep.run, settings.upkeep_seconds),
        "erasures": (lambda: _erase_again(parts), settings.upkeep_seconds),
        "jobs": (parts.jobs.runner.look, settings.report_look_seconds),
        "gauges": (lambda: note_gauges(parts), settings.gauges_seconds),
    }
    return {name: _again_and_again(name, work, seconds, parts) for name, (work, seconds) in works.items()}


def _erase_again(parts: Parts) -> None:
    """What the start could not assert, as the database was away, and what a crash has left in the bytes."""
    parts.erasures.assert_again()
    parts.erasures.scrub()


async def _again_and_again(name: str, work: Callable[[], object], seconds: float, parts: Parts) -> None:
    """Do ``work`` in a thread every so many ``seconds``. That it fails once is no reason to end it."""
    while True:
        try:
            await anyio.to_thread.run_sync(work)
        except ProblemError as problem:  # the database is away, mostly: it is done the next time
            parts.alerts.note(problem.code, name, "")
        except Exception as error:
            log.error("background_failed", work=name, **where_it_broke(error))
            parts.alerts.note("internal-error", name, "")
        await asyncio.sleep(seconds)


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
