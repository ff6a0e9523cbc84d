"""A proxy that keeps the live stream back: told as silent, and polling goes on (S19)."""

import asyncio
from pathlib import Path

import pytest

from rollbook.client.facade import Client
from rollbook.client.opening import connect, open_client
from rollbook.client.settings import load_settings
from rollbook.client.values import Edit
from support.buffering_proxy import BufferingProxy
from support.server_process import PASSWORD, ServerProcess

SETTINGS = {
    "ROLLBOOK_KEYRING": "0",
    "ROLLBOOK_SYNC_POLL_SECONDS": "0.5",
    "ROLLBOOK_SYNC_LIVE_RETRY_SECONDS": "0.1",
    "ROLLBOOK_LIVE_OPENING_SECONDS": "1.5",
    "ROLLBOOK_LIVE_SILENCE_SECONDS": "1.0",
    "ROLLBOOK_BREAKER_FAILURES": "2",
}


async def _desk(data: Path, url: str) -> Client:
    settings = load_settings(data, SETTINGS)
    await connect(data, url, "registrar", PASSWORD, settings=settings)
    return await asyncio.to_thread(open_client, data, settings=settings)


@pytest.mark.parametrize("lets_through", [0, 4_096], ids=["all kept back", "the beginning comes"])
async def test_s19_a_stream_that_is_kept_back_is_noticed_and_polling_brings_the_edit(
    tmp_path: Path, lets_through: int
) -> None:
    server = ServerProcess(tmp_path / "server", env={"ROLLBOOK_EVENTS_HEARTBEAT_SECONDS": "60"})
    await asyncio.to_thread(server.create_user, school="Hill School")
    await asyncio.to_thread(server.start)
    try:
        async with BufferingProxy(server.port, lets_through) as proxy:
            here, there = (
                await _desk(tmp_path / "here", server.url),
                await _desk(tmp_path / "there", proxy.url),
            )
            running = asyncio.create_task(there.run())
            while proxy.streams < 3:  # each was given up
                await asyncio.sleep(0.05)
            assert there.status().connection == "online"  # a silent stream says nothing of the server
            saved = await asyncio.to_thread(here.save, Edit("student", None, {"given_name": "Eleni"}))
            await here.sync_once()
            async with asyncio.timeout(60):
                while there.record("student", saved.entity_id) is None:
                    await asyncio.sleep(0.05)
            assert there.status().connection == "online"
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            for client in (here, there):
                await client.aclose()
                client.close()
    finally:
        await asyncio.to_thread(server.kill)
