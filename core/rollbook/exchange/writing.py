"""A table to a file (D13): CSV that a spreadsheet opens rightly, or an Excel workbook of text."""

import csv
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from rollbook.exchange.whole_file import new_file

Cells = Sequence[str]
Writer = Callable[[Path, Cells, Iterable[Cells]], int]


def write_table(path: Path, headings: Cells, rows: Iterable[Cells], *, replace: bool = False) -> int:
    """Write the file, in the form that its ending names (``.csv``, ``.xlsx``); returns how many rows.

    It is there whole or not at all. Raises :class:`UnwritableFileError`, which says what to do; also for a
    file that is there already, unless ``replace``.
    """
    with new_file(path, _WRITERS, replace=replace) as new:
        return _WRITERS[path.suffix.lower()](new, headings, rows)


def _write_csv(path: Path, headings: Cells, rows: Iterable[Cells]) -> int:
    # The mark at its beginning tells spreadsheets that it is UTF-8.
    with path.open("x", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings)
        count = _each(rows, writer.writerow)
        stream.flush()
        os.fsync(stream.fileno())
    return count


def _write_workbook(path: Path, headings: Cells, rows: Iterable[Cells]) -> int:
    with TemporaryFile() as whole:  # the library leaves what it could not finish open
        count = save_workbook(whole, headings, rows)
        whole.seek(0)
        with path.open("xb") as stream:
            shutil.copyfileobj(whole, stream)
            stream.flush()
            os.fsync(stream.fileno())
    return count


def save_workbook(whole: IO[bytes], headings: Cells, rows: Iterable[Cells]) -> int:
    """Write a workbook of one sheet of text to an open file; returns how many rows."""
    from openpyxl import Workbook  # a large library, for who exports a workbook
    from openpyxl.cell import WriteOnlyCell

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Students")
    sheet.append(list(headings))
    sheet.freeze_panes = "A2"

    def text(value: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet, value)
        cell.data_type = "s"  # zeros at its beginning stay, and nothing is a formula
        return cell

    count = _each(rows, lambda row: sheet.append([text(value) for value in row]))
    workbook.save(whole)
    return count


def _each(rows: Iterable[Cells], write: Callable[[Cells], object]) -> int:
    """Write each row; how many there were."""
    count = 0
    for row in rows:
        write(row)
        count += 1
    return count


_WRITERS: dict[str, Writer] = {".csv": _write_csv, ".xlsx": _write_workbook}
