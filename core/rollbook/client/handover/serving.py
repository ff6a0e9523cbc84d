"""The side of the running engine: does what other programs of this user hand over (S26)."""

import asyncio
import contextlib
import hmac
import json
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from rollbook.client.handover.door import DOOR, Door
from rollbook.client.handover.troubles import told
from rollbook.client.handover.wire import LENGTH, LONGEST, VERSION, Reply, Request, Trouble, packed

_LONGEST_PATH = 100  # of a Unix socket, in bytes, on every system
_REQUEST_SECONDS = 10.0
Do = Callable[[str, Any], Awaitable[Any]]


class Serving:
    """Open for the length of an ``async with``; ``do`` does one command. Where nothing can be opened, nobody
    can hand over, and other programs save into the store themselves, which is as safe.
    """

    def __init__(self, folder: Path, do: Do, *, unix: bool = hasattr(socket, "AF_UNIX")) -> None:
        self._folder = folder
        self._do = do
        self._socket = folder / "engine.sock"
        self._unix = unix and len(os.fsencode(self._socket)) <= _LONGEST_PATH
        self._token = "" if self._unix else secrets.token_urlsafe(32)
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Open the door."""
        with contextlib.suppress(OSError):
            self._server = await self._opened()
            self._tell_where(self._server)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close it; what was taken in is finished first."""
        for file in (self._folder / DOOR, self._socket):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()
        if self._running:
            await asyncio.wait(self._running, timeout=_REQUEST_SECONDS)

    async def _opened(self) -> asyncio.Server:
        if not self._unix:
            return await asyncio.start_server(self._come_in, "127.0.0.1", 0)
        self._socket.unlink(missing_ok=True)  # of an engine that was killed: the lock is ours
        # Not by the umask: it is the whole program's, and what is made meanwhile would have the wrong rights.
        bound = socket.socket(socket.AF_UNIX)
        bound.bind(str(self._socket))  # in a folder that only its owner may enter
        self._socket.chmod(0o600)
        bound.setblocking(False)
        return await asyncio.start_unix_server(self._come_in, sock=bound)

    def _tell_where(self, server: asyncio.Server) -> None:
        port = 0 if self._unix else server.sockets[0].getsockname()[1]
        door = Door(str(self._socket) if self._unix else "", port, self._token)
        fresh = self._folder / f"{DOOR}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(door), file)
        fresh.replace(self._folder / DOOR)

    async def _come_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            reply = await self._answer(reader, writer)
            if reply is not None:
                writer.write(packed(reply))
                await writer.drain()
        except (OSError, EOFError, TimeoutError, msgspec.MsgspecError):
            pass  # whoever asked is gone, or speaks something else; they look up what became of it
        finally:
            self._running.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Reply | None:
        if self._unix and not _is_mine(writer.get_extra_info("socket")):
            return None
        async with asyncio.timeout(_REQUEST_SECONDS):
            (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            if length > LONGEST:
                return None
            request = msgspec.json.decode(await reader.readexactly(length), type=Request)
        if not hmac.compare_digest(request.token, self._token):
            return None
        if request.v != VERSION:
            return Reply(trouble=Trouble("version"))
        return await self._done(request)

    async def _done(self, request: Request) -> Reply:
        try:
            return Reply(msgspec.to_builtins(await self._do(request.do, request.given)))
        except Exception as error:  # whatever it is, it belongs to who asked
            return Reply(trouble=told(error))


def _is_mine(opened: Any) -> bool:
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder is this user's alone
    peer = opened.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(peer[4:8], "little") in (os.getuid(), 0)
