"""The one way between the engine's threads and the window's (H4): results and events as queued signals."""

import queue
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from rollbook.client.values import Event, RecordsChanged
from rollbook_desktop.bridge.loop_thread import Ending, LoopThread

T = TypeVar("T")
OnDone = Callable[[T], None]
OnFailed = Callable[[Exception], None]


class Ticket:
    """What was asked for; once dropped, its answer reaches nobody. Used on the window's thread only."""

    def __init__(self) -> None:
        self.dropped = False
        self._future: Future[Any] | None = None

    def follow(self, future: "Future[Any]") -> None:
        """Have :meth:`drop` cancel ``future`` where it has not begun."""
        self._future = future

    def drop(self) -> None:
        """The answer is not wanted any more."""
        self.dropped = True
        if self._future is not None:
            self._future.cancel()


class Bridge(QObject):
    """Runs blocking calls and coroutines elsewhere and hands what came of them to the window's thread."""

    records_changed = Signal(str, object)
    """The entity, and the ids as a frozenset, or ``None`` when they are too many to name."""
    status_changed = Signal()
    unexpected = Signal(object)
    """An exception that nobody asked to be told of."""
    _knock = Signal()

    def __init__(self, loop: LoopThread) -> None:
        super().__init__()
        self._loop = loop
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._commands = ThreadPoolExecutor(1, "rollbook-command")
        self._queries = ThreadPoolExecutor(2, "rollbook-query")
        self._news = _News()
        self._closed = False
        self._knock.connect(self._open_inbox, Qt.ConnectionType.QueuedConnection)

    def query(
        self, work: Callable[[], T], done: OnDone[T] | None = None, failed: OnFailed | None = None
    ) -> Ticket:
        """Run a local query on a thread of its own; ``done`` and ``failed`` run on the window's thread."""
        return self._submit(self._queries, work, done, failed)

    def command(
        self, work: Callable[[], T], done: OnDone[T] | None = None, failed: OnFailed | None = None
    ) -> Ticket:
        """Run a command; commands go one after the other, in the order in which they were given."""
        return self._submit(self._commands, work, done, failed)

    def spawn(
        self,
        coroutine: Coroutine[Any, Any, T],
        done: OnDone[T] | None = None,
        failed: OnFailed | None = None,
    ) -> Ticket:
        """Run ``coroutine`` on the engine's loop."""
        return self._hand_over(self._loop.spawn(coroutine), done, failed)

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` run on the window's thread. Safe from any thread."""
        self._inbox.put(call)
        self._knock.emit()

    def listen(self, event: Event) -> None:
        """The listener for the facade's events; bursts are merged. Safe from any thread."""
        if self._news.add(event):
            self.post(self._tell)

    def close(self, seconds: float = 5.0, ending: Ending | None = None) -> bool:
        """End the threads, the loop's with ``ending``; ``False`` when it did not end within ``seconds``."""
        self._closed = True
        self._queries.shutdown(wait=True, cancel_futures=True)
        self._commands.shutdown(wait=True)  # a save that was asked for is made
        return self._loop.stop(seconds, ending)

    def _submit(
        self,
        pool: ThreadPoolExecutor,
        work: Callable[[], T],
        done: OnDone[T] | None,
        failed: OnFailed | None,
    ) -> Ticket:
        if self._closed:  # the window is going; nobody looks any more
            ticket = Ticket()
            ticket.drop()
            return ticket
        return self._hand_over(pool.submit(work), done, failed)

    def _hand_over(self, future: "Future[T]", done: OnDone[T] | None, failed: OnFailed | None) -> Ticket:
        ticket = Ticket()
        ticket.follow(future)
        future.add_done_callback(lambda over: self.post(partial(self._settle, ticket, over, done, failed)))
        return ticket

    def _settle(
        self, ticket: Ticket, over: "Future[T]", done: OnDone[T] | None, failed: OnFailed | None
    ) -> None:
        if ticket.dropped or over.cancelled():
            return
        error = over.exception()
        if error is None:
            if done is not None:
                done(over.result())
        elif failed is not None and isinstance(error, Exception):
            failed(error)
        else:
            self.unexpected.emit(error)

    def _open_inbox(self) -> None:
        while not self._inbox.empty():
            self._inbox.get_nowait()()

    def _tell(self) -> None:
        for entity, ids in self._news.take():
            self.records_changed.emit(entity, ids)
        self.status_changed.emit()


class _News:
    """Events since the window last looked, merged."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: dict[str, frozenset[str] | None] = {}
        self._pending = False

    def add(self, event: Event) -> bool:
        """Keep ``event``; ``True`` when the window has to be told that there is something."""
        with self._lock:
            if isinstance(event, RecordsChanged):
                self._merge(event)
            first, self._pending = not self._pending, True
            return first

    def take(self) -> list[tuple[str, frozenset[str] | None]]:
        """What changed since the last time."""
        with self._lock:
            changed, self._changed, self._pending = self._changed, {}, False
        return list(changed.items())

    def _merge(self, event: RecordsChanged) -> None:
        known = self._changed.get(event.entity, frozenset())
        merged = None if known is None or event.ids is None else known | frozenset(event.ids)
        self._changed[event.entity] = merged
