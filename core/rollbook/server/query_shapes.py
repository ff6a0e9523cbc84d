"""Statements by their shape (R14): how often, how long, and never with what values."""

import hashlib
import math
import re
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

MOST_SHAPES = 500
MOST_SAMPLES = 256
MOST_SHAPE_LENGTH = 2_000
MOST_STATEMENT_LENGTH = 20_000
_CACHED_LENGTH = 4_000

# Names in double quotes are matched so that what is in them is left alone.
_TOKENS = re.compile(
    r"""(?P<name>"(?:[^"]|"")*")"""
    r"""|(?P<value>'(?:[^']|'')*'|%\(\w+\)s|%s|\?|\$\d+|\b\d+(?:\.\d+)?\b)(?:::[A-Za-z]\w*(?:\[\])?)?"""
    r"""|(?P<space>\s+)"""
)
_LIST = re.compile(r"\( ?\?(?: ?, ?\?)+ ?\)|(?<=IN )\(\?\)")
_ROWS = re.compile(r"\(…\)(?: ?, ?\(…\))+")


def shape_of(statement: str) -> str:
    """``statement`` with ``?`` for each value, whether it was bound or written out, and lists as ``(…)``."""
    return _shape(statement) if len(statement) > _CACHED_LENGTH else _known_shape(statement)


def _shape(statement: str) -> str:
    def plain(found: re.Match[str]) -> str:
        if found["name"]:
            return found["name"]
        return "?" if found["value"] else " "

    listed = _LIST.sub("(…)", _TOKENS.sub(plain, statement).strip())
    return _ROWS.sub("(…)", listed)[:MOST_SHAPE_LENGTH]


_known_shape = lru_cache(maxsize=1_024)(_shape)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a shape; times in seconds, percentiles of the ``sampled`` latest."""

    id: str
    shape: str
    count: int
    failed: int
    slow: int
    sampled: int
    p50: float
    p95: float
    longest: float


@dataclass(slots=True)
class _Kept:
    shape: str
    statement: str
    count: int = 0
    failed: int = 0
    slow: int = 0
    longest: float = 0.0
    latest: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_SAMPLES))


class QueryShapes:
    """The shapes of one worker, at most ``most``: of more, the one that came longest ago is let go.

    Safe for threads.
    """

    def __init__(self, slow_seconds: float, most: int = MOST_SHAPES) -> None:
        self.slow_seconds = slow_seconds
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._forgotten = 0

    @property
    def forgotten(self) -> int:
        """How many shapes were let go of."""
        with self._lock:
            return self._forgotten

    def note(self, statement: str, seconds: float, *, failed: bool = False) -> bool:
        """Count a statement that took ``seconds``; gives whether it was slow."""
        shape = shape_of(statement)
        slow = seconds >= self.slow_seconds
        with self._lock:
            kept = self._of(shape, statement)
            kept.count += 1
            kept.failed += failed
            kept.slow += slow
            kept.longest = max(kept.longest, seconds)
            kept.latest.append(seconds)
        return slow

    def slow(self, seconds: float | None = None) -> list[Figures]:
        """The shapes of which one took as long as ``seconds`` (else the threshold), the slowest first."""
        least = self.slow_seconds if seconds is None else seconds
        with self._lock:
            found = [_figures(kept) for kept in self._kept.values() if kept.longest >= least]
        return sorted(found, key=lambda each: (each.p95, each.longest), reverse=True)

    def statement_of(self, shape_id: str) -> tuple[str, str] | None:
        """A shape and a statement of it as it went to the database, without its values.

        The statement is empty where it is too long to be kept.
        """
        with self._lock:
            found = (kept for kept in self._kept.values() if _id_of(kept.shape) == shape_id)
            kept = next(found, None)
            return None if kept is None else (kept.shape, kept.statement)

    def _of(self, shape: str, statement: str) -> _Kept:
        kept = self._kept.get(shape)
        if kept is None:
            if len(self._kept) >= self._most:
                self._kept.popitem(last=False)
                self._forgotten += 1
            kept = _Kept(shape, statement if len(statement) <= MOST_STATEMENT_LENGTH else "")
            self._kept[shape] = kept
        self._kept.move_to_end(shape)
        return kept


def _figures(kept: _Kept) -> Figures:
    return Figures(
        id=_id_of(kept.shape),
        shape=kept.shape,
        count=kept.count,
        failed=kept.failed,
        slow=kept.slow,
        sampled=len(kept.latest),
        p50=percentile(kept.latest, 0.5),
        p95=percentile(kept.latest, 0.95),
        longest=kept.longest,
    )


def percentile(values: Iterable[float], share: float) -> float:
    """The least value that at least ``share`` of the values do not exceed (the nearest rank)."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]


def _id_of(shape: str) -> str:
    return hashlib.sha256(shape.encode()).hexdigest()[:16]
