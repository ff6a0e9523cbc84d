"""A server that asks to wait is not asked anything meanwhile (S9)."""

from rollbook.domain.clock import Clock
from rollbook.resilience.failures import CallFailedError, FailureKind

_ROUNDING_SECONDS = 0.01  # a sleep of the whole time may end a hair before it


class HeldBackError(CallFailedError):
    """No call was made: the server asked to wait. The code and the problem are those of its wish."""

    was_made = False

    def __init__(self, wish: CallFailedError, seconds: float) -> None:
        super().__init__(
            FailureKind.TRANSIENT, wish.code, wish.detail, retry_after=seconds, problem=wish.problem
        )


class Hold:
    """The server's last wish, as measured time. ``longest`` (seconds) is how far it is believed."""

    def __init__(self, clock: Clock, longest: float) -> None:
        self._clock = clock
        self._longest = longest
        self._until = 0.0
        self._wish: CallFailedError | None = None

    def take(self, wish: CallFailedError) -> None:
        """Note a failure's ``retry_after``; an earlier, longer wish stays."""
        if wish.retry_after is None:
            return
        wish.retry_after = min(wish.retry_after, self._longest)
        until = self._clock.monotonic() + wish.retry_after
        if until >= self._until or self._wish is None:
            self._until, self._wish = until, wish

    def left(self) -> float:
        """Seconds that are still to be waited; 0 when there is no hold."""
        left = 0.0 if self._wish is None else self._until - self._clock.monotonic()
        return left if left > _ROUNDING_SECONDS else 0.0

    def check(self) -> None:
        """Raises :class:`HeldBackError` while the hold lasts."""
        left = self.left()
        if left and self._wish is not None:
            raise HeldBackError(self._wish, left)
