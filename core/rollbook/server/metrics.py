"""What Prometheus reads (R19). With several workers, the library's shared files add their counts up."""

import os
from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from sqlalchemy.pool import QueuePool

from rollbook.contract.devices import Device
from rollbook.server.database import Database
from rollbook.server.shared_counts import SHARED_FOLDER

_BREAKER_STATES = {"closed": 0, "disabled": 0, "half_open": 1}
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counts of one application; an application has its own, so that tests do not share them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "rollbook_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "rollbook_request_seconds",
            "How long an answer took.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._problems = Counter(
            "rollbook_problems_total", "Problems answered.", ["code", "route"], registry=self._registry
        )
        self._operations = Counter(
            "rollbook_push_operations_total",
            "Pushed operations by outcome and problem.",
            ["outcome", "code"],
            registry=self._registry,
        )
        self._troubles = Counter(
            "rollbook_database_troubles_total",
            "Transactions that ended in trouble, by its kind; those that were tried again too.",
            ["trouble"],
            registry=self._registry,
        )
        self._retries = Counter(
            "rollbook_database_retries_total",
            "Transactions that were run again, by the trouble before.",
            ["trouble"],
            registry=self._registry,
        )
        self._slow_statements = Counter(
            "rollbook_slow_statements_total", "Statements over slow_query_seconds.", registry=self._registry
        )
        self._outside = Counter(
            "rollbook_outside_calls_total",
            "Questions to outside services, by how they ended.",
            ["service", "outcome"],
            registry=self._registry,
        )
        self._breakers = Gauge(
            "rollbook_breaker_state",
            "Of the breaker before a service: 0 closed, 1 trying, 2 open; the worst of all workers.",
            ["name"],
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        self._pool = Gauge(
            "rollbook_database_connections",
            "Connections of the pool, of all workers.",
            ["state"],
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def request(self, method: str, route: str, status: int, seconds: float | None, error: str) -> None:
        """Count one request that took ``seconds``, if that is known; ``error`` is its problem's code."""
        self._requests.labels(method, route, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(method, route).observe(seconds)
        if error:
            self._problems.labels(error, route).inc()

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

    def breaker(self, name: str, state: str) -> None:
        """Note the state of a breaker, by its word."""
        self._breakers.labels(name).set(_BREAKER_STATES.get(state, 2))

    def page(
        self, database: Database, heads: dict[str, int], desks: Sequence[Device], *, by_school: bool
    ) -> bytes:
        """The page in Prometheus' text form.

        ``heads`` are the feeds' heads by school; told for each ``by_school``, else added up. ``desks`` are of
        all schools, and told together.
        """
        self._note_pool(database)
        shared = os.environ.get(SHARED_FOLDER)
        registry = self._registry
        if shared:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + _feed_lines(heads, by_school) + _desk_lines(desks)

    def _note_pool(self, database: Database) -> None:
        pool = database.engine.pool
        if isinstance(pool, QueuePool):
            self._pool.labels("in_use").set(pool.checkedout())
            self._pool.labels("idle").set(pool.checkedin())
            self._pool.labels("overflow").set(max(0, pool.overflow()))


def _feed_lines(heads: dict[str, int], by_school: bool) -> bytes:
    # Read from the database at each scrape: a gauge kept by one worker would be out of date in another.
    told = [f'rollbook_feed_head{{school="{school}"}} {head}' for school, head in sorted(heads.items())]
    lines = [
        "# HELP rollbook_feed_head Changes in the feed of a school, or of all.",
        "# TYPE rollbook_feed_head gauge",
        *(told if by_school else [f"rollbook_feed_head {sum(heads.values())}"]),
    ]
    return ("\n".join(lines) + "\n").encode()


def _desk_lines(desks: Sequence[Device]) -> bytes:
    stuck = sum(1 for desk in desks if desk.why)
    entries = {
        name: sum(getattr(desk.report, name) for desk in desks) for name in ("waiting", "parked", "conflicts")
    }
    oldest = max(
        (desk.report.oldest_seconds + desk.silent_seconds for desk in desks if _has(desk)), default=0
    )
    lines = [
        "# HELP rollbook_desks Computers by whether they are stuck.",
        "# TYPE rollbook_desks gauge",
        f'rollbook_desks{{state="stuck"}} {stuck}',
        f'rollbook_desks{{state="well"}} {len(desks) - stuck}',
        "# HELP rollbook_desk_entries Entries that computers last said the school does not have.",
        "# TYPE rollbook_desk_entries gauge",
        *(f'rollbook_desk_entries{{state="{name}"}} {count}' for name, count in entries.items()),
        "# HELP rollbook_desk_oldest_entry_seconds Age of the oldest of them.",
        "# TYPE rollbook_desk_oldest_entry_seconds gauge",
        f"rollbook_desk_oldest_entry_seconds {oldest}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _has(desk: Device) -> bool:
    return desk.report.waiting + desk.report.parked + desk.report.conflicts > 0
