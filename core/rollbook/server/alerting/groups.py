"""Which alerts are due: the first of a kind at once, later ones together now and then (R19).

What was told, and what is still to tell, stands in a file beside the logs: so several workers are one, and a
server that is started again and again by its supervisor does not send a message each time.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog
from filelock import FileLock, Timeout

MOST_KEPT = 200
_LOCK_SECONDS = 5.0
log = structlog.get_logger("rollbook.server.alerting")


class Happened(msgspec.Struct, frozen=True):
    """``count`` errors of one kind at one route that are not told yet; times are ISO 8601 in UTC.

    ``request_id`` is that of the latest.
    """

    kind: str
    route: str
    count: int
    first_at: str
    last_at: str
    request_id: str

    def joined(self, later: "Happened") -> "Happened":
        """Both as one."""
        return Happened(
            self.kind,
            self.route,
            self.count + later.count,
            min(self.first_at, later.first_at),
            max(self.last_at, later.last_at),
            later.request_id or self.request_id,
        )

    @property
    def key(self) -> tuple[str, str]:
        """What is told together."""
        return self.kind, self.route


class _Kept(msgspec.Struct):
    """``next_at`` is in seconds since 1970; ``told`` says whether one of this kind was told lately."""

    next_at: float
    waiting: Happened | None = None
    told: bool = False


class AlertGroups:
    """To be asked by one thread of each worker. Without its ``folder``, each keeps its own."""

    def __init__(self, folder: Path, repeat_seconds: float, again_seconds: float) -> None:
        self._file = folder / "alerts.json"
        self._repeat = repeat_seconds
        self._again = min(again_seconds, repeat_seconds)
        self._here: dict[tuple[str, str], _Kept] = {}
        self.waits = True  # something may be left from before the start

    def due(self, fresh: Iterable[Happened], now: float) -> list[tuple[Happened, bool]]:
        """Add what is ``fresh``; what is to be told now, each with whether it comes after another.

        It counts as told until :meth:`put_back` says else.
        """
        with self._kept() as kept:
            for happened in fresh:
                self._add(kept, happened)
            found = [self._taken(each, now) for each in kept.values() if self._is_due(each, now)]
            over = [key for key, each in kept.items() if each.waiting is None and now >= each.next_at]
            for key in over:
                del kept[key]
            self.waits = any(each.waiting for each in kept.values())
        return found

    def put_back(self, happened: Happened, now: float, *, is_summary: bool) -> None:
        """It could not be told: it is due again in a while."""
        with self._kept() as kept:
            self._add(kept, happened)
            each = kept.get(happened.key)
            if each is not None:
                each.next_at = now + self._again
                each.told = is_summary
            self.waits = True

    def _add(self, kept: dict[tuple[str, str], _Kept], happened: Happened) -> None:
        if happened.key not in kept and len(kept) >= MOST_KEPT:
            return  # so many kinds at once are one trouble, which the others tell
        each = kept.setdefault(happened.key, _Kept(next_at=0.0))
        each.waiting = happened if each.waiting is None else each.waiting.joined(happened)

    def _is_due(self, each: _Kept, now: float) -> bool:
        # A clock that was set back must not silence it for years.
        return each.waiting is not None and not now < each.next_at <= now + self._repeat

    def _taken(self, each: _Kept, now: float) -> tuple[Happened, bool]:
        assert each.waiting is not None
        found = (each.waiting, each.told)
        each.waiting, each.told, each.next_at = None, True, now + self._repeat
        return found

    @contextmanager
    def _kept(self) -> Iterator[dict[tuple[str, str], _Kept]]:
        """What is kept, to be changed; written down at the end, if that can be done."""
        lock = FileLock(self._file.with_suffix(".lock"))
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except (OSError, Timeout):
            yield self._here
            return
        try:
            self._here = self._read()
            yield self._here
            self._write()
        finally:
            lock.release()

    def _read(self) -> dict[tuple[str, str], _Kept]:
        try:
            rows = msgspec.json.decode(self._file.read_bytes(), type=list[tuple[str, str, _Kept]])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError):
            return self._here
        return {(kind, route): each for kind, route, each in rows}

    def _write(self) -> None:
        rows = [(*key, each) for key, each in self._here.items()]
        try:
            self._file.write_bytes(msgspec.json.encode(rows))
        except OSError as error:
            log.warning("alerts_not_kept", error_type=type(error).__name__)
