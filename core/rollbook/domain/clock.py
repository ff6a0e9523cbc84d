"""Time as a thing that is handed in (H6), so that no code under test reads the clock itself."""

import sys
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two kinds of time that must not be mixed (S29): one to show, one to measure."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC. For showing and recording only; nothing is ordered by it."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start, counting the time that the machine slept."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that count sleep; plain monotonic time stops while a Linux or macOS laptop is suspended."""
        return time.monotonic() if _COUNTS_SLEEP is None else time.clock_gettime(_COUNTS_SLEEP)


# Linux has a clock for it. On macOS the raw one counts sleep, where Python's own monotonic time does not.
_COUNTS_SLEEP: int | None = getattr(
    time, "CLOCK_MONOTONIC_RAW" if sys.platform == "darwin" else "CLOCK_BOOTTIME", None
)
