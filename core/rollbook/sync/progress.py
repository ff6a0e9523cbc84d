"""How far a pull is."""

from dataclasses import dataclass


@dataclass(slots=True)
class PullProgress:
    """Changes of the feed, or records of a first sync, of so many in all."""

    position: int = 0
    head: int = 0
