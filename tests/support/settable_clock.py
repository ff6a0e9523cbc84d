"""A clock whose time is set by the test."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


class SettableClock:
    """Both kinds of time move together, and only when told to."""

    def __init__(self, start: datetime = START) -> None:
        self._passed = 0.0
        self._start = start

    def now(self) -> datetime:
        """The wall clock."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds
