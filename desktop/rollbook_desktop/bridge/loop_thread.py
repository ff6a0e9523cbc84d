"""One asyncio loop on one named thread (H4): the engine's home, apart from the window's thread."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
Ending = Callable[[], Coroutine[Any, Any, None]]
"""What closes connections. It is called on the loop when no task is left that could open them again."""
NAME = "rollbook-loop"


class LoopThread:
    """Runs coroutines for the window. Nothing here ever makes the caller wait, but for :meth:`stop`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
        self._ending: Ending | None = None

    def start(self) -> None:
        """Begin; coroutines handed in before are run too."""
        self._thread.start()

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run ``coroutine`` on the loop; the future is done on the loop's thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self, seconds: float = 5.0, ending: Ending | None = None) -> bool:
        """Cancel what runs, let it clean up, run ``ending``, and join.

        ``False`` when it did not end within ``seconds``.
        """
        if not self._thread.is_alive():
            return True
        self._ending = ending
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._cancel_all()
            if self._ending is not None:
                self._loop.run_until_complete(self._ending())
            self._let_go()
            self._loop.close()

    def _cancel_all(self) -> None:
        while tasks := asyncio.all_tasks(self._loop):  # one that is cancelled may start another
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    def _let_go(self) -> None:
        self._loop.run_until_complete(asyncio.sleep(0))  # a closed connection's socket goes a round later
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
