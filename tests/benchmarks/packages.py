"""A whole package in and out of a computer (D9, D13), beside what reading its rows bare takes."""

import csv
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figures import Figure
from rollbook.client.exporting import export_oneroster
from rollbook.client.importing import dry_run, take_in
from rollbook.client.opening import open_client
from rollbook.client.settings import load_settings
from support.desk import connected_here
from support.packages import texts, zipped

_OF_STUDENT = 9
"""Rows of the package for each student: the user, the birth date, the classes that they are in."""


def figures(folder: Path, rows: int, resident: Callable[[], float]) -> Iterator[Figure]:
    """Made-up users and enrolments, about ``rows`` of them: read, stored, read again, written."""
    folder.mkdir(exist_ok=True)
    file = zipped(folder / "package.zip", texts(_made_up(rows // _OF_STUDENT)))
    bare = _bare(file)
    yield Figure("limit: bare csv rows of the package", bare, "a second")
    connected_here(folder / "desk")
    client = open_client(folder / "desk", settings=load_settings(folder / "desk", {"ROLLBOOK_KEYRING": "0"}))
    before = resident()
    began = time.perf_counter()
    checked = dry_run(client, file)
    count = sum(len(part.rows) for part in checked.plan.parts)  # type: ignore[union-attr]
    yield _rate(f"dry run of {count:,} rows", count, began, bare)
    yield Figure("memory gained by the dry run", resident() - before, "MiB")
    began = time.perf_counter()
    take_in(client, checked)
    yield _rate("the same stored as entries", count, began, bare)
    began = time.perf_counter()
    again = dry_run(client, file)
    assert not any(tuple(part.to_write()) for part in again.plan.parts)  # type: ignore[union-attr]
    yield _rate("dry run where nothing changes", count, began, bare)
    began = time.perf_counter()
    done = export_oneroster(client, folder / "out.zip")
    yield _rate("the school written as OneRoster 1.2", sum(done.rows.values()), began, bare)
    yield Figure("memory at most, this process", resident(), "MiB")
    client.close()


def _rate(name: str, rows: int, began: float, bare: float) -> Figure:
    return Figure(name, rows / (time.perf_counter() - began), "rows a second", bare, "bare csv rows")


def _bare(file: Path) -> float:
    began, count = time.perf_counter(), 0
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            with archive.open(name) as stream:
                count += sum(1 for _row in csv.reader(io.TextIOWrapper(stream, "utf-8", newline="")))
    return count / (time.perf_counter() - began)


def _made_up(students: int) -> dict[str, list[str]]:
    classes = max(students // 25, 7)
    everyone = range(students)
    return {
        "orgs": ["org,,,Harbour School,school,,"],
        "academicSessions": ["y1,,,2026/27,schoolYear,2026-09-01,2027-06-30,,2027"],
        "courses": ["co,,,y1,Mathematics,M,9,org,Maths"],
        "classes": [f"c{each},,,Class {each},co,scheduled,org,y1" for each in range(classes)],
        "users": [f"s{each},,,true,org,student,u{each},Ana,F{each},{each:06},,,,,09," for each in everyone],
        "demographics": [f"s{each},,,2012-03-{each % 28 + 1:02},female" for each in everyone],
        "enrollments": [
            f"e{each}-{turn},,,c{(each + turn) % classes},org,s{each},student,"
            for each in everyone
            for turn in range(_OF_STUDENT - 2)
        ],
    }
