"""API clients for tests: quick retries, patient time limits, known chance, a pair of tokens in memory."""

import random
from collections.abc import Callable
from typing import Any

import httpx

from rollbook.api.client import ApiClient
from rollbook.api.credentials import MemoryCredentials
from rollbook.api.exchange import Exchange
from rollbook.domain.clock import Clock, SystemClock
from rollbook.resilience.settings import ResilienceSettings
from support.faulty_server import INSTALLATION

QUICK: dict[str, Any] = {
    "request_timeout_seconds": 20.0,
    "connect_timeout_seconds": 20.0,
    "probe_timeout_seconds": 20.0,
    "retry_base_seconds": 0.001,
    "retry_cap_seconds": 0.002,
}
SERVER_INFO = {"installation": INSTALLATION, "protocol": 1, "version": "0.1.0"}
PAGE = {"changes": [], "cursor": "1.a", "more": False, "head": 0, "position": 0}
SESSION = {
    "access_token": "access-2",
    "refresh_token": "refresh-2",
    "expires_in": 900,
    "user_id": "u",
    "user_name": "user",
    "memberships": [],
}


def api_client(
    url: str,
    *,
    clock: Clock | None = None,
    installation: str | None = INSTALLATION,
    credentials: MemoryCredentials | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    observer: Callable[[Exchange], None] | None = None,
    has_route: Callable[[], bool] = lambda: True,
    **settings: Any,
) -> ApiClient:
    """A client, signed in unless other credentials are given."""
    return ApiClient(
        url,
        settings=ResilienceSettings(**(QUICK | settings)),
        clock=clock or SystemClock(),
        random=random.Random(7),
        device="device-1",
        installation=installation,
        credentials=signed_in() if credentials is None else credentials,
        transport=transport,
        observer=observer,
        has_route=has_route,
    )


def signed_in() -> MemoryCredentials:
    """A pair of tokens."""
    credentials = MemoryCredentials()
    credentials.save("access-1", "refresh-1")
    return credentials
