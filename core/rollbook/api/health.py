"""What the last calls say of the connection, for the pill (R5)."""

from collections.abc import Callable

from rollbook.domain.clock import Clock
from rollbook.resilience.breaker import CircuitBreaker
from rollbook.resilience.connectivity import Connection, Signs, connection_of
from rollbook.resilience.failures import AVAILABILITY, CallFailedError, FailureKind
from rollbook.resilience.hold import Hold


class Health:
    """Keeps the last answer's or failure's meaning, and since when the state is what it is."""

    def __init__(
        self, clock: Clock, breaker: CircuitBreaker, hold: Hold, signed_in: Callable[[], bool]
    ) -> None:
        self._clock = clock
        self._breaker = breaker
        self._hold = hold
        self._signed_in = signed_in
        self._failure: CallFailedError | None = None
        self._ever_answered = False
        self._slow = False
        self._shown: tuple[object, str] | None = None
        self._since: str | None = None

    def answered(self, seconds: float = 0.0) -> None:
        """Our server answered well, after ``seconds``."""
        self._failure = None
        self._slow = self._breaker.is_slow(seconds)
        self._ever_answered = True

    def failed(self, failure: CallFailedError) -> None:
        """A call failed; an answer that refuses is an answer all the same."""
        if not failure.was_made or failure.kind is FailureKind.CANCELLED:
            return
        if failure.kind in AVAILABILITY:
            self._failure = failure
        elif failure.problem is not None:
            self.answered()

    def connection(self) -> Connection:
        """The state now, and since when."""
        failure = self._failure
        signs = Signs(
            breaker=self._breaker.state,
            signed_in=self._signed_in(),
            ever_answered=self._ever_answered,
            last_failure=failure.code if failure else None,
            last_was_local=failure is not None and failure.kind is FailureKind.LOCAL,
            last_was_slow=self._slow,
        )
        state, reason = connection_of(signs)
        if (state, reason) != self._shown:
            self._shown, self._since = (state, reason), self._clock.now().isoformat()
        met = (failure.code, failure.detail) if failure else ("", "")
        return Connection(state, reason, self._since, self._next_attempt_in(), *met)

    def _next_attempt_in(self) -> float | None:
        """Seconds until it may be asked again; ``None`` when it may be asked at any time."""
        held = self._hold.left()
        waiting = self._breaker.retry_in()
        return max(held, waiting or 0.0) if held or waiting is not None else None
