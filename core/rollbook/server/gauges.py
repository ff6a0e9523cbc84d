"""How this worker is now: its pool, breakers and rooms, for the diagnostics and the metrics (R13, R19)."""

from sqlalchemy.pool import QueuePool

from rollbook.contract.diagnostics import BreakerState, BulkheadState, PoolState
from rollbook.server.parts import Parts


def note_gauges(parts: Parts) -> None:
    """Tell the metrics how this worker is now, and forget what the dead said of themselves.

    To be called now and then in each worker, whichever of them is asked for the metrics.
    """
    parts.workers.bury()
    parts.metrics.worker(pool_of(parts), breakers_of(parts), bulkheads_of(parts))


def pool_of(parts: Parts) -> PoolState:
    """The pool's connections."""
    pool = parts.database.engine.pool
    assert isinstance(pool, QueuePool)
    settings = parts.settings
    return PoolState(
        in_use=pool.checkedout(),
        idle=pool.checkedin(),
        overflow=max(0, pool.overflow()),
        most=settings.pool_size + settings.pool_overflow,
        wait_seconds=settings.pool_timeout_seconds,
    )


def breakers_of(parts: Parts) -> list[BreakerState]:
    """The breakers before outside services."""
    return [BreakerState(each.name, each.state.value, each.retry_in()) for each in (parts.weather.breaker,)]


def bulkheads_of(parts: Parts) -> list[BulkheadState]:
    """The rooms of outside calls and of reports."""
    outside, reports = parts.weather.bulkhead, parts.jobs.runner.bulkhead
    return [
        BulkheadState(outside.name, outside.running + outside.waiting, outside.room, outside.rejected),
        BulkheadState(reports.name, reports.inside, reports.room, reports.rejected),
    ]
