"""A proxy between a desk and its school that keeps a stream back, as some in schools do."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

_STREAM = b"GET /api/v1/sync/events"


class BufferingProxy:
    """Hands everything on but the live stream, of which only the first ``lets_through`` bytes come."""

    def __init__(self, port: int, lets_through: int = 0) -> None:
        self._school = port
        self._lets_through = lets_through
        self.streams = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Its address."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

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
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_school, to_school = await asyncio.open_connection("127.0.0.1", self._school)
        streaming = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._ask(reader, to_school, streaming))
                both.create_task(self._answer(from_school, writer, streaming))
        except* (ConnectionError, EOFError):
            pass
        finally:
            for end in (writer, to_school):
                end.close()
                with contextlib.suppress(ConnectionError):
                    await end.wait_closed()

    async def _ask(
        self, reader: asyncio.StreamReader, to_school: asyncio.StreamWriter, streaming: asyncio.Event
    ) -> None:
        while content := await reader.read(65_536):
            if _STREAM in content:
                self.streams += 1
                streaming.set()
            to_school.write(content)
            await to_school.drain()
        raise EOFError

    async def _answer(
        self, from_school: asyncio.StreamReader, writer: asyncio.StreamWriter, streaming: asyncio.Event
    ) -> None:
        kept_back, room = b"", self._lets_through
        while content := await from_school.read(65_536):
            if streaming.is_set():
                kept_back += content[room:]
                content = content[:room]
                room -= len(content)
            writer.write(content)
            await writer.drain()
        writer.write(kept_back)
        await writer.drain()
        raise EOFError
