"""The words of what is printed, in the reader's language (D13)."""

import json
import re
from datetime import date
from functools import cache
from typing import Any

from rollbook.resource_files import resource

LANGUAGES = ("en", "el")
UNKNOWN = "–"
"""What stands for whatever is not known: never a 0."""
_DECIMAL = re.compile(r"-?\d+\.\d+")


@cache
def words_in(language: str) -> dict[str, Any]:
    """The words of that language by name; ``months`` is a list. Raises ``KeyError`` for one we lack."""
    every = json.loads(resource("templates/words.json").read_text("utf-8"))
    found: dict[str, Any] = every[language]
    return found


def date_in(language: str, day: date | str | None) -> str:
    """A day (ISO 8601 where it is text) as the language writes it; empty for none."""
    if not day:
        return ""
    known = date.fromisoformat(day) if isinstance(day, str) else day
    words = words_in(language)
    written: str = words["date"].format(
        day=known.day, month=words["months"][known.month - 1], year=known.year
    )
    return written


def number_in(language: str, written: str | None) -> str:
    """A number (14.5) as the language writes it; a letter as it is; :data:`UNKNOWN` for nothing."""
    if not written:
        return UNKNOWN
    return written.replace(".", words_in(language)["decimal"]) if _DECIMAL.fullmatch(written) else written
