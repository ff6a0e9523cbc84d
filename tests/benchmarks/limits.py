"""What this machine can do at most, so that every figure has something to stand beside."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx
from sqlalchemy import URL, create_engine, text


def rate(work: Callable[[], object], times: int) -> float:
    """How often a second ``work`` is done, over ``times`` runs."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return times / (time.perf_counter() - began)


def fsyncs(folder: Path) -> float:
    """Appends of 4 KiB, each forced to the disk, a second."""
    with (folder / "fsync").open("wb", buffering=0) as file:

        def one() -> None:
            file.write(b"x" * 4096)
            os.fsync(file.fileno())

        return rate(one, 300)


class BareCommits:
    """One-row transactions of bare SQLite, WAL and FULL, in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE t (a TEXT)")

    def seconds_for(self, commits: int) -> float:
        """Make so many; the seconds that they took."""
        return commits / rate(lambda: self._connection.execute("INSERT INTO t VALUES ('x')"), commits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()


def postgres_commits(url: URL, times: int = 300) -> float:
    """One-row transactions of bare PostgreSQL over one connection, a second."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE bare (a TEXT)"))
        insert = text("INSERT INTO bare VALUES ('x')")
        found = rate(lambda: connection.execute(insert), times)
    engine.dispose()
    return found


def sqlite_rows(folder: Path, rows: int = 100_000) -> float:
    """Rows of 20 columns inserted by bare SQLite in one transaction, a second."""
    connection = sqlite3.connect(folder / "rows.sqlite3", isolation_level=None)
    connection.execute(f"CREATE TABLE t ({', '.join(f'c{number}' for number in range(20))})")
    began = time.perf_counter()
    connection.execute("BEGIN")
    marks = ", ".join("?" * 20)
    connection.executemany(f"INSERT INTO t VALUES ({marks})", (("value",) * 20 for _ in range(rows)))
    connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return rows / took


def loopback_requests(url: str) -> float:
    """Bare requests to the server over one connection, a second."""
    with httpx.Client() as client:
        return rate(lambda: client.get(f"{url}/healthz"), 300)
