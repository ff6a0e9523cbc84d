"""A network that fails as it is told to, between a client and the real server in this process."""

import httpx
import msgspec
from fastapi import FastAPI

from rollbook.contract.headers import PROBLEM_MEDIA_TYPE
from rollbook.contract.problems import problem

PORTAL = b"<html><title>Hotel Wi-Fi</title><form>Room number</form></html>"


class FaultTransport(httpx.AsyncBaseTransport):
    """Passes requests on to ``app``. ``down`` refuses all, ``cut_pulls`` the feed.

    ``faults`` are used up, one by each push.
    """

    def __init__(self, app: FastAPI) -> None:
        self._inner = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.down = False
        self.cut_pulls = False
        self.faults: list[str] = []
        self.pushes = 0
        self.bodies: list[bytes] = []
        self.paths: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, with the next fault if it is a push."""
        self.paths.append(request.url.path)
        if self.down or (self.cut_pulls and request.url.path.endswith("/sync/changes")):
            raise httpx.ConnectError("refused")
        if not request.url.path.endswith("/sync/push"):
            return await self._inner.handle_async_request(request)
        self.pushes += 1
        self.bodies.append(await request.aread())
        fault = self.faults.pop(0) if self.faults else ""
        return await self._push(request, fault)

    async def _push(self, request: httpx.Request, fault: str) -> httpx.Response:
        if fault == "drop before send":
            raise httpx.ConnectError("cut")
        if fault == "portal":
            return httpx.Response(200, headers={"Content-Type": "text/html"}, content=PORTAL, request=request)
        if fault == "busy":
            return await self.refusing(request, "overloaded", {"Retry-After": "1"})
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        if fault == "drop after commit":
            raise httpx.ReadError("cut")
        if fault == "truncated":
            body = body[: len(body) // 2]
        if fault == "another installation":
            answer.headers["X-Rollbook-Installation"] = "another"
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return httpx.Response(answer.status_code, headers=headers, content=body, request=request)

    async def refusing(
        self, request: httpx.Request, code: str, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Our server's own refusal of a whole request."""
        ours = await self._inner.handle_async_request(
            httpx.Request("GET", request.url.copy_with(path="/api/v1/server"), headers=request.headers)
        )
        kept = {"X-Rollbook-Installation": ours.headers["X-Rollbook-Installation"]}
        kept["Content-Type"] = PROBLEM_MEDIA_TYPE
        body = problem(code)
        content = msgspec.json.encode(body)
        return httpx.Response(body.status, headers=kept | (headers or {}), content=content, request=request)

    async def aclose(self) -> None:
        """Nothing to close: the application is the test's."""
