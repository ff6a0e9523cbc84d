"""The way into the school's server: in this process, or over a real socket to a thread of its own."""

import socket
import threading
import time
from typing import Protocol

import httpx
import uvicorn
from fastapi import FastAPI

IN_PROCESS, OVER_SOCKETS, ON_POSTGRESQL = "in process", "over sockets", "on PostgreSQL"
_LOOK_AGAIN_SECONDS = 0.005


class Door(Protocol):
    """Takes requests to the server."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""

    async def aclose(self) -> None:
        """The server behind it is gone."""


class SocketDoor:
    """A server that listens on a port of its own until the door is closed."""

    def __init__(self, app: FastAPI) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, log_level="critical", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(_LOOK_AGAIN_SECONDS)
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, over the socket."""
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        there = httpx.Request(
            request.method,
            url,
            headers=request.headers,
            content=await request.aread(),
            extensions=request.extensions,
        )
        return await self._inner.handle_async_request(there)

    async def aclose(self) -> None:
        """End the server and wait for its end."""
        await self._inner.aclose()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def door_to(app: FastAPI, way: str) -> Door:
    """The door of that kind."""
    return SocketDoor(app) if way == OVER_SOCKETS else httpx.ASGITransport(app, raise_app_exceptions=False)
