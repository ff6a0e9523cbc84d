"""A list of students in and undone (D9): what a second holds, and the memory that the plan needs."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import limits
from benchmarks.figures import Figure
from rollbook.client.importing import dry_run, take_in
from rollbook.client.opening import open_client
from rollbook.client.settings import load_settings
from support.desk import connected_here

_HEADINGS = "Student number,Family name,Given name,Birth date,Sex,Grade level,Homeroom,Email,Address"


def figures(folder: Path, rows: int, resident: Callable[[], float]) -> Iterator[Figure]:
    """So many new students: checked, stored, found unchanged, undone."""
    folder.mkdir(exist_ok=True)
    bare = limits.sqlite_rows(folder)
    yield Figure("limit: bare SQLite rows of 20 columns", bare, "a second")
    connected_here(folder / "desk")
    client = open_client(folder / "desk", settings=load_settings(folder / "desk", {"ROLLBOOK_KEYRING": "0"}))
    file = _list(folder / "list.csv", rows)
    before = resident()
    began = time.perf_counter()
    checked = dry_run(client, file)
    size = file.stat().st_size / (1024 * 1024)
    yield _rate(f"dry run of {rows:,} new students", rows, began, bare)
    yield Figure(f"memory gained by it, of a file of {size:.0f} MiB", resident() - before, "MiB")
    began = time.perf_counter()
    done = take_in(client, checked)
    yield _rate("the same stored as entries", rows, began, bare)
    began = time.perf_counter()
    assert dry_run(client, file).plan.counts["same"] == rows  # type: ignore[index]
    yield _rate("dry run where nothing changes", rows, began, bare)
    began = time.perf_counter()
    client.runs.existing(done.run)
    yield Figure("where all rows are now, counted", (time.perf_counter() - began) * 1000, "ms")
    began = time.perf_counter()
    client.runs.undo(done.run)
    yield _rate("the whole undone, unsent", rows, began, bare)
    yield Figure("memory at most, this process", resident(), "MiB")
    client.close()


def _rate(name: str, rows: int, began: float, bare: float) -> Figure:
    return Figure(name, rows / (time.perf_counter() - began), "rows a second", bare, "bare SQLite rows")


def _list(file: Path, rows: int) -> Path:
    """About 110 bytes a row."""
    with file.open("w", encoding="utf-8") as text:
        text.write(
            "Student number,Family name,Given name,Birth date,Sex,Grade level,Homeroom,Email,Address\n"
        )
        for number in range(rows):
            day = f"2012-{number % 12 + 1:02}-{number % 28 + 1:02}"
            text.write(
                f"{number:07},Papadopoulou-{number},Eleni {number % 97},{day},female,09,{number % 40}A,"
                f"student{number}@school.example.org,{number} Harbour Street\n"
            )
    return file
