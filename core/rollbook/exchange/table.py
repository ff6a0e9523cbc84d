"""A table as it was read from a file: headings and rows of text, nothing interpreted yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field

UNREADABLE = "\ufffd"
"""Stands where a byte of the file is no character of its encoding."""


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much is taken in: the file in bytes, one cell in characters, the columns in number."""

    file_bytes: int = 200 * 1024 * 1024
    cell_characters: int = 100_000
    columns: int = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``number`` is the line of the file that it begins on, the first line being 1.

    ``fault`` says what is wrong with its form (its number of cells, an open quotation mark), or is empty.
    """

    number: int
    cells: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's headings and rows. ``encoding`` is Python's name, ``notes`` say in words how it was read.

    ``delimiter`` is empty where the file is an Excel workbook.

    The cells of columns whose heading speaks of a password are empty: they are dropped while reading (D10).
    """

    headers: tuple[str, ...]
    rows: Sequence[Row]
    encoding: str
    delimiter: str
    name: str = ""
    notes: tuple[str, ...] = field(default=())
