"""One deadline from the click to the SQL statement (R2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Self

from rollbook.domain.clock import Clock


class Deadline:
    """A moment of measured time by which a whole piece of work must have ended."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._at = clock.monotonic() + seconds

    @classmethod
    def after(cls, clock: Clock, seconds: float) -> Self:
        """``seconds`` from now, but never later than the deadline that the caller is under already."""
        outer = current_deadline.get()
        return cls(clock, seconds if outer is None else min(seconds, outer.remaining()))

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._at - self._clock.monotonic())

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return self.remaining() <= 0.0


current_deadline: ContextVar[Deadline | None] = ContextVar("current_deadline", default=None)


@contextmanager
def under(deadline: Deadline) -> Iterator[Deadline]:
    """All that is called inside is under ``deadline``, through threads and tasks that take the context."""
    token = current_deadline.set(deadline)
    try:
        yield deadline
    finally:
        current_deadline.reset(token)
