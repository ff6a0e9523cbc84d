"""What lies between a computer and the school's server, on a socket of its own: it passes on, or does harm.

In the middle of a push it first takes the request to the server and its answer away, then does its harm: the
school has the entries, and nobody is told.
"""

import asyncio
import contextlib
import http.client
import ssl
import threading
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support.certificates import Authority
from support.faulty_server import Answering, Asked, raw, read_request

_PUSH = "/api/v1/sync/push"


class HostileNetwork:
    """Speaks TLS at ``url`` on behalf of the server at ``port``; a thread with a loop of its own."""

    def __init__(self, port: int, folder: Path) -> None:
        self._upstream = port
        self.authority = Authority(folder)
        self.good = self.authority.context()
        self.harm: Answering | None = None
        self.pushes = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    @property
    def url(self) -> str:
        """Where the computer thinks that the school's server is."""
        return f"https://127.0.0.1:{self.port}"

    def shows(self, certificate: ssl.SSLContext) -> None:
        """From now on it shows that certificate."""
        self._do(self._listen(certificate))

    def heals(self) -> None:
        """All is well again."""
        self.harm = None
        self.shows(self.good)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        self.shows(self.good)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End, with whatever is still said."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Any) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.result(60)

    async def _listen(self, certificate: ssl.SSLContext) -> None:
        await self._end()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=certificate)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(self._loop.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            try:
                await (await self._answer(await read_request(reader)))(writer)
            finally:
                writer.close()

    async def _answer(self, asked: Asked) -> Answering:
        if asked.target.startswith(_PUSH):
            self.pushes += 1
            answer = await self._passed_on(asked)
            return self.harm or answer
        return self.harm or await self._passed_on(asked)

    async def _passed_on(self, asked: Asked) -> Answering:
        return raw(await asyncio.to_thread(self._ask, asked))

    def _ask(self, asked: Asked) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._upstream, timeout=60)
        kept = {name: value for name, value in asked.headers.items() if name not in ("host", "connection")}
        try:
            connection.request(asked.method, asked.target, asked.body, kept)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        dropped = ("content-length", "transfer-encoding", "connection")
        lines = [f"HTTP/1.1 {answer.status} X", "Connection: close", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in dropped]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
