"""A school as a OneRoster 1.2 package (D13): a zip with its files at the root, stable to the byte."""

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rollbook.exchange.package.export_ids import Records
from rollbook.exchange.package.export_rows import OneRosterRows
from rollbook.exchange.package.manifest import FILES, OURS, PROPERTIES, Mode
from rollbook.exchange.package.oneroster_headings import HEADINGS, headings_of
from rollbook.exchange.package.sorted_rows import SortedRows
from rollbook.exchange.whole_file import new_file

_WHEN = (1980, 1, 1, 0, 0, 0)
"""The time of the files in the zip, the earliest that there is: the same school gives the same bytes."""


@dataclass(frozen=True, slots=True)
class Exported:
    """How many rows each file has, and how many records stayed behind, as what they name does not go out."""

    rows: dict[str, int]
    left_out: int


def write_oneroster(
    path: Path, records: Records, *, school_id: str, school_name: str, replace: bool = False
) -> Exported:
    """Write the package; it is there whole or not at all.

    Raises :class:`UnwritableFileError`, which says what to do; also for a file that is there, unless
    ``replace``.
    """
    with new_file(path, (".zip",), replace=replace) as new, SortedRows.opened() as rows:
        every = OneRosterRows(records, rows, school_id, school_name)
        every.write()
        with new.open("xb") as stream:
            counts = _zip(stream, rows, school_id)
            stream.flush()
            os.fsync(stream.fileno())
    return Exported(counts, every.left_out)


def _zip(stream: IO[bytes], rows: SortedRows, school_id: str) -> dict[str, int]:
    present = [file for file in HEADINGS if rows.has_any(file)]
    with zipfile.ZipFile(stream, "w") as archive:
        _file(archive, "manifest", ("propertyName", "value"), _manifest(present, school_id))
        return {file: _file(archive, file, headings_of(file), rows.rows(file)) for file in present}


def _manifest(present: Sequence[str], school_id: str) -> Iterator[tuple[str, str]]:
    """A file without rows is called absent: a whole one without rows would say that all is gone."""
    values = {"manifest.version": "1.0", "oneroster.version": "1.2"}
    values |= {f"file.{file}": Mode.BULK if file in present else Mode.ABSENT for file in FILES}
    yield from ((name, values[name]) for name in PROPERTIES)
    yield "source.systemName", "Rollbook"
    yield "source.systemCode", f"{OURS}.{school_id}"


def _file(archive: zipfile.ZipFile, name: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    part = zipfile.ZipInfo(f"{name}.csv", _WHEN)
    part.compress_type = zipfile.ZIP_DEFLATED
    part.external_attr = 0o600 << 16
    count = 0
    with (
        archive.open(part, "w", force_zip64=True) as stream,
        io.TextIOWrapper(stream, "utf-8", newline="", write_through=True) as text,
    ):
        writer = csv.writer(text)
        writer.writerow(headings)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count
