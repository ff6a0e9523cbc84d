"""One deadline from the click to the SQL statement (R2)."""

from rollbook.domain.clock import Clock


class Deadline:
    """A moment of measured time by which a whole piece of work must have ended."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._at = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._at - self._clock.monotonic())

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return self.remaining() <= 0.0
