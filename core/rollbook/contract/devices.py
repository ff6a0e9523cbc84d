"""What a computer says of itself with its syncs, and what an administrator sees of it (S30)."""

from typing import Annotated

import msgspec

NEVER = -1
"""The seconds since a sync that never was."""


MAX_COMPUTER_NAME = 100
"""Characters of a computer's name."""


class DeskReport(msgspec.Struct, frozen=True):
    """How things stand at one computer, counts and ages only. Ages are in seconds by its own clock.

    ``waiting`` go by themselves; ``parked`` and ``conflicts`` need a person. ``oldest_seconds`` is the age of
    the oldest of them, 0 for none. ``recovers`` is false where something due is not sent though it could be.
    ``outstanding`` are the stable words of the status; ``version`` is the program's. ``computer`` is the name
    that its owner gave the computer; empty from an earlier release.
    """

    waiting: int
    parked: int
    conflicts: int
    oldest_seconds: int
    synced_seconds_ago: int
    recovers: bool
    outstanding: tuple[str, ...]
    version: str
    computer: Annotated[str, msgspec.Meta(max_length=MAX_COMPUTER_NAME)] = ""


class Device(msgspec.Struct, frozen=True):
    """A computer as an administrator sees it. ``silent_seconds`` is how long it has not come.

    ``why`` says in words why it is taken to be stuck; empty where it is not.
    """

    device: str
    user: str
    reported_at: str
    silent_seconds: int
    report: DeskReport
    why: tuple[str, ...] = ()


class Revoked(msgspec.Struct, frozen=True):
    """How many tokens of a computer were ended; none where nobody was signed in there."""

    tokens: int


class Devices(msgspec.Struct, frozen=True):
    """Those that are stuck stand first."""

    devices: list[Device]
