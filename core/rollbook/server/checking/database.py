"""The database server: its version, its connections, its clock, and whether its commits are durable."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from rollbook.domain.clock import Clock
from rollbook.server.checking import Finding, problem, warning
from rollbook.server.settings import Settings

OLDEST_MAJOR = 13
_MOST_SKEW_SECONDS = 2.0
_OF_ONE_WORKER_BESIDE_THE_POOL = 1  # it listens for what the other workers commit


def of_database(connection: Connection, settings: Settings, clock: Clock) -> Iterator[Finding]:
    """What is wrong with the database server. Of SQLite, only the durability is looked at."""
    if connection.dialect.name == "sqlite":
        yield from _sqlite_durability(connection)
        return
    yield from of_version(int(_setting(connection, "server_version_num")))
    yield from _durability(connection)
    yield from _budget(connection, settings)
    yield from _skew(connection, clock)


def of_version(number: int) -> Iterator[Finding]:
    """``number`` as ``server_version_num`` gives it."""
    major = number // 10_000
    if major < OLDEST_MAJOR:
        yield problem(
            "postgresql-too-old",
            f"PostgreSQL {major} is too old: Rollbook needs {OLDEST_MAJOR} or later. Upgrade it.",
        )


def _sqlite_durability(connection: Connection) -> Iterator[Finding]:
    mode = connection.execute(text("PRAGMA journal_mode")).scalar()
    full = connection.execute(text("PRAGMA synchronous")).scalar()
    if mode != "wal" or full != 2:
        yield problem(
            "not-durable",
            "SQLite does not keep its write-ahead log safely: put the file on a local disk.",
        )


def _durability(connection: Connection) -> Iterator[Finding]:
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        if _setting(connection, name) == "off":
            yield problem(
                "not-durable", f"PostgreSQL's {name} is off: a power cut could lose entries. Turn it on."
            )


def _budget(connection: Connection, settings: Settings) -> Iterator[Finding]:
    of_each = settings.pool_size + settings.pool_overflow + _OF_ONE_WORKER_BESIDE_THE_POOL
    needed = settings.workers * of_each
    most = int(_setting(connection, "max_connections"))
    reserved = int(_setting(connection, "superuser_reserved_connections"))
    if needed > most - reserved:
        yield problem(
            "too-many-connections",
            f"{settings.workers} workers with up to {of_each} connections each may need {needed}, and "
            f"PostgreSQL gives {most - reserved} (max_connections {most}, {reserved} of them reserved): set "
            "pool_size, pool_overflow or workers lower, or max_connections higher.",
        )


def _skew(connection: Connection, clock: Clock) -> Iterator[Finding]:
    before = clock.now().timestamp()
    theirs = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    after = clock.now().timestamp()
    apart = max(before - theirs, theirs - after)
    if apart > _MOST_SKEW_SECONDS:
        yield warning(
            "clocks-apart",
            f"The clock of this computer and that of the database are {apart:,.0f} seconds apart: times that "
            "people are shown will be wrong. Let both follow a time server (NTP).",
        )


def _setting(connection: Connection, name: str) -> str:
    return str(connection.execute(text(f"SHOW {name}")).scalar_one())
