"""What is said between two programs of one user: a length, then JSON, once each way (S26)."""

import struct
from typing import Any

import msgspec

VERSION = 1
LENGTH = struct.Struct(">I")
LONGEST = 64 * 1024 * 1024


class Request(msgspec.Struct, frozen=True):
    """``do`` is a command of the facade, ``given`` its one argument. ``token`` is for the loopback door."""

    do: str
    given: Any = None
    v: int = VERSION
    token: str = ""


class Trouble(msgspec.Struct, frozen=True):
    """An error of the facade, complete enough to be raised again by who asked."""

    kind: str
    message: str = ""
    detail: dict[str, Any] = {}


class Reply(msgspec.Struct, frozen=True):
    """What the command gave, or what it raised."""

    gave: Any = None
    trouble: Trouble | None = None
    v: int = VERSION


def packed(said: Request | Reply) -> bytes:
    """The bytes on the wire."""
    body = msgspec.json.encode(said)
    return LENGTH.pack(len(body)) + body
