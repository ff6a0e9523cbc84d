"""What the server does on a PostgreSQL whose commits reach the disk: pushes, and many writers (S17)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from sqlalchemy import URL

from benchmarks import limits, writers
from benchmarks.figures import Figure
from rollbook.domain.clock import SystemClock
from rollbook.server.database import Database
from rollbook.server.migrating import migrate
from support import postgres
from support.school_server import SchoolServer, settings_for

_BATCH = 500


def pushes(folder: Path, count: int) -> Iterator[Figure]:
    """Creates, then updates, in batches of 500; then one operation a push."""
    with _school(folder) as (school, url):
        commits = limits.postgres_commits(url)
        yield Figure("limit: bare PostgreSQL commits", commits, "a second")
        desk = school.desk()
        creates = [desk.create(given_name=f"Student {number}") for number in range(count)]
        updates = [desk.update(each.entity_id, 1, phone=(None, "210 1")) for each in creates]
        singles = [desk.update(each.entity_id, 2, phone=("210 1", "210 2")) for each in creates[:200]]
        for name, operations, size in (
            ("PostgreSQL: creates in batches of 500", creates, _BATCH),
            ("PostgreSQL: updates in batches of 500", updates, _BATCH),
            ("PostgreSQL: one update a push", singles, 1),
        ):
            began = time.perf_counter()
            for start in range(0, len(operations), size):
                desk.push(*operations[start : start + size])
            rate = len(operations) / (time.perf_counter() - began)
            yield Figure(name, rate, "a second", commits, "bare commits")


def writing(folder: Path, changes: int) -> Iterator[Figure]:
    """The course of S17; the faults must be none."""
    with _school(folder) as (school, url):
        commits = limits.postgres_commits(url)
        yield Figure("limit: bare PostgreSQL commits", commits, "a second")
        course = writers.run(school, changes=changes)
        faults = course.faults()
        yield Figure("changes by 16 writers", len(course.written), "in all")
        yield Figure("the same", len(course.written) / course.seconds, "a second", commits, "bare commits")
        for number, rows in enumerate(course.seen, 1):
            yield Figure(f"seen by reader {number}", len(rows), "changes")
        yield Figure("transactions held open meanwhile", course.held_open, "in all")
        yield Figure("faults: missed, doubled, out of order", len(faults), "in all")
        assert not faults, faults[:10]


@contextmanager
def _school(folder: Path) -> Iterator[tuple[SchoolServer, URL]]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with postgres.superuser_url(durable=True) as superuser:
        url = postgres.make_database(superuser, "rollbook_bench")
        place = url.render_as_string(hide_password=False)
        database = Database(settings_for(place, folder), SystemClock())
        migrate(database)
        database.close()
        school = SchoolServer(place, folder, pool_size=30, pool_timeout_seconds=60.0, write_attempts=20)
        try:
            yield school, url
        finally:
            school.close()
