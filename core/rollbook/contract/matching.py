"""Who may be the same person as one that is described (D4)."""

from typing import Any

import msgspec


class MatchRequest(msgspec.Struct, frozen=True):
    """Values of a student, as far as they are known; any of its fields may be missing."""

    values: dict[str, Any]


class Match(msgspec.Struct, frozen=True):
    """A student who may be that person.

    ``reasons`` are stable words: ``name-and-birth-date``, ``name``, ``phone``, ``student-number``. ``score``
    is what they weigh together; ``likely``: more than a namesake or a brother or sister.
    """

    id: str
    label: str
    birth_date: str | None
    reasons: list[str]
    score: int
    likely: bool
    archived: bool
    href: str


class Matches(msgspec.Struct, frozen=True):
    """The candidates, the likeliest first."""

    candidates: list[Match]
