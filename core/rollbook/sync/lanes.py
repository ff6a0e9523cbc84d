"""Lanes that back off after a failure of the moment (S9). Measured time only; after a restart all are due."""

import random
from collections.abc import Collection

from rollbook.domain.clock import Clock
from rollbook.sync.settings import SyncSettings


class LaneBackoff:
    """Which lanes wait, and how long still."""

    def __init__(self, clock: Clock, settings: SyncSettings, chance: random.Random) -> None:
        self._clock = clock
        self._settings = settings
        self._chance = chance
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    def failed(self, lane: str) -> None:
        """The lane waits, longer at each failure; after many it is set aside until a recovery."""
        count = self._failures.get(lane, 0) + 1
        self._failures[lane] = count
        if count >= self._settings.sync_attempts_before_aside:
            self._due[lane] = float("inf")
            return
        ceiling = min(
            self._settings.sync_backoff_base_seconds * 2.0 ** (count - 1),
            self._settings.sync_backoff_cap_seconds,
        )
        self._due[lane] = self._clock.monotonic() + ceiling * self._chance.uniform(0.5, 1.0)

    def went(self, lane: str) -> None:
        """The lane moves again."""
        self._due.pop(lane, None)
        self._failures.pop(lane, None)

    def all_due(self) -> None:
        """After a recovery, a new server version or a person's wish: everything is tried again."""
        self._due.clear()
        self._failures.clear()

    def held(self) -> Collection[str]:
        """Lanes that wait now."""
        now = self._clock.monotonic()
        return {lane for lane, due in self._due.items() if due > now}

    def next_due_in(self) -> float | None:
        """Seconds until the next lane is due, or ``None`` when none will be by itself."""
        now = self._clock.monotonic()
        waits = [due - now for due in self._due.values() if now < due < float("inf")]
        return min(waits, default=None)
