"""What those who may diagnose see of a server (R14): figures and shapes of statements, never a value."""

import msgspec

from rollbook.contract.dashboard import DashboardPart


class Worker(msgspec.Struct, frozen=True):
    """The process that answered, of ``workers`` that serve. What it counts itself is its own alone."""

    pid: int
    started_at: str
    workers: int


class SlowQuery(msgspec.Struct, frozen=True):
    """Statements of one shape. ``count`` is of all, the times are of the latest ``sampled`` of them.

    ``failed`` of them were ended by an error, a time limit included; ``slow`` took as long as the threshold.
    """

    id: str
    statement: str
    count: int
    failed: int
    slow: int
    sampled: int
    p50_ms: float
    p95_ms: float
    max_ms: float


class SlowQueries(msgspec.Struct, frozen=True):
    """The shapes of which one took as long as the threshold, the slowest first.

    ``forgotten`` shapes were let go of, since only so many are kept.
    """

    worker: Worker
    threshold_ms: float
    queries: list[SlowQuery]
    forgotten: int


class QueryPlan(msgspec.Struct, frozen=True):
    """How the database would go about a statement whose values it does not know.

    ``plan`` is empty where it does not say, and ``note`` says why.
    """

    worker: Worker
    id: str
    statement: str
    plan: list[str]
    note: str = ""


class PoolState(msgspec.Struct, frozen=True):
    """This worker's connections to the database; at most ``most`` at once."""

    in_use: int
    idle: int
    overflow: int
    most: int
    wait_seconds: float


class BreakerState(msgspec.Struct, frozen=True):
    """A breaker of this worker. ``retry_in_seconds`` is only of one that opened by itself."""

    name: str
    state: str
    retry_in_seconds: float | None = None


class BulkheadState(msgspec.Struct, frozen=True):
    """A bulkhead of this worker: how much is ``inside`` of its ``room``, what it has turned away so far."""

    name: str
    inside: int
    room: int
    rejected: int


class Diagnostics(msgspec.Struct, frozen=True):
    """The state of a server. Jobs and feeds are of the schools in which the asker may look."""

    worker: Worker
    pool: PoolState
    breakers: list[BreakerState]
    bulkheads: list[BulkheadState]
    jobs: DashboardPart
    feed: DashboardPart
