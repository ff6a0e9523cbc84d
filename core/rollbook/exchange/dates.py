"""Dates as files write them, to ISO 8601. The order of day and month is read from the whole column (D8)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_TIME = r"(?:[T ]\s*(?:00?:00(?::00(?:\.0+)?)?(?:Z|\+00:?00)?|12:00(?::00)? ?AM))?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}){_TIME}")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_SHORT_YEAR = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2}")
_SERIAL = re.compile(r"\d{1,6}(?:[.,]\d+)?")
_MUCH_AGREEMENT = 9  # so many dates for one order to a date against it, and the order stands

ISO_EXAMPLE = "Write it as year-month-day, for example 2014-02-28."


class Order(StrEnum):
    """Which comes first where the year comes last."""

    DAY_FIRST = "day/month/year"
    MONTH_FIRST = "month/day/year"
    UNDECIDED = "undecided"  # the column speaks for both


@dataclass(frozen=True, slots=True)
class DateOrder:
    """The order of a column, and a sentence about it where it was not certain."""

    order: Order
    warning: str = ""


class NotADateError(Exception):
    """A cell that is no date; message and suggestion are for people."""

    def __init__(self, message: str, suggestion: str = ISO_EXAMPLE) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


def find_order(cells: Iterable[str], default: Order, *, sure: bool = False) -> DateOrder:
    """The order of a column: any part over twelve decides; where none does, ``default``.

    That it is assumed is a warning, but where ``sure`` says that the kind of file settles it.
    """
    votes = {Order.DAY_FIRST: 0, Order.MONTH_FIRST: 0}
    unclear = 0
    for cell in cells:
        vote = _vote(cell.strip())
        if vote is Order.UNDECIDED:
            unclear += 1
        elif vote is not None:
            votes[vote] += 1
    day, month = votes[Order.DAY_FIRST], votes[Order.MONTH_FIRST]
    if not day and not month:
        return DateOrder(default, "" if sure else _assumed(default, unclear))
    likely, against = (Order.DAY_FIRST, month) if day > month else (Order.MONTH_FIRST, day)
    if not against:
        return DateOrder(likely)
    if votes[likely] >= _MUCH_AGREEMENT * against:
        return DateOrder(likely, f"{against} of the dates are not written {likely} as the others are.")
    return DateOrder(
        Order.UNDECIDED,
        f"Some dates are written {Order.DAY_FIRST}, others {Order.MONTH_FIRST}; those that could be both "
        "are reported as problems.",
    )


def read_date(text: str, order: Order) -> str:
    """One cell as ISO 8601. Raises :class:`NotADateError` with what is wrong and what would be right."""
    compact = _COMPACT.fullmatch(text)
    if compact is not None:
        return _iso(text, *(int(part) for part in compact.groups()))
    year_first = _YEAR_FIRST.fullmatch(text)
    if year_first is not None:
        return _iso(text, int(year_first[1]), int(year_first[3]), int(year_first[4]))
    year_last = _YEAR_LAST.fullmatch(text)
    if year_last is None:
        raise _unknown_form(text)
    first, second, year = int(year_last[1]), int(year_last[3]), int(year_last[4])
    if _order_of(first, second, year_last[2], order, text) is Order.DAY_FIRST:
        return _iso(text, year, second, first)
    return _iso(text, year, first, second)


def _vote(text: str) -> Order | None:
    """What one cell says of the order; ``None`` where it has none (year first, points, no date)."""
    found = _YEAR_LAST.fullmatch(text)
    if found is None or found[2] == ".":
        return None
    first, second = int(found[1]), int(found[3])
    if first > 12 >= second:
        return Order.DAY_FIRST
    if second > 12 >= first:
        return Order.MONTH_FIRST
    return Order.UNDECIDED if first != second else None


def _order_of(first: int, second: int, sign: str, order: Order, text: str) -> Order:
    if sign == ".":
        return Order.DAY_FIRST  # points are only used where the day comes first
    if order is not Order.UNDECIDED:
        return order
    if first == second or first > 12:
        return Order.DAY_FIRST
    if second > 12:
        return Order.MONTH_FIRST
    raise NotADateError(f"“{text}” could be day and month in either order; the column has dates of both.")


def _iso(text: str, year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise NotADateError(f"“{text}” is not a date of the calendar.") from None


def _unknown_form(text: str) -> NotADateError:
    if _SHORT_YEAR.fullmatch(text):
        return NotADateError(f"The year in “{text}” has two digits only.", "Write the year with four digits.")
    if _SERIAL.fullmatch(text):
        return NotADateError(
            f"“{text}” is not a date; it may be a spreadsheet's count of days.",
            "Format the column as a date in the spreadsheet and save it as CSV again.",
        )
    return NotADateError(f"“{text}” is not a date that can be read.")


def _assumed(default: Order, unclear: int) -> str:
    if not unclear:
        return ""
    return f"No date shows whether day or month comes first; they were read as {default}. Check one of them."
