"""Identifiers, made where the record is made and for good (S2)."""

import secrets
import uuid
from collections.abc import Callable

from rollbook.domain.clock import Clock

IdSource = Callable[[], str]
"""Gives a new identifier at each call, as the 36 characters of a UUID."""

_NATURAL_KEYS = uuid.UUID("0f2b3d6e-6a0c-5c7e-9d1a-52c1a6c0b7f4")


def uuid7_source(clock: Clock, random_bits: Callable[[int], int] = secrets.randbits) -> IdSource:
    """Make a source of UUIDv7 (RFC 9562): sortable by time, so that new rows land at an index's end.

    The time in it is a convenience of storage; no order or winner is ever read from it (S29).
    """

    def make() -> str:
        milliseconds = int(clock.now().timestamp() * 1000) & ((1 << 48) - 1)
        value = milliseconds << 80 | 0x7 << 76 | random_bits(12) << 64 | 0b10 << 62 | random_bits(62)
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    return make


def natural_id(entity: str, *key: str) -> str:
    """The identifier of a thing that has a natural key (S16): the same key gives the same id everywhere."""
    return str(uuid.uuid5(_NATURAL_KEYS, "\x1f".join((entity, *key))))
