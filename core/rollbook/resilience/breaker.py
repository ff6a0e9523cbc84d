"""A circuit breaker: stops asking a side that fails, and finds out by few questions when it is back (R4)."""

import logging
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from rollbook.domain.clock import Clock
from rollbook.resilience.failures import COUNTED, CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class BreakerState(StrEnum):
    """The last two are set by support by hand."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    FORCED_OPEN = "forced_open"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class BreakerEvent:
    """A change of state."""

    name: str
    before: BreakerState
    after: BreakerState


class BreakerOpenError(CallFailedError):
    """No call was made; ``retry_in`` is in seconds (``None`` while it is forced open)."""

    was_made = False

    def __init__(self, name: str, retry_after: float | None) -> None:
        super().__init__(
            FailureKind.TRANSIENT, "breaker-open", f"{name} is not asked for now.", retry_after=retry_after
        )

    @property
    def retry_in(self) -> float | None:
        """Seconds until a call may be let through."""
        return self.retry_after


class Permit:
    """The leave to make one call; exactly one of its three ends must be told."""

    def __init__(self, breaker: "CircuitBreaker", era: int) -> None:
        self._breaker = breaker
        self.era = era
        self._open = [True]  # taken by one thread only: a list's pop is atomic

    def succeeded(self, seconds: float) -> None:
        """The call was answered, after ``seconds``."""
        self._end(None, seconds)

    def failed(self, kind: FailureKind, seconds: float) -> None:
        """The call failed; kinds that say nothing about the other side only give the permit back."""
        self._end(kind, seconds)

    def released(self) -> None:
        """The call was cancelled: it says nothing."""
        self._end(FailureKind.CANCELLED, 0.0)

    def _end(self, kind: FailureKind | None, seconds: float) -> None:
        try:
            self._open.pop()
        except IndexError:
            return  # told already: a call has one end
        self._breaker._record(self.era, kind, seconds)


class CircuitBreaker:
    """Safe for threads; its lock is never held during a call or while observers are told."""

    def __init__(self, name: str, settings: ResilienceSettings, clock: Clock) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._observers: list[Callable[[BreakerEvent], None]] = []
        self._state = BreakerState.CLOSED
        self._era = 0
        self._consecutive = 0
        self._window: deque[tuple[bool, bool]] = deque(maxlen=settings.breaker_window_calls)
        self._failures = self._slow = 0
        self._opened_at = 0.0
        self._interval = settings.breaker_recovery_seconds
        self._probing = 0
        self._probe_successes = 0

    @property
    def state(self) -> BreakerState:
        """The state as it is; an open one whose time has come still says open until it is asked."""
        with self._lock:
            return self._state

    def observe(self, observer: Callable[[BreakerEvent], None]) -> None:
        """Have ``observer`` told of each change of state."""
        self._observers.append(observer)

    def retry_in(self) -> float | None:
        """Seconds until it will let a probe through; ``None`` when it is not open by itself."""
        with self._lock:
            return self._left() if self._state is BreakerState.OPEN else None

    def ask_now(self) -> None:
        """A person wants to know: an open breaker lets a probe through now, ahead of its time."""
        with self._lock:
            if self._state is BreakerState.OPEN:
                self._opened_at = self._clock.monotonic() - self._interval

    def is_slow(self, seconds: float) -> bool:
        """Whether a call that took ``seconds`` counts as slow."""
        return seconds >= self._settings.breaker_slow_seconds

    def acquire(self) -> Permit:
        """Leave to make a call. Raises :class:`BreakerOpenError`."""
        told: list[BreakerEvent] = []
        try:
            with self._lock:
                return self._admit(told)
        finally:
            self._tell(told)

    async def call(self, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
        """Make the call under the breaker. Raises what it raises, or :class:`BreakerOpenError`."""
        with self._permitted():
            return await attempt()

    def call_blocking(self, attempt: Callable[[], _Result]) -> _Result:
        """The same for a thread."""
        with self._permitted():
            return attempt()

    @contextmanager
    def _permitted(self) -> Iterator[None]:
        permit = self.acquire()
        began = self._clock.monotonic()
        try:
            yield
        except CallFailedError as failure:
            permit.failed(failure.kind, self._clock.monotonic() - began)
            raise
        except BaseException:  # cancelled, or a defect on this side: says nothing about the other
            permit.released()
            raise
        permit.succeeded(self._clock.monotonic() - began)

    def force_open(self) -> None:
        """Refuse every call until :meth:`reset`."""
        self._set_by_hand(BreakerState.FORCED_OPEN)

    def disable(self) -> None:
        """Let every call through until :meth:`reset`."""
        self._set_by_hand(BreakerState.DISABLED)

    def reset(self) -> None:
        """Close, with nothing remembered."""
        self._set_by_hand(BreakerState.CLOSED)

    def _set_by_hand(self, state: BreakerState) -> None:
        told: list[BreakerEvent] = []
        with self._lock:
            self._interval = self._settings.breaker_recovery_seconds
            self._enter(state, told)
        self._tell(told)

    def _admit(self, told: list[BreakerEvent]) -> Permit:
        if self._state is BreakerState.FORCED_OPEN:
            raise BreakerOpenError(self.name, None)
        if self._state is BreakerState.OPEN:
            if self._left() > 0.0:
                raise BreakerOpenError(self.name, self._left())
            self._enter(BreakerState.HALF_OPEN, told)
        if self._state is BreakerState.HALF_OPEN:
            if self._probing >= max(1, self._settings.breaker_probes):
                raise BreakerOpenError(self.name, self._settings.probe_timeout_seconds)
            self._probing += 1
        return Permit(self, self._era)

    def _record(self, era: int, kind: FailureKind | None, seconds: float) -> None:
        told: list[BreakerEvent] = []
        with self._lock:
            if era != self._era:
                return  # a late answer from before the state changed says nothing about now
            if self._state is BreakerState.HALF_OPEN:
                self._record_probe(kind, told)
            elif self._state is BreakerState.CLOSED:
                self._record_call(kind, seconds, told)
        self._tell(told)

    def _record_probe(self, kind: FailureKind | None, told: list[BreakerEvent]) -> None:
        self._probing -= 1
        if kind in COUNTED:
            self._lengthen()
            self._enter(BreakerState.OPEN, told)
        elif kind is None:
            self._probe_successes += 1
            if self._probe_successes >= self._settings.breaker_successes:
                self._interval = self._settings.breaker_recovery_seconds
                self._enter(BreakerState.CLOSED, told)

    def _lengthen(self) -> None:
        recovery = self._settings.breaker_recovery_seconds
        longest = max(recovery, recovery * self._settings.breaker_recovery_cap_factor)
        self._interval = min(self._interval * self._settings.breaker_recovery_growth, longest)

    def _record_call(self, kind: FailureKind | None, seconds: float, told: list[BreakerEvent]) -> None:
        if kind is not None and kind not in COUNTED:
            return
        failed = kind is not None
        self._consecutive = self._consecutive + 1 if failed else 0
        self._note(failed, self.is_slow(seconds))
        if self._consecutive >= self._settings.breaker_failures or self._rates_exceeded():
            self._enter(BreakerState.OPEN, told)

    def _note(self, failed: bool, slow: bool) -> None:
        """Into the window; its sums are kept, as every call asks for them."""
        if len(self._window) == self._window.maxlen:
            gone_failed, gone_slow = self._window[0]
            self._failures -= gone_failed
            self._slow -= gone_slow
        self._window.append((failed, slow))
        self._failures += failed
        self._slow += slow

    def _rates_exceeded(self) -> bool:
        calls = len(self._window)
        if calls < self._settings.breaker_minimum_calls:
            return False
        return (
            self._failures / calls >= self._settings.breaker_failure_rate
            or self._slow / calls >= self._settings.breaker_slow_rate
        )

    def _enter(self, state: BreakerState, told: list[BreakerEvent]) -> None:
        if state is not self._state:
            told.append(BreakerEvent(self.name, self._state, state))
        self._state = state
        self._era += 1
        self._consecutive = 0
        self._window.clear()
        self._failures = self._slow = 0
        self._probing = 0
        self._probe_successes = 0
        if state is BreakerState.OPEN:
            self._opened_at = self._clock.monotonic()

    def _left(self) -> float:
        return max(0.0, self._opened_at + self._interval - self._clock.monotonic())

    def _tell(self, told: list[BreakerEvent]) -> None:
        for event in told:
            for observer in tuple(self._observers):
                try:
                    observer(event)
                except Exception:  # an onlooker's defect must not become the caller's failure
                    _log.exception("An observer of the breaker failed.")
