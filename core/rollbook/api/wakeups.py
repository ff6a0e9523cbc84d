"""The server's wake-ups: a stream that says only that there is more (S19)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable

import httpx

from rollbook.api import translate
from rollbook.api.guard import Guard
from rollbook.api.session import SessionKeeper
from rollbook.api.transport import BELOW_HTTP, Call, Transport
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import ResilienceSettings

_PATH = "/api/v1/sync/events"


class WakeUps:
    """Opens the stream once for each call; opening it again is the caller's."""

    def __init__(
        self, transport: Transport, guard: Guard, session: SessionKeeper, settings: ResilienceSettings
    ) -> None:
        self._transport = transport
        self._guard = guard
        self._session = session
        self._settings = settings

    async def listen(self) -> AsyncIterator[None]:
        """Yields whenever there is more; ends when the stream does. Raises :class:`CallFailedError`."""
        answer = await self._opened()
        try:
            lines = aiter(answer.aiter_lines())
            limit = self._settings.live_opening_seconds
            while (line := await _within(limit, anext(lines, None))) is not None:
                limit = self._settings.live_silence_seconds
                if line.startswith("data:"):
                    yield None
        except BELOW_HTTP as error:
            raise _says_nothing(self._transport.below_http(error, writes=False)) from error
        finally:
            await answer.aclose()

    async def _opened(self) -> httpx.Response:
        token = self._session.token()
        try:
            return await self._guard.call(lambda: self._open(token))
        except CallFailedError as failure:
            if failure.code != "not-signed-in":
                raise
        token = await self._session.renewed(token)
        return await self._guard.call(lambda: self._open(token))

    async def _open(self, token: str) -> httpx.Response:
        """The stream, once its first lines say that it is ours."""
        call = Call("GET", _PATH, type(None))
        chosen = self._transport.headers(call, self._transport.new_id(), token, None)
        limit, silence = self._settings.live_opening_seconds, self._settings.live_silence_seconds
        try:
            client = self._transport.client()
            async with asyncio.timeout(limit):
                request = client.build_request(
                    "GET",
                    _PATH,
                    headers=chosen | {"Accept": "text/event-stream"},
                    timeout=httpx.Timeout(
                        limit, connect=self._settings.connect_timeout_seconds, read=2 * silence
                    ),
                )
                answer = await client.send(request, stream=True)
                return await self._ours(answer)
        except BELOW_HTTP as error:
            raise _says_nothing(self._transport.below_http(error, writes=False)) from error

    async def _ours(self, answer: httpx.Response) -> httpx.Response:
        """The same answer. Whatever else it is, it is closed and raised."""
        is_stream = answer.headers.get("Content-Type", "").startswith("text/event-stream")
        if answer.is_success and is_stream and self._transport.refusal(answer, writes=False) is None:
            return answer
        try:
            await answer.aread()
            raise self._transport.refusal(answer, writes=False) or translate.unreadable(writes=False)
        finally:
            await answer.aclose()


async def _within(seconds: float, line: Awaitable[str | None]) -> str | None:
    async with asyncio.timeout(seconds):
        return await line


def _says_nothing(failure: CallFailedError) -> CallFailedError:
    """A stream that is silent says nothing about the server: a proxy between may keep it all back."""
    if failure.code == "timeout":
        failure.kind = FailureKind.CANCELLED
    return failure
