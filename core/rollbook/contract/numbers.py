"""Blocks of numbers that a desk reserves while it is online, to give out when it is not (S16)."""

import msgspec

MAX_IN_BLOCK = 10_000
MAX_LIVE = 1_000
MAX_DIGITS = 15
"""Numbers of more digits are no part of a series."""


class NumberBlock(msgspec.Struct, frozen=True):
    """The numbers ``first`` to ``last`` of the series of one field, given to one desk for good.

    ``digits`` is the least length, filled up with zeros; ``prefix`` stands before it.
    """

    id: str
    entity: str
    field: str
    prefix: str
    digits: int
    first: int
    last: int

    def texts(self) -> list[str]:
        """All its numbers as they are written."""
        return [f"{self.prefix}{number:0{self.digits}d}" for number in range(self.first, self.last + 1)]


class BlockRequest(msgspec.Struct, frozen=True):
    """Ask for a block. The same ``id`` again gives the same block. ``live`` are the desk's unused ones."""

    id: str
    entity: str
    field: str
    live: list[NumberBlock] = []


class LiveBlocks(msgspec.Struct, frozen=True):
    """The blocks of which a desk still gives out numbers; told anew after a restore (S22)."""

    blocks: list[NumberBlock]
