"""What a source told last, for when it is away: bounded, with its age by measured time (R8)."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from rollbook.domain.clock import Clock

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Known(Generic[Told]):
    """What was told. ``as_of`` is ISO 8601 in UTC; ``age_seconds`` is how long ago that was."""

    value: Told
    as_of: str
    age_seconds: float = 0.0


class LastKnown(Generic[Told]):
    """Safe for threads. Of more than ``most`` keys, those kept longest ago are forgotten.

    One process's own and gone with it: it bridges minutes, and after them there is nothing to show.
    """

    def __init__(self, clock: Clock, *, most: int) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, Known[Told]]] = OrderedDict()

    def keep(self, key: Hashable, value: Told) -> Known[Told]:
        """Keep ``value``, true now, in place of what was."""
        known = Known(value, self._clock.now().isoformat(timespec="seconds"))
        with self._lock:
            self._kept[key] = (self._clock.monotonic(), known)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return known

    def find(self, key: Hashable, within_seconds: float) -> Known[Told] | None:
        """What is kept for ``key``, unless it is older than that."""
        with self._lock:
            kept_at, known = self._kept.get(key, (0.0, None))
        if known is None:
            return None
        age = max(0.0, self._clock.monotonic() - kept_at)
        return Known(known.value, known.as_of, age) if age <= within_seconds else None
