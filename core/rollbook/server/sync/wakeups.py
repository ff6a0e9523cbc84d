"""Wake-ups after commits (S19): at once in the worker that committed, and in others as they hear of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress

import anyio.to_thread

from rollbook.server.problems import ProblemError

ReadHeads = Callable[[list[str]], dict[str, int]]
"""Gives the feeds' heads of schools; called in a worker thread."""


class WakeUps:
    """The listeners of one worker. All methods but :meth:`committed` belong to its event loop."""

    def __init__(self, read_heads: ReadHeads, poll_seconds: Callable[[], float]) -> None:
        self._read_heads = read_heads
        self._poll_seconds = poll_seconds
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = asyncio.Event()

    def committed(self, school_id: str | None) -> None:
        """Wake the school's listeners, or everybody's; called after a commit, from any thread."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended meanwhile, and its listeners with it
                loop.call_soon_threadsafe(self._wake, school_id)

    async def run(self) -> None:
        """Look at the heads now and then, for commits of other workers; until cancelled."""
        self._loop = asyncio.get_running_loop()
        heads: dict[str, int] = {}
        while True:
            await asyncio.sleep(self._poll_seconds())
            schools = list(self._listeners)
            if schools:
                heads = await self._look(schools, heads)

    def close(self) -> None:
        """Let every listener go, so that a stopping server does not wait for them."""
        self._closing.set()
        self._wake(None)

    async def more(self, school_id: str, heartbeat_seconds: float) -> AsyncIterator[bool]:
        """``True`` when there may be more, ``False`` as a sign of life; many wake-ups become one.

        Begins with ``True``: what was committed before one listened is pulled as well.
        """
        with self._listening(school_id) as woken:
            woken.set()
            while not self._closing.is_set():
                try:
                    await asyncio.wait_for(woken.wait(), heartbeat_seconds)
                except TimeoutError:
                    yield False
                    continue
                if self._closing.is_set():
                    return
                woken.clear()
                yield True

    @contextmanager
    def _listening(self, school_id: str) -> Iterator[asyncio.Event]:
        woken = asyncio.Event()
        self._listeners.setdefault(school_id, set()).add(woken)
        try:
            yield woken
        finally:
            self._listeners[school_id].discard(woken)
            if not self._listeners[school_id]:
                del self._listeners[school_id]

    async def _look(self, schools: list[str], before: dict[str, int]) -> dict[str, int]:
        try:
            heads = await anyio.to_thread.run_sync(self._read_heads, schools)
        except ProblemError:
            return before  # the database is away; looked at again in a moment
        for school_id, head in heads.items():
            if head != before.get(school_id):  # one that is new to us may have moved since it was asked for
                self._wake(school_id)
        return heads

    def _wake(self, school_id: str | None) -> None:
        schools = list(self._listeners) if school_id is None else [school_id]
        for each in schools:
            for woken in self._listeners.get(each, ()):
                woken.set()
