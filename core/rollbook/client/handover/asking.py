"""Asking the program whose engine runs for this store to do something (S26)."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from rollbook.client.handover.door import DOOR, Door
from rollbook.client.handover.troubles import CannotTellError, error_of
from rollbook.client.handover.wire import LENGTH, LONGEST, VERSION, Reply, Request, packed
from rollbook.domain import checkpoints

_Shape = TypeVar("_Shape")
_CONNECT_SECONDS = 2.0
COMMAND_SECONDS = 15.0


class NobodyThereError(Exception):
    """No other program's engine answers; nothing was asked of anybody."""


class BrokenOffError(Exception):
    """It was asked, and no answer came that can be used: whether it was done is to be looked up."""


def ask(
    folder: Path, do: str, given: Any, shape: type[_Shape], seconds: float | None = COMMAND_SECONDS
) -> _Shape:
    """Have the running engine's program do it. Raises what the command raises there, besides those above."""
    door = _door(folder)
    with _connected(door) as opened:
        opened.settimeout(seconds)
        try:
            opened.sendall(packed(Request(do, given, token=door.token)))
            checkpoints.passed("client.handover.asked")
            reply = msgspec.json.decode(_whole(opened), type=Reply)
        except (OSError, msgspec.MsgspecError) as error:
            raise BrokenOffError from error
    return _taken(reply, shape)


def _taken(reply: Reply, shape: type[_Shape]) -> _Shape:
    if reply.v != VERSION:
        raise BrokenOffError
    if reply.trouble is not None:
        error = error_of(reply.trouble)
        if isinstance(error, CannotTellError):
            raise BrokenOffError from error
        raise error
    try:
        return msgspec.convert(reply.gave, shape)
    except msgspec.MsgspecError as error:
        raise BrokenOffError from error


def _door(folder: Path) -> Door:
    try:
        return Door(**json.loads((folder / DOOR).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise NobodyThereError from error


@contextmanager
def _connected(door: Door) -> Iterator[socket.socket]:
    opened = socket.socket(socket.AF_UNIX if door.path else socket.AF_INET)
    try:
        opened.settimeout(_CONNECT_SECONDS)
        opened.connect(door.path or ("127.0.0.1", door.port))
        if door.path and not _is_mine(opened):
            raise NobodyThereError
    except OSError as error:
        opened.close()
        raise NobodyThereError from error
    with opened:
        yield opened


def _is_mine(opened: socket.socket) -> bool:
    """Whether the other side runs for this user, where the system can tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder is this user's alone
    peer = opened.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(peer[4:8], "little") in (os.getuid(), 0)


def _whole(opened: socket.socket) -> bytes:
    (length,) = LENGTH.unpack(_exactly(opened, LENGTH.size))
    if length > LONGEST:
        raise OSError("a longer answer than any")
    return _exactly(opened, length)


def _exactly(opened: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        part = opened.recv(min(1 << 20, length - len(found)))
        if not part:
            raise OSError("the other side is gone")
        found += part
    return bytes(found)
