"""Rows of an Excel workbook (D8), each cell as the text that a person reads in it."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import repeat
from typing import Any

from rollbook.exchange.errors import NotATableError
from rollbook.exchange.table import ReadLimits, Row
from rollbook.exchange.workbook_parts import damaged, look_through

_LAST_ROW = 1_048_576  # of Excel; a file made to do harm names others, and all between would be counted
_ZEROS = re.compile("0{2,}")
_TITLE_ROWS = 10
"""So many rows may stand above the headings: a title, a date."""


@dataclass(frozen=True, slots=True)
class SheetRead:
    """A sheet's rows from the headings on, its name, and the names of those that were not read."""

    title: str
    rows: list[Row]
    others: tuple[str, ...]


def read_sheet(data: bytes, limits: ReadLimits, named: str = "") -> SheetRead:
    """The sheet of that name, or the first one that is shown and holds anything.

    Raises :class:`NotATableError` for a workbook that is damaged, a trap, or without rows or that sheet.
    """
    has_formulas = look_through(data, limits)
    try:
        with _opened(data, values=True) as shown:
            titles = [sheet.title for sheet in shown.worksheets if sheet.sheet_state == "visible"]
            for sheet in _asked(shown.worksheets, named):
                rows = _without_titles(list(_rows(sheet, limits)))
                if rows:
                    if has_formulas:
                        rows = _with_formulas_told(data, sheet.title, rows)
                    others = tuple(title for title in titles if title != sheet.title)
                    return SheetRead(sheet.title, rows, others)
    except NotATableError:
        raise
    except Exception as error:  # openpyxl meets damage with whatever its code stumbles over
        raise damaged() from error
    which = f"The sheet “{named}” holds no row." if named else "No sheet of this workbook holds a row."
    raise NotATableError("empty workbook", which, "Look whether it is the right file.")


def _asked(sheets: Sequence[Any], named: str) -> list[Any]:
    """The sheets to look into; one that is asked for by its name may be hidden."""
    if not named:
        return [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    found = [sheet for sheet in sheets if sheet.title.casefold() == named.casefold()]
    if not found:
        there = ", ".join(f"“{sheet.title}”" for sheet in sheets)
        raise NotATableError(
            "no such sheet",
            f"This workbook has no sheet “{named}”.",
            f"Choose one of these: {there}.",
        )
    return found


@contextmanager
def _opened(data: bytes, *, values: bool) -> Iterator[Any]:
    from openpyxl import load_workbook  # a large library, for who imports a workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and charts that do not matter here
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=values)
        try:
            yield workbook
        finally:
            workbook.close()


def _rows(sheet: Any, limits: ReadLimits) -> Iterator[Row]:
    """The rows that hold anything; ``number`` is the one that the sheet shows."""
    sheet.reset_dimensions()  # some programs write a wrong one
    for number, found in enumerate(sheet.iter_rows(), 1):
        if number > _LAST_ROW:
            raise damaged()
        cells = [_as_shown(cell) for cell in found]
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        if len(cells) > limits.columns or any(len(cell) > limits.cell_characters for cell in cells):
            raise NotATableError(
                "damaged table",
                f"Row {number} has more cells, or longer ones, than a list of students has.",
                f"Look at row {number} of the sheet.",
            )
        yield Row(number, tuple(cells))


def _without_titles(rows: list[Row]) -> list[Row]:
    """From the headings on: above them a title may stand in a cell of its own."""
    if not rows or _filled(rows[0]) > 1:
        return rows
    for place, row in enumerate(rows[:_TITLE_ROWS]):
        if _filled(row) > 1:
            return rows[place:]
    return rows


def _filled(row: Row) -> int:
    return sum(bool(cell.strip()) for cell in row.cells)


def _with_formulas_told(data: bytes, title: str, rows: list[Row]) -> list[Row]:
    """The rows, with a fault where a formula's result was never saved: its cell looks empty."""
    found: dict[int, str] = {}
    by_number = {row.number: row.cells for row in rows}
    with _opened(data, values=False) as written:
        sheet = written[title]
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(), 1):
            shown = (*by_number.get(number, ()), *repeat("", len(cells)))
            for cell, text in zip(cells, shown, strict=False):
                if cell.value is not None and cell.data_type == "f" and not text:
                    found.setdefault(number, cell.coordinate)
    return [
        Row(row.number, row.cells, _without_result(found[row.number])) if row.number in found else row
        for row in rows
    ]


def _without_result(cell: str) -> str:
    return f"The formula in {cell} has no saved result: open the workbook in a spreadsheet and save it."


def _as_shown(cell: Any) -> str:
    """A number of a column like 00000 has the zeros before it that a person reads there."""
    value = cell.value
    if type(value) is int and value >= 0 and _ZEROS.fullmatch(cell.number_format):
        return str(value).zfill(len(cell.number_format))
    return _as_text(value)


def _as_text(value: Any) -> str:
    """As a person reads it; dates as year-month-day, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
    return value.isoformat() if isinstance(value, date | time) else str(value)
