"""From a file to a table (D8). The one place of this package that meets the disk."""

import io
from collections.abc import Iterator
from pathlib import Path

from rollbook.exchange.csv_table import find_delimiter, rows_of, separator_line
from rollbook.exchange.encoding import Encoding, find_encoding
from rollbook.exchange.errors import UnreadableFileError
from rollbook.exchange.file_kinds import is_workbook, refuse_binary, refuse_other_kinds, refuse_other_text
from rollbook.exchange.headings import is_secret
from rollbook.exchange.table import ReadLimits, Row, Table
from rollbook.exchange.workbook import read_sheet

_HEAD_BYTES = 1024 * 1024
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


def read_table(
    source: Path | bytes, *, name: str = "", sheet: str = "", limits: ReadLimits | None = None
) -> Table:
    """Read a table from a file, or from its bytes; of a workbook the sheet of that name, or the first.

    Raises :class:`UnreadableFileError` where it cannot be opened or is larger than the limits, and
    :class:`NotATableError` where it is something else; both say what to do.
    """
    limits = limits or ReadLimits()
    if isinstance(source, Path):
        return _from_bytes(_bytes_of(source, limits), name or source.name, sheet, limits)
    _refuse_large(len(source), limits)
    return _from_bytes(source, name, sheet, limits)


def _bytes_of(path: Path, limits: ReadLimits) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limits.file_bytes + 1)
    except FileNotFoundError:
        raise UnreadableFileError(
            "file-missing", f"There is no file “{path.name}” there.", "Check its name and folder."
        ) from None
    except IsADirectoryError:
        raise UnreadableFileError(
            "file-is-folder", f"“{path.name}” is a folder.", "Choose the CSV file inside it."
        ) from None
    except PermissionError:
        raise UnreadableFileError(
            "file-closed",
            f"“{path.name}” may not be read.",
            "Close it in other programs, or copy it and try again.",
        ) from None
    except OSError as error:
        raise UnreadableFileError(
            "file-unreadable", f"“{path.name}” could not be read: {error.strerror}.", "Copy it and try again."
        ) from error
    _refuse_large(len(data), limits)
    return data


def _refuse_large(size: int, limits: ReadLimits) -> None:
    if size > limits.file_bytes:
        raise UnreadableFileError(
            "file-too-large",
            f"The file is larger than {limits.file_bytes:,} bytes.",
            "Look whether it is the right one, or divide it.",
        )


def _from_bytes(data: bytes, name: str, sheet: str, limits: ReadLimits) -> Table:
    if is_workbook(data):
        return _from_workbook(data, name, sheet, limits)
    refuse_other_kinds(data)
    encoding = find_encoding(data)
    head = data[:_HEAD_BYTES].decode(encoding.name, "replace")
    refuse_other_text(head)
    refuse_binary(head)
    named = separator_line(head)
    delimiter = named or find_delimiter(head)
    rows = _rows(data, encoding, delimiter, limits)
    if named is not None:
        next(rows, None)
    headings = next(rows, Row(1, ()))
    headers = _headers(headings.cells)
    return Table(
        headers=headers,
        rows=list(_without_secrets(rows, headers)),
        encoding=encoding.name,
        delimiter=delimiter,
        name=name,
        notes=tuple(_notes(encoding, delimiter)),
    )


def _from_workbook(data: bytes, name: str, asked: str, limits: ReadLimits) -> Table:
    found = read_sheet(data, limits, asked)
    headings, rows = found.rows[0], found.rows[1:]
    headers = _headers(headings.cells)
    padded = (_as_wide(row, len(headers)) for row in rows)
    notes = [
        f"Read the sheet “{found.title}” of an Excel workbook; its headings are in row {headings.number}."
    ]
    if found.others:
        notes.append(f"Not read: {', '.join(f'“{title}”' for title in found.others)}.")
    return Table(headers, list(_without_secrets(padded, headers)), "utf-8", "", name, tuple(notes))


def _as_wide(row: Row, width: int) -> Row:
    """A sheet keeps no empty cells at the end of a row."""
    return Row(row.number, row.cells + ("",) * (width - len(row.cells)), row.fault)


def _rows(data: bytes, encoding: Encoding, delimiter: str, limits: ReadLimits) -> Iterator[Row]:
    with io.TextIOWrapper(io.BytesIO(data), encoding.name, errors="replace", newline="") as text:
        yield from rows_of(text, delimiter, limits)


def _headers(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The headings, without the empty ones that a trailing separator makes."""
    headers = [" ".join(cell.replace("\ufeff", "").split()) for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    return tuple(headers)


def _without_secrets(rows: Iterator[Row], headers: tuple[str, ...]) -> Iterator[Row]:
    secret = [index for index, heading in enumerate(headers) if is_secret(heading)]
    for row in rows:
        checked = _checked(row, len(headers))
        yield _blanked(checked, secret, len(headers)) if secret else checked


def _checked(row: Row, width: int) -> Row:
    """A row of another width may have its cells under wrong headings; empty cells at its end do no harm."""
    cells = row.cells
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    if row.fault or len(cells) == width:
        return Row(row.number, cells, row.fault)
    return Row(row.number, cells, f"This row has {len(cells)} cells, but there are {width} headings.")


def _blanked(row: Row, secret: list[int], width: int) -> Row:
    """A row of a wrong form may have its secret beside its place, or other rows with theirs in one cell."""
    shift = len(row.cells) - width
    hidden = {place for index in secret for place in range(index + min(shift, 0), index + max(shift, 0) + 1)}
    cells = tuple(
        "" if index in hidden or (row.fault and "\n" in cell) else cell
        for index, cell in enumerate(row.cells)
    )
    return Row(row.number, cells, row.fault)


def _notes(encoding: Encoding, delimiter: str) -> Iterator[str]:
    yield f"Read as {encoding.label}, separated by {_DELIMITER_NAMES[delimiter]}."
    if encoding.damaged:
        yield f"{encoding.damaged} characters of the file could not be read."
