"""A real server over a socket that answers each request with the fault that the test wants.

``FaultyServer(refuse, html_page(), slow_drip(...))`` answers the first request with the first, and so on; the
last is repeated. What it was asked is in ``requests``.
"""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

INSTALLATION = "installation-1"
LOGIN_PAGE = b"<!doctype html><title>Hotel</title><form>Room number</form>"

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def response(
    status: int = 200,
    body: bytes = b"{}",
    *,
    media: str = "application/json",
    installation: str | None = INSTALLATION,
    length: int | None = None,
    **headers: str,
) -> bytes:
    """A whole HTTP answer. ``length`` is the length that it claims to have."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {media}", "Connection: close"]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    if installation is not None:
        lines.append(f"X-Rollbook-Installation: {installation}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answer(status: int = 200, value: Any = None, **given: Any) -> Answering:
    """Answer in JSON as our server would."""
    return raw(response(status, json.dumps({} if value is None else value).encode(), **given))


def refuse(status: int, code: str, **given: Any) -> Answering:
    """Answer with a problem."""
    body = {"type": f"urn:rollbook:problem:{code}", "title": code, "status": status, "error": code}
    return answer(status, body, media="application/problem+json", **given)


def html_page(status: int = 200, installation: str | None = None) -> Answering:
    """A captive portal: a page where data was asked for."""
    return raw(response(status, LOGIN_PAGE, media="text/html", installation=installation))


def raw(content: bytes) -> Answering:
    """Send these bytes and close."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()

    return say


def truncated(value: Any) -> Answering:
    """Half of the JSON, said to be whole."""
    whole = json.dumps(value).encode()
    return raw(response(body=whole[: len(whole) // 2]))


def cut_short(value: Any) -> Answering:
    """The connection ends before the length that was promised."""
    whole = json.dumps(value).encode()
    return raw(response(body=whole[: len(whole) // 2], length=len(whole)))


def slow_drip(value: Any, seconds_between_bytes: float) -> Answering:
    """The right answer, a byte at a time: no single read is ever late."""

    async def say(writer: asyncio.StreamWriter) -> None:
        for byte in response(body=json.dumps(value).encode()):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(seconds_between_bytes)

    return say


def then_hang(content: bytes = b"") -> Answering:
    """Say so much, then nothing more, with the connection open."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        await asyncio.Event().wait()

    return say


async def reset(writer: asyncio.StreamWriter) -> None:
    """Reset the connection once the request has come."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without a word."""


class FaultyServer:
    """Listens on a free loopback port, in the test's own loop.

    ``listens=False``: it speaks at once, whatever it is asked (a server of another protocol).
    """

    def __init__(self, *answers: Answering, listens: bool = True) -> None:
        self._listens = listens
        self._answers = list(answers)
        self.requests: list[Asked] = []
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def then(self, *answers: Answering) -> None:
        """From now on, answer so."""
        self._answers = list(answers)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)  # for the transports to take note
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._tasks.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if self._listens:
                self.requests.append(await read_request(reader))
            answering = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            await answering(writer)
            writer.close()
            await writer.wait_closed()


async def read_request(reader: asyncio.StreamReader) -> Asked:
    """One request, whole."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.rstrip("\r\n").split("\r\n")
    method, target, _version = first.split(" ")
    headers = {}
    for line in rest:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)
