"""Text for people at a terminal: columns that stand in line, moments in this computer's time, counts."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

_WIDE = "WF"
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def moment(text: str | None) -> str:
    """A moment (ISO 8601) in this computer's time, to the minute; empty for none."""
    return datetime.fromisoformat(text).astimezone().strftime("%d %b %Y, %H:%M") if text else ""


def exact(text: str | None) -> str:
    """A moment (ISO 8601) in this computer's time, to the thousandth of a second: to compare two logs by.

    Text that is no moment is given back.
    """
    try:
        at = datetime.fromisoformat(text or "").astimezone()
    except (ValueError, OverflowError):
        return text or ""
    return f"{at:%d %b %Y, %H:%M:%S}.{at.microsecond // 1000:03}"


def lasting(seconds: float) -> str:
    """A length of time in its largest whole unit: ``3 days``, ``1 hour``."""
    for length, unit in _UNITS:
        if seconds >= length:
            return counted(int(seconds // length), unit)
    return "less than a minute"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 entry``, ``2 entries``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def aligned(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Lines with their columns in line, the headings first; no line at all where there are no rows."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        return []
    cells.insert(0, [heading.upper() for heading in headings])
    widths = [max(_width(row[column]) for row in cells) for column in range(len(headings))]
    return [
        "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """In columns of a terminal: letters of the East take two, marks on a letter none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in _WIDE else 1
        for letter in text
    )
