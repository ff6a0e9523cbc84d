"""Columns matched by hand: a file that says which field a heading means (D8)."""

import json
from pathlib import Path

from rollbook.exchange.errors import ColumnsError
from rollbook.exchange.read import read_table
from rollbook.exchange.table import ReadLimits

Chosen = dict[str, str | None]
"""Heading to a field's name; ``None`` leaves the column out."""
_LIMITS = ReadLimits(file_bytes=1_000_000)
_COLUMNS = 2


def read_choice(file: Path) -> Chosen:
    """Read a choice: a JSON object, or a table whose rows are a heading and a field (empty: left out).

    Raises :class:`ExchangeError` for anything else.
    """
    if file.suffix.lower() == ".json":
        return _from_json(file)
    table = read_table(file, limits=_LIMITS)
    if len(table.headers) != _COLUMNS:
        raise _unfit(file)
    pairs = [tuple(table.headers), *(row.cells for row in table.rows)]
    if [cell.casefold() for cell in pairs[0]] == ["column", "field"]:
        pairs = pairs[1:]
    return {heading.strip(): field.strip() or None for heading, field in pairs if heading.strip()}


def _from_json(file: Path) -> Chosen:
    try:
        found = json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise _unfit(file) from error
    if not isinstance(found, dict) or not all(isinstance(each, str | None) for each in found.values()):
        raise _unfit(file)
    return {str(heading): field or None for heading, field in found.items()}


def _unfit(file: Path) -> ColumnsError:
    return ColumnsError(
        "no-choice",
        f"“{file.name}” does not say which field each column means.",
        "Write one line for each column, its heading and the field, with column,field above them; or a JSON "
        'file such as {"Surname": "family_name"}.',
    )
