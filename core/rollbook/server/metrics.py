"""What Prometheus reads (R19). With several workers, the library's shared files add their counts up.

Labels are of few values each: methods, templates of routes, codes and our own words.
"""

import os
import threading

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.registry import Collector

from rollbook.contract.diagnostics import BreakerState, BulkheadState, PoolState
from rollbook.contract.problems import PROBLEM_TYPES
from rollbook.server.database_errors import Trouble
from rollbook.server.shared_counts import SHARED_FOLDER

_BREAKER_STATES = {"closed": 0, "disabled": 0, "half_open": 1}
_FAILURES = frozenset(code for code, row in PROBLEM_TYPES.items() if row.status >= 500)
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counts of one application; an application has its own, so that tests do not share them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._count_requests()
        self._count_database()
        self._count_others()
        self._show_this_worker()
        self._lock = threading.Lock()
        self._rejected_before: dict[str, int] = {}

    def _count_requests(self) -> None:
        self._requests = self._counter("requests", "Requests answered.", "method", "route", "status")
        self._seconds = Histogram(
            "rollbook_request_seconds",
            "How long an answer took.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._problems = self._counter("problems", "Problems answered.", "code", "route")
        self._failures = self._counter("failures", "Problems answered that are the server's own.", "code")
        # From 0 on: what Prometheus first sees at 1 has not risen for it, and no rule would fire.
        for code in _FAILURES:
            self._failures.labels(code)
        self._operations = self._counter(
            "push_operations", "Pushed operations by outcome and problem.", "outcome", "code"
        )

    def _count_database(self) -> None:
        self._troubles = self._counter(
            "database_troubles",
            "Transactions that ended in trouble, by its kind; those that were run again too.",
            "trouble",
        )
        self._retries = self._counter(
            "database_retries", "Transactions that were run again, by the trouble before.", "trouble"
        )
        for trouble in Trouble:
            self._troubles.labels(trouble.value)
            self._retries.labels(trouble.value)
        self._slow_statements = self._counter(
            "slow_statements", "Statements that took longer than the setting slow_query_seconds."
        )

    def _count_others(self) -> None:
        self._outside = self._counter(
            "outside_calls", "Questions to outside services, by how they ended.", "service", "outcome"
        )
        self._rejected = self._counter(
            "bulkhead_rejected", "Work that was turned away since its room was full.", "name"
        )

        self._alerts = self._counter("alerts", "Messages of critical errors, by how they ended.", "outcome")
        for outcome in ("sent", "failed", "dropped"):
            self._alerts.labels(outcome)

    def _show_this_worker(self) -> None:
        """What is shown of now: each worker says it of itself, and forgets it when it dies."""
        self._breakers = self._gauge(
            "breaker_state",
            "Of the breaker before a service: 0 closed, 1 trying, 2 open; the worst of all workers.",
            "livemax",
            "name",
        )
        self._pool = self._gauge(
            "database_connections", "Connections of the pool, of all workers.", "livesum", "state"
        )
        self._pool_most = self._gauge(
            "database_connections_most", "Connections that all workers may have in use at once.", "livesum"
        )
        self._inside = self._gauge(
            "bulkhead_inside", "Work that runs or waits in a room, of all workers.", "livesum", "name"
        )
        self._room = self._gauge(
            "bulkhead_room", "How much may run or wait in a room, of all workers.", "livesum", "name"
        )
        self._workers = self._gauge("workers", "Processes that serve.", "livesum")

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"rollbook_{name}_total", words, labels, registry=self._registry)

    def _gauge(self, name: str, words: str, mode: str, *labels: str) -> Gauge:
        return Gauge(
            f"rollbook_{name}",
            words,
            labels,
            registry=self._registry,
            multiprocess_mode=mode,  # type: ignore[arg-type]
        )

    def request(self, method: str, route: str, status: int, seconds: float | None, error: str) -> None:
        """Count one request that took ``seconds``, if that is known; ``error`` is its problem's code."""
        self._requests.labels(method, route, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(method, route).observe(seconds)
        if error:
            self._problems.labels(error, route).inc()
            if error in _FAILURES:
                self._failures.labels(error).inc()

    def operations(self, outcome: str, code: str, count: int) -> None:
        """Count pushed operations that ended alike."""
        self._operations.labels(outcome, code).inc(count)

    def database_trouble(self, trouble: str) -> None:
        """Count a transaction that ended in ``trouble``."""
        self._troubles.labels(trouble).inc()

    def database_retry(self, trouble: str) -> None:
        """Count a transaction that is run again after ``trouble``."""
        self._retries.labels(trouble).inc()

    def slow_statement(self) -> None:
        """Count a statement that was slow."""
        self._slow_statements.inc()

    def outside(self, service: str, outcome: str) -> None:
        """Count a question to an outside service; ``outcome`` is ``ok`` or a failure's code."""
        self._outside.labels(service, outcome).inc()

    def alert(self, outcome: str) -> None:
        """Count a message to people: ``sent``, ``failed`` (it is tried again) or ``dropped``."""
        self._alerts.labels(outcome).inc()

    def breaker(self, name: str, state: str) -> None:
        """Note the state of a breaker, by its word."""
        self._breakers.labels(name).set(_BREAKER_STATES.get(state, 2))

    def worker(self, pool: PoolState, breakers: list[BreakerState], bulkheads: list[BulkheadState]) -> None:
        """Note how this worker is now. What was turned away since the last time is counted."""
        self._workers.set(1)
        for state in ("in_use", "idle", "overflow"):
            self._pool.labels(state).set(getattr(pool, state))
        self._pool_most.set(pool.most)
        for breaker in breakers:
            self.breaker(breaker.name, breaker.state)
        for bulkhead in bulkheads:
            self._inside.labels(bulkhead.name).set(bulkhead.inside)
            self._room.labels(bulkhead.name).set(bulkhead.room)
            with self._lock:
                before = self._rejected_before.get(bulkhead.name, 0)
                self._rejected_before[bulkhead.name] = bulkhead.rejected
            self._rejected.labels(bulkhead.name).inc(max(0, bulkhead.rejected - before))

    def page(self, beside: Collector) -> bytes:
        """The page in Prometheus' text form: what all workers counted, and what is read ``beside`` it."""
        shared = os.environ.get(SHARED_FOLDER)
        counted = self._registry
        if shared:
            counted = CollectorRegistry()
            multiprocess.MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        read = CollectorRegistry()
        read.register(beside)
        return generate_latest(counted) + generate_latest(read)
