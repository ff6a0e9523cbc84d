"""Critical errors, told in a thread of its own: whoever notices one is never held up, nor failed (R19)."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from rollbook.domain.clock import Clock
from rollbook.resilience.where_it_broke import where_it_broke
from rollbook.server.alerting.groups import MOST_KEPT, AlertGroups, Happened
from rollbook.server.alerting.words import body_of, title_of
from rollbook.server.settings import Settings

CRITICAL = frozenset({"internal-error", "storage-full", "database-unavailable"})
"""The problems of which somebody is told: those that do not pass by themselves."""
_OF_THE_WHOLE = CRITICAL - {"internal-error"}  # one trouble, whichever routes meet it
ANY_ROUTE = "any route"
_AGAIN_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 5.0
log = structlog.get_logger("rollbook.server.alerting")


class Sender(Protocol):
    """Tells people."""

    def send(self, title: str, body: str) -> bool:
        """Whether anybody was reached. Blocking."""


class Alerts:
    """One worker's. Without a ``sender`` it takes nothing. :meth:`note` is safe for threads and for loops."""

    def __init__(
        self, settings: Settings, clock: Clock, sender: Sender | None, count: Callable[[str], None]
    ) -> None:
        self._clock = clock
        self._sender = sender
        self._count = count
        self._repeat = settings.alert_repeat_seconds
        self._groups = AlertGroups(Path(settings.log_dir), self._repeat, _AGAIN_SECONDS)
        self._looking = threading.Lock()
        self._changed = threading.Condition()
        self._fresh: dict[tuple[str, str], Happened] = {}
        self._ending = False
        self._thread: threading.Thread | None = None
        self._host = socket.gethostname()

    def note(self, kind: str, route: str, request_id: str) -> None:
        """An error happened; where it is not critical, nothing does. At once, whatever the sender does."""
        if self._sender is None or kind not in CRITICAL:
            return
        if kind in _OF_THE_WHOLE:
            route = ANY_ROUTE
        at = self._clock.now().isoformat(timespec="seconds")
        happened = Happened(kind, route, 1, at, at, request_id)
        with self._changed:
            before = self._fresh.get(happened.key)
            if before is None and len(self._fresh) >= MOST_KEPT:
                self._count("dropped")
                return
            self._fresh[happened.key] = happened if before is None else before.joined(happened)
            self._changed.notify()

    def start(self) -> None:
        """Begin to tell."""
        if self._sender is None:
            return
        self._thread = threading.Thread(target=self._run, name="rollbook-alerts", daemon=True)
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Tell what is new, for as long as ``seconds``; what is not told by then is not waited for."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(seconds)

    def look(self) -> None:
        """Tell what is due. Blocking."""
        assert self._sender is not None
        with self._looking:
            with self._changed:
                fresh, self._fresh = list(self._fresh.values()), {}
            for happened, is_summary in self._groups.due(fresh, self._now()):
                self._tell(self._sender, happened, is_summary)

    def _tell(self, sender: Sender, happened: Happened, is_summary: bool) -> None:
        title = title_of(happened, self._host)
        body = body_of(happened, self._host, self._repeat, is_summary=is_summary)
        if sender.send(title, body):
            self._count("sent")
            return
        self._count("failed")
        log.warning("alert_not_sent", kind=happened.kind, route=happened.route, count=happened.count)
        self._groups.put_back(happened, self._now(), is_summary=is_summary)

    def _run(self) -> None:
        while self._waited():
            try:
                self.look()
            except Exception as error:  # whatever it is: the next is told all the same
                log.error("alerting_failed", **where_it_broke(error))

    def _waited(self) -> bool:
        """Wait until there may be something to tell; ``False`` at the end."""
        with self._changed:
            if not self._fresh and not self._ending:
                self._changed.wait(_LOOK_EVERY_SECONDS if self._groups.waits else None)
            return bool(self._fresh) or not self._ending

    def _now(self) -> float:
        return self._clock.now().timestamp()
