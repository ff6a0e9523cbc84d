"""A school year and the next one: their titles and dates (D14). Pure."""

import re
from datetime import date, timedelta

_TWO_YEARS = re.compile(r"(?<!\d)((?:19|20)\d\d)(\s*[/–-]\s*)(\d\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def next_title(title: str) -> str:
    """The title a year later: each year in it is one more. ``2026/27`` becomes ``2027/28``."""
    moved = _TWO_YEARS.sub(lambda found: f"{found[1]}{found[2]}{(int(found[3]) + 1) % 100:02}", title)
    return _YEAR.sub(lambda found: str(int(found[0]) + 1), moved)


def year_later(day: str) -> str:
    """The same day of the next year, ISO 8601; the day before it where there is none (29 February)."""
    found = date.fromisoformat(day)
    try:
        return found.replace(year=found.year + 1).isoformat()
    except ValueError:
        return (found - timedelta(days=1)).replace(year=found.year + 1).isoformat()


def days_later(day: str, days: int) -> str:
    """So many days later, ISO 8601."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def days_between(first: str, last: str) -> int:
    """From the one day to the other; both ISO 8601."""
    return (date.fromisoformat(last) - date.fromisoformat(first)).days
