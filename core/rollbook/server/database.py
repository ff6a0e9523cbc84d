"""Transactions: read or write, inside the caller's deadline, tried again whole when the database is busy."""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from rollbook.domain.clock import Clock
from rollbook.resilience.deadline import current_deadline
from rollbook.server.database_errors import Trouble, trouble_of
from rollbook.server.engines import SECONDS_LEFT, WRITES, make_engine
from rollbook.server.problems import ProblemError
from rollbook.server.query_hooks import watch_queries
from rollbook.server.query_shapes import QueryShapes
from rollbook.server.settings import Settings
from rollbook.server.sync.notices import forget_noted, tell_noted

T = TypeVar("T")
log = structlog.get_logger("rollbook.server.database")

_PROBLEMS = {
    Trouble.BUSY: "database-busy",
    Trouble.UNAVAILABLE: "database-unavailable",
    Trouble.FULL: "storage-full",
    Trouble.EXHAUSTED: "overloaded",
    Trouble.OUT_OF_TIME: "deadline-exceeded",
    Trouble.INTEGRITY: "value-taken",
    Trouble.UNFORESEEN: "internal-error",
}


class DatabaseError(ProblemError):
    """A database error, translated: ``trouble`` says of what kind."""

    def __init__(self, trouble: Trouble, headers: Mapping[str, str]) -> None:
        super().__init__(_PROBLEMS[trouble], headers=headers)
        self.trouble = trouble


class Onlooker(Protocol):
    """Told of what happens with the database; ``trouble`` is a :class:`Trouble`'s word."""

    def database_trouble(self, trouble: str) -> None:
        """A transaction ended in trouble."""

    def database_retry(self, trouble: str) -> None:
        """A transaction is run again because of trouble."""

    def slow_statement(self) -> None:
        """A statement took longer than the setting."""


class _Nobody:
    def database_trouble(self, trouble: str) -> None:
        pass

    def database_retry(self, trouble: str) -> None:
        pass

    def slow_statement(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Way:
    """How a transaction is run."""

    writes: bool
    again_on: frozenset[Trouble] = frozenset()
    longest_seconds: float | None = None


class Database:
    """The school's database. Blocking: call it from a worker thread."""

    def __init__(self, settings: Settings, clock: Clock, onlooker: Onlooker | None = None) -> None:
        self._onlooker = onlooker or _Nobody()
        self.engine: Engine = make_engine(settings)
        self.shapes = QueryShapes(settings.slow_query_seconds)
        watch_queries(self.engine, clock, self.shapes, self._onlooker.slow_statement)
        self.clock = clock
        self.sender = secrets.token_hex(8)  # of this worker, in what it tells the others (S19)
        self._settings = settings
        self._turns = threading.BoundedSemaphore(settings.pool_size + settings.pool_overflow)

    def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` gives in one transaction that only reads. Raises :class:`ProblemError`."""
        return self._tried(work, _Way(writes=False))

    def write(
        self,
        work: Callable[[Connection], T],
        *,
        again_on: frozenset[Trouble] = frozenset(),
        longest_seconds: float | None = None,
    ) -> T:
        """What ``work`` gives in one transaction that is durable when this returns.

        The whole of ``work`` is run again on a fresh transaction when the database is busy, or on a
        trouble of ``again_on``. ``longest_seconds`` is for an operator's long work, instead of the setting.
        Raises :class:`ProblemError`.
        """
        return self._tried(work, _Way(writes=True, again_on=again_on, longest_seconds=longest_seconds))

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()

    def _tried(self, work: Callable[[Connection], T], way: _Way) -> T:
        wanted = way.again_on | {Trouble.BUSY}
        retrying = Retrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, DatabaseError) and error.trouble in wanted
            ),
            stop=stop_after_attempt(self._settings.write_attempts),
            wait=wait_random_exponential(
                multiplier=self._settings.write_retry_base_seconds,
                max=self._settings.write_retry_cap_seconds,
            ),
            before_sleep=self._note_again,
            reraise=True,
        )
        return cast("T", retrying(self._once, work, way))

    def _note_again(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, DatabaseError):
            self._onlooker.database_retry(error.trouble.value)

    def _once(self, work: Callable[[Connection], T], way: _Way) -> T:
        try:
            with self._turn(way), self.engine.connect() as connection:
                left = self._seconds_left(way.longest_seconds)  # without what the wait for the pool has taken
                connection.execution_options(**{WRITES: way.writes, SECONDS_LEFT: left})
                forget_noted(connection)
                with connection.begin():
                    done = work(connection)
                tell_noted(connection, self.sender)
                return done
        except SQLAlchemyError as error:
            raise self._translated(error) from error

    @contextmanager
    def _turn(self, way: _Way) -> Iterator[None]:
        """A place at the pool, waited for no longer than the caller waits: the pool itself knows no deadline.

        Whoever has left would else keep a thread for all of the pool's timeout, just when each is needed.
        """
        left = self._seconds_left(way.longest_seconds)
        if not self._turns.acquire(timeout=min(self._settings.pool_timeout_seconds, left)):
            self._seconds_left(way.longest_seconds)
            raise PoolTimeoutError("No connection came free in time.")
        try:
            yield
        finally:
            self._turns.release()

    def _seconds_left(self, longest_seconds: float | None) -> float:
        """Seconds for the next statement; the deadline is looked at before the work, never after it (R2)."""
        longest = longest_seconds or self._settings.statement_timeout_seconds
        deadline = current_deadline.get()
        if deadline is None:
            return longest
        if deadline.expired:
            raise ProblemError("deadline-exceeded")
        return min(longest, deadline.remaining())

    def _translated(self, error: SQLAlchemyError) -> DatabaseError:
        trouble = trouble_of(error)
        self._onlooker.database_trouble(trouble.value)
        log.warning(
            "database_trouble",
            trouble=trouble.value,
            error_type=type(error).__name__,
            sqlstate=getattr(getattr(error, "orig", None), "sqlstate", None),
            sqlite=getattr(getattr(error, "orig", None), "sqlite_errorname", None),
        )
        wait = str(max(1, round(self._settings.retry_after_seconds)))
        waiting = trouble in {Trouble.BUSY, Trouble.UNAVAILABLE, Trouble.FULL, Trouble.EXHAUSTED}
        return DatabaseError(trouble, {"Retry-After": wait} if waiting else {})
