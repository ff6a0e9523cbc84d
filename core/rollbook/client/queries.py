"""Questions to this computer's records, checked before the database sees them."""

from typing import Any

from rollbook.client.values import RecordQuery, RefusedEntryError
from rollbook.domain.canonical import MAX_INTEGER
from rollbook.domain.entity import RuleBreach

MOST = 1_000_000
"""Rows of one page, at the most."""


def checked(query: RecordQuery) -> RecordQuery:
    """The query, if it can be asked. Raises :class:`RefusedEntryError` that names what is wrong."""
    breaches = [
        _breach(name, f"Use a whole number from 0 to {most}.")
        for name, value, most in (("limit", query.limit, MOST), ("offset", query.offset, MAX_INTEGER))
        if not _is_count(value, most)
    ]
    breaches += [
        _breach(str(name), "Filter by text, or by a whole number.")
        for name, value in query.filters.items()
        if not all(map(_is_plain, value if isinstance(value, tuple) else (value,)))
    ]
    if breaches:
        raise RefusedEntryError(tuple(breaches))
    return query


def _is_count(value: Any, most: int) -> bool:
    return isinstance(value, int) and 0 <= value <= most


def _is_plain(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) <= MAX_INTEGER
    return value is None or isinstance(value, str)


def _breach(name: str, suggestion: str) -> RuleBreach:
    return RuleBreach(name, "cannot-be-asked", "This cannot be asked for.", suggestion)
