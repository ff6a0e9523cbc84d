"""Rows of a CSV text: which separator it uses, where each row begins, and what is wrong with a row's form."""

import csv
import io
from collections.abc import Iterator

from rollbook.exchange.errors import NotATableError
from rollbook.exchange.table import ReadLimits, Row

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_ROWS = 50
_SAMPLE_CHARACTERS = 256 * 1024


class _Lines:
    """The lines of a text, counted, with those of the row under way kept to look at again."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self.count = 0
        self.of_row: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.count += 1
            self.of_row.append(line)
            yield line


def rows_of(text: io.TextIOBase, delimiter: str, limits: ReadLimits) -> Iterator[Row]:
    """The rows of ``text`` (opened with ``newline=""``) that hold anything, one at a time.

    Raises :class:`NotATableError` for a cell or a row beyond the limits.
    """
    lines = _Lines(text)
    csv.field_size_limit(limits.cell_characters)
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        begins = lines.count + 1
        lines.of_row.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _too_long(begins, limits) from None
        if len(cells) > limits.columns:
            raise _too_wide(begins, limits)
        if any(cell.strip() for cell in cells):
            yield Row(begins, tuple(cells), _quote_fault(lines.of_row, delimiter))


def separator_line(text: str) -> str | None:
    """The separator that a first line ``sep=;`` names, as spreadsheets write it."""
    line = text.split("\n", 1)[0].strip().strip('"')
    return line[4:] if line.lower().startswith("sep=") and line[4:] in DELIMITERS else None


def find_delimiter(text: str) -> str:
    """The separator whose rows agree best with the headings' number of cells; a comma for a single column."""
    sample = text[:_SAMPLE_CHARACTERS]
    scores = {delimiter: _agreement(sample, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0.0, 1) else ","


def _agreement(sample: str, delimiter: str) -> tuple[float, int]:
    """(share of rows as wide as the headings, that width); nothing where the headings are not parted."""
    try:
        widths = [
            len(row.cells)
            for row, _ in zip(
                rows_of(io.StringIO(sample, newline=""), delimiter, ReadLimits()),
                range(_SAMPLE_ROWS),
                strict=False,
            )
        ]
    except NotATableError:
        return (0.0, 0)
    if not widths or widths[0] < 2:
        return (0.0, 1)
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0])


def _quote_fault(lines: list[str], delimiter: str) -> str:
    """A quotation mark never closed swallows the rest of the file; a strict second reading finds it."""
    if len(lines) < 2:
        return ""
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        if "end of data" in str(error):
            return f"A quotation mark is opened here and never closed, over {len(lines)} lines."
    return ""


def _too_long(line: int, limits: ReadLimits) -> NotATableError:
    return NotATableError(
        "damaged table",
        f"The row that begins on line {line} has a cell of more than {limits.cell_characters:,} characters.",
        f"A quotation mark may be missing at its end: look at line {line} in a text editor.",
    )


def _too_wide(line: int, limits: ReadLimits) -> NotATableError:
    return NotATableError(
        "damaged table",
        f"The row that begins on line {line} has more than {limits.columns:,} cells.",
        "Look whether the file is the right one, and export it again.",
    )
