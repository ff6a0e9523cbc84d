"""`dev.py bench`: first pull, search, saves, replay, live, and resilience, each beside a limit of its run."""

import argparse
import asyncio
import gc
import itertools
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import imports, limits, on_postgres, packages, resilience_overhead
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
    parser.add_argument("--students", type=int, default=100_000, help="of the school that is pulled")
    parser.add_argument("--saves", type=int, default=1_000, help="durable saves, one by one")
    parser.add_argument("--replayed", type=int, default=10_000, help="entries sent at once")
    parser.add_argument("--pushed", type=int, default=5_000, help="operations pushed to PostgreSQL")
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--writers", type=int, metavar="CHANGES", help="only: 16 writers and 4 readers on PostgreSQL (S17)"
    )
    only.add_argument(
        "--overhead",
        action="store_true",
        help="only: what breaker and retry cost a call, beside other libraries",
    )
    only.add_argument("--package", type=int, metavar="ROWS", help="only: a package of files in and out (D9)")
    only.add_argument(
        "--imported", type=int, metavar="ROWS", help="only: a list of students in and undone (D9)"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rollbook-bench-") as name:
        for figure in _chosen(Path(name), given):
            print(figure.line(), flush=True)
    return 0


def _chosen(folder: Path, given: argparse.Namespace) -> Iterator[Figure]:
    """The one part that is asked for, or all but the writers."""
    if given.writers:
        return on_postgres.writing(folder, given.writers)
    if given.imported:
        return imports.figures(folder, given.imported, _resident)
    if given.package:
        return packages.figures(folder, given.package, _resident)
    if given.overhead:
        return resilience_overhead.figures()
    pushes = on_postgres.pushes(folder, given.pushed)
    whole = packages.figures(folder / "package", 20_000, _resident)
    lists = imports.figures(folder / "list", 10_000, _resident)
    return itertools.chain(_measure(folder, given), pushes, whole, lists, resilience_overhead.figures())


def _measure(folder: Path, given: argparse.Namespace) -> Iterator[Figure]:
    students: int = given.students
    rows = limits.sqlite_rows(folder)
    yield Figure("limit: fsync of 4 KiB", limits.fsyncs(folder), "a second")
    yield Figure("limit: bare SQLite rows of 20 columns", rows, "a second")
    server = ServerProcess(folder / "server", fresh=True)
    began = time.perf_counter()
    server.command("make-demo", "--students", str(students), "--seed", "1", "--only-students")
    made = students / (time.perf_counter() - began)
    yield Figure("make-demo", made, "students a second", rows, "bare SQLite rows")
    with server:
        one = _connected(folder / "one", server)
        yield from _first_pull(one, students, rows)
        yield from _reading(one, students)
        other = _connected(folder / "other", server)
        asyncio.run(_synced(other))
        yield from _saving(one, given.saves, folder)
        yield from _replaying(one, given.replayed, server, rows)
        yield from _following(one, other)
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


def _first_pull(client: Client, students: int, rows: float) -> Iterator[Figure]:
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


def _reading(client: Client, students: int) -> Iterator[Figure]:
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


def _saving(client: Client, saves: int, folder: Path) -> Iterator[Figure]:
    """Saves and bare commits by turns, so that what else the machine does falls on both alike."""
    ids = [row.id for row in client.records(RecordQuery(limit=saves)).rows]
    bare, ours, turn = 0.0, 0.0, 50
    with limits.BareCommits(folder) as commits:
        for start in range(0, len(ids), turn):
            some = ids[start : start + turn]
            bare += commits.seconds_for(len(some))
            began = time.perf_counter()
            for record in some:
                client.save(Edit("student", record, {"phone": "210 0000001"}))
            ours += time.perf_counter() - began
    limit = len(ids) / bare
    yield Figure("limit: bare SQLite commits, FULL", limit, "a second")
    yield Figure("durable saves", len(ids) / ours, "a second", limit, "bare commits")
    asyncio.run(_synced(client))


def _replaying(client: Client, count: int, server: ServerProcess, rows: float) -> Iterator[Figure]:
    requests = limits.loopback_requests(server.url)
    yield Figure("limit: loopback requests, one connection", requests, "a second")
    found = client.records(RecordQuery(limit=count)).rows
    edits = [Edit("student", row.id, {"homeroom": "9X"}) for row in found]
    began = time.perf_counter()
    client.save_many(edits, client.new_run())
    stored = len(edits) / (time.perf_counter() - began)
    yield Figure(f"{len(edits):,} edits of one run stored", stored, "a second", rows, "bare SQLite rows")
    waiting = client.status().queued
    began = time.perf_counter()
    assert asyncio.run(_synced(client)).up_to_date
    replayed = waiting / (time.perf_counter() - began)
    name = f"replay of {waiting:,} single-record operations"
    yield Figure(name, replayed, "a second", requests, "bare requests")
    yield Figure("the same, beside bare SQLite", replayed, "a second", rows, "bare SQLite rows")


def _following(one: Client, other: Client) -> Iterator[Figure]:
    asyncio.run(_synced(other))
    for row in one.records(RecordQuery(limit=100)).rows:
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
