"""How many proposals wait for this user's decision, as the school last told with the feed's head (S23)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from rollbook.store import meta

_FACT = "open_proposals"


@dataclass(frozen=True, slots=True)
class OpenProposals:
    """Their number, and when it was told (ISO 8601). It is of that moment: others decide meanwhile."""

    count: int
    at: str


def take(connection: Connection, count: int | None, at: str) -> None:
    """The school tells it; ``None`` to one who does not decide proposals (any more)."""
    meta.put(connection, _FACT, None if count is None else f"{count} {at}")


def told(connection: Connection) -> OpenProposals | None:
    """What was told last, ``None`` where this user does not decide proposals."""
    fact = meta.get(connection, _FACT)
    if fact is None:
        return None
    count, _, at = fact.partition(" ")
    return OpenProposals(int(count), at)
