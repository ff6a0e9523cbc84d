"""What this machine can do at most, so that every figure has something to stand beside."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import httpx


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


def sqlite_commits(folder: Path) -> float:
    """One-row transactions of bare SQLite, WAL and FULL, a second."""
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (a TEXT)")
    found = rate(lambda: connection.execute("INSERT INTO t VALUES ('x')"), 1_000)
    connection.close()
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
