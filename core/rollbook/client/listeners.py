"""Who wants to know of changes, from whichever thread."""

import asyncio
import threading
from collections.abc import Callable

from rollbook.sync.events import Event


class News:
    """Lets one coroutine wait for the next event."""

    def __init__(self, listeners: "Listeners") -> None:
        self._loop = asyncio.get_running_loop()
        self._came = asyncio.Event()
        self._stop = listeners.add(self._tell)

    async def next(self) -> None:
        """Return after the next event."""
        await self._came.wait()
        self._came.clear()

    def close(self) -> None:
        """Stop listening."""
        self._stop()

    def _tell(self, _event: Event) -> None:
        self._loop.call_soon_threadsafe(self._came.set)


class Listeners:
    """A list of listeners that may change while it is told."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []
        self._lock = threading.Lock()

    def add(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Add a listener; returns the way to take it out again."""
        with self._lock:
            self._listeners.append(listener)

        def remove() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return remove

    def emit(self, event: Event) -> None:
        """Tell all."""
        with self._lock:
            told = list(self._listeners)
        for listener in told:
            listener(event)

    def news(self) -> News:
        """A way for a coroutine to wait for events."""
        return News(self)
