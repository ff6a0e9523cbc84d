"""A server that is told to end while the weather service hangs ends all the same (R7, R12)."""

import asyncio
import time
from pathlib import Path

import httpx

from support.faulty_server import FaultyServer, then_hang
from support.server_process import PASSWORD, ServerProcess

WAITS_SECONDS = "60"


async def test_r12_a_hanging_service_does_not_hold_up_the_servers_end(tmp_path: Path) -> None:
    async with FaultyServer(then_hang()) as weather:
        settings = {
            "ROLLBOOK_WEATHER_URL": weather.url,
            "ROLLBOOK_WEATHER_LATITUDE": "37.98",
            "ROLLBOOK_WEATHER_SECONDS": WAITS_SECONDS,
            "ROLLBOOK_SHUTDOWN_SECONDS": "0.5",
        }
        server = ServerProcess(tmp_path, env=settings)
        await asyncio.to_thread(server.create_user)
        with server:
            async with httpx.AsyncClient(base_url=server.url, timeout=float(WAITS_SECONDS)) as client:
                who = {"name": "registrar", "password": PASSWORD, "device": "a-computer"}
                session = (await client.post("/api/v1/auth/sign-in", json=who)).json()
                bearer = {"Authorization": f"Bearer {session['access_token']}"}
                asking = asyncio.create_task(client.get("/api/v1/dashboard", headers=bearer))
                while not weather.requests:
                    await asyncio.wait({asking}, timeout=0.02)
                    assert not asking.done()
                began = time.monotonic()
                assert await asyncio.to_thread(server.stop) == 0
                assert time.monotonic() - began < 15
                await asyncio.gather(asking, return_exceptions=True)
    said = server.stderr()
    assert "Traceback" not in said
    assert "never awaited" not in said
