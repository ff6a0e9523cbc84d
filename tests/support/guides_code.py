"""The original guide's code with its mistakes, as it was printed; tests see that they fail on it.

Changed is only what it left to its reader: sleeping, chance and the wall clock are handed in, logging is left
out, and ``random`` (which the guide never imports) is there unless a test takes it away.
"""

import asyncio
import random as _random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import Enum
from typing import Any


class TransientError(Exception):
    """The guide retries on it, and maps nothing to it."""


async def retry_with_backoff(
    func: Callable[[], Awaitable[Any]],
    max_retries: int = 5,
    base_wait: float = 1.0,
    max_wait: float = 60.0,
    *,
    sleep: Callable[[float], Awaitable[None]],
    random: Any = _random,
) -> Any:
    """Pattern 1 of the guide."""
    last_error: Any = None
    for attempt in range(1, max_retries + 1):
        try:
            return await func()
        except TransientError as e:
            last_error = e
            if attempt >= max_retries:
                break
            wait_time = min(base_wait * (2 ** (attempt - 1)), max_wait)
            jitter = wait_time * 0.1 * (1 - 2 * random.random())
            await sleep(wait_time + jitter)
    raise last_error


async def get_with_timeout_and_fallback(
    primary_func: Callable[[], Awaitable[Any]],
    fallback_func: Callable[[], Awaitable[Any]],
    timeout: float = 5.0,
) -> Any:
    """Pattern 2 of the guide."""
    try:
        return await asyncio.wait_for(primary_func(), timeout=timeout)
    except TimeoutError:
        return await fallback_func()
    except Exception:
        return await fallback_func()


class CircuitState(Enum):
    """The guide's three states."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreakerOpen(Exception):  # noqa: N818 - the guide's name
    """The guide's refusal."""


class CircuitBreaker:
    """Pattern 3 of the guide."""

    def __init__(
        self, now: Callable[[], datetime], failure_threshold: int = 5, recovery_timeout: int = 60
    ) -> None:
        self._now = now
        self.failure_threshold = failure_threshold
        self.recovery_timeout = recovery_timeout
        self.state = CircuitState.CLOSED
        self.failure_count = 0
        self.last_failure_time: datetime | None = None
        self.success_count = 0

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Execute function through circuit breaker."""
        if self.state == CircuitState.OPEN:
            if self._should_attempt_recovery():
                self.state = CircuitState.HALF_OPEN
                self.success_count = 0
            else:
                raise CircuitBreakerOpen
        try:
            result = await func(*args)
            self._on_success()
            return result
        except Exception:
            self._on_failure()
            raise

    def _on_success(self) -> None:
        self.failure_count = 0
        if self.state == CircuitState.HALF_OPEN:
            self.success_count += 1
            if self.success_count >= 2:
                self.state = CircuitState.CLOSED

    def _on_failure(self) -> None:
        self.failure_count += 1
        self.last_failure_time = self._now()
        if self.failure_count >= self.failure_threshold:
            self.state = CircuitState.OPEN

    def _should_attempt_recovery(self) -> bool:
        if not self.last_failure_time:
            return True
        elapsed = (self._now() - self.last_failure_time).total_seconds()
        return elapsed >= self.recovery_timeout


async def get_weather(
    breaker: CircuitBreaker, fetch: Callable[[], Awaitable[Any]], get_cached: Callable[[], Any]
) -> Any:
    """The guide's weather: what is kept is shown only once the breaker is open."""
    try:
        return {"status": "ok", "data": await breaker.call(fetch)}
    except CircuitBreakerOpen:
        cached = get_cached()
        if cached:
            return {"status": "degraded", "data": cached}
        return {"status": "error", "message": "Weather service unavailable, no cached data"}, 503


class BulkheadExecutor:
    """Strategy 4 of the guide."""

    def __init__(self, name: str, max_workers: int = 5) -> None:
        self.executor = ThreadPoolExecutor(max_workers=max_workers, thread_name_prefix=name)

    async def execute(self, func: Callable[..., Any], *args: Any) -> Any:
        """Execute in isolated thread pool."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, lambda: func(*args))


class CachedDataStore:
    """Fallback 1 of the guide."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.cache: dict[str, Any] = {}
        self.timestamps: dict[str, datetime] = {}

    def get_with_fallback(self, key: str, primary_func: Callable[[], Any], max_age_seconds: int = 300) -> Any:
        """Get data from primary, fall back to cache if needed."""
        try:
            data = primary_func()
            self.cache[key] = data
            self.timestamps[key] = self._now()
            return data
        except Exception:
            if key in self.cache:
                age = (self._now() - self.timestamps[key]).total_seconds()
                if age <= max_age_seconds:
                    return self.cache[key]
            raise
