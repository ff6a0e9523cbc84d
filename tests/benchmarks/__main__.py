"""`dev.py bench`: first pull, search, saves, replay and live, each beside a limit of the same run."""

import argparse
import asyncio
import gc
import resource
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import limits
from benchmarks.figures import Figure, milliseconds
from rollbook.client.facade import Client
from rollbook.client.opening import connect, open_client
from rollbook.client.settings import load_settings
from rollbook.client.values import Edit, RecordQuery, Status
from support.server_process import ServerProcess

_SETTINGS = {"ROLLBOOK_KEYRING": "0"}
_DEMO_PASSWORD = "rollbook-demo"
_SEARCHES = ("p", "pa", "pap", "papadopoulos", "maria pap", "zzyzx", "000123")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument("--students", type=int, default=100_000)
    parser.add_argument("--saves", type=int, default=1_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rollbook-bench-") as folder:
        for figure in _measure(Path(folder), given.students, given.saves):
            print(figure.line(), flush=True)
    return 0


def _measure(folder: Path, students: int, saves: int):  # type: ignore[no-untyped-def]
    commits, rows = limits.sqlite_commits(folder), limits.sqlite_rows(folder)
    yield Figure("limit: fsync of 4 KiB", limits.fsyncs(folder), "a second")
    yield Figure("limit: bare SQLite commits, FULL", commits, "a second")
    yield Figure("limit: bare SQLite rows of 20 columns", rows, "a second")
    server = ServerProcess(folder / "server")
    began = time.perf_counter()
    server.command("make-demo", "--students", str(students), "--seed", "1")
    made = students / (time.perf_counter() - began)
    yield Figure("make-demo", made, "students a second", rows, "bare SQLite rows")
    with server:
        bare = limits.loopback_requests(server.url)
        yield Figure("limit: loopback requests, one connection", bare, "a second")
        one = _connected(folder / "one", server)
        yield from _first_pull(one, students, rows)
        yield from _reading(one, students)
        other = _connected(folder / "other", server)
        asyncio.run(_synced(other))
        yield from _writing(one, other, saves, commits, bare)
        one.close()
        other.close()


def _connected(data: Path, server: ServerProcess) -> Client:
    settings = load_settings(data, _SETTINGS)
    asyncio.run(connect(data, server.url, "registrar", _DEMO_PASSWORD, settings=settings))
    return open_client(data, settings=settings)


async def _synced(client: Client) -> Status:
    try:
        return await client.sync_once()
    finally:
        await client.aclose()


def _resident() -> float:
    """Peak memory of this process, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _first_pull(client: Client, students: int, rows: float):  # type: ignore[no-untyped-def]
    gc.collect()
    before = _resident()
    began = time.perf_counter()
    status = asyncio.run(_synced(client))
    took = time.perf_counter() - began
    assert status.up_to_date
    assert status.records == students
    yield Figure("first pull", took, "seconds")
    yield Figure("first pull", students / took, "students a second", rows, "bare SQLite rows")
    yield Figure("memory at most, this process", _resident(), "MiB")
    yield Figure("memory gained by the first pull", _resident() - before, "MiB")


def _reading(client: Client, students: int):  # type: ignore[no-untyped-def]
    with sqlite3.connect(client.account.store) as bare:
        like = milliseconds(
            lambda: bare.execute(
                "SELECT id FROM student WHERE search_text LIKE '% papadopoulos%' LIMIT 200"
            ).fetchall()
        )[0]
    yield Figure("limit: bare SQLite LIKE over all", like, "ms")
    for text in _SEARCHES:
        median, p95 = milliseconds(lambda: client.records(RecordQuery(text=text)))  # noqa: B023
        found = client.records(RecordQuery(text=text)).total
        yield Figure(f"search “{text}” ({found:,} found), median", median, "ms", like, "bare LIKE")
        yield Figure(f"search “{text}”, p95", p95, "ms")
    yield Figure("open the list, median", milliseconds(lambda: client.records(RecordQuery()))[0], "ms")
    for sort in ("student_number", "grade_level", "birth_date"):
        query = RecordQuery(sort=sort)
        yield Figure(f"sort by {sort}, median", milliseconds(lambda: client.records(query))[0], "ms")  # noqa: B023


def _writing(one: Client, other: Client, saves: int, commits: float, bare: float):  # type: ignore[no-untyped-def]
    rows = one.records(RecordQuery(limit=saves)).rows
    began = time.perf_counter()
    for row in rows:
        one.save(Edit("student", row.id, {"phone": "210 0000001"}))
    yield Figure(
        "durable saves", len(rows) / (time.perf_counter() - began), "a second", commits, "bare commits"
    )
    began = time.perf_counter()
    assert asyncio.run(_synced(one)).up_to_date
    replayed = len(rows) / (time.perf_counter() - began)
    yield Figure("replay, with its pull", replayed, "operations a second", bare, "bare requests")
    asyncio.run(_synced(other))
    for row in rows[:100]:
        one.save(Edit("student", row.id, {"phone": "210 0000002"}))
    asyncio.run(_synced(one))
    began = time.perf_counter()
    asyncio.run(_synced(other))
    yield Figure("incremental pull of 100", (time.perf_counter() - began) * 1000, "ms")
    yield Figure("edit on A visible on B, median of 9", asyncio.run(_live(one, other)), "ms")


async def _live(one: Client, other: Client) -> float:
    engines = [asyncio.create_task(client.run()) for client in (one, other)]
    await asyncio.sleep(3)
    row = one.records(RecordQuery(limit=1)).rows[0]
    found = []
    for number in range(9):
        phone = f"210 {number}"
        began = time.perf_counter()
        await asyncio.to_thread(one.save, Edit("student", row.id, {"phone": phone}))
        while other.record("student", row.id).values["phone"] != phone:  # type: ignore[union-attr]
            await asyncio.sleep(0.002)
        found.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.2)
    for engine in engines:
        engine.cancel()
    await asyncio.gather(*engines, return_exceptions=True)
    await asyncio.gather(one.aclose(), other.aclose())
    return sorted(found)[len(found) // 2]


if __name__ == "__main__":
    sys.exit(main())
