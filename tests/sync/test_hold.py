"""A server that asks to wait holds the running engine, whatever a person or another save asks (S9)."""

import asyncio

import httpx
import pytest

from support.client_desk import ClientDesk


async def pushes_under(desk: ClientDesk, fault: str) -> int:
    """Pushes in a second and a half in which a person saves and hurries, after the first met ``fault``."""
    desk.network.faults = [fault]
    engine = asyncio.create_task(desk.client.run())
    try:
        while not desk.network.pushes:
            await asyncio.sleep(0.01)
        for number in range(10):
            await asyncio.to_thread(desk.add, given_name=f"Eleni {number}")
            desk.client.wake(hurry=True)
            await asyncio.sleep(0.15)
        return desk.network.pushes
    finally:
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)
        await desk.client.aclose()


def test_s9_retry_after_holds_the_engine_and_nobody_can_hurry_it(
    desk: ClientDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = desk.network.refusing

    async def for_a_minute(request: httpx.Request, code: str, _headers: object) -> httpx.Response:
        return await refusing(request, code, {"Retry-After": "60"})

    monkeypatch.setattr(desk.network, "refusing", for_a_minute)
    desk.add(given_name="Nikos")
    assert asyncio.run(pushes_under(desk, "busy")) == 1
    status = desk.client.status()
    assert status.queued == 11  # nothing was lost, and none counts as failed for it
    assert (status.failed, status.unknown, status.parked) == (0, 0, 0)
    assert status.next_attempt_in is not None
    assert 40.0 < status.next_attempt_in < 60.0
    assert status.reason == "server_failing"


def test_s9_without_such_a_wish_a_person_can_hurry_it(desk: ClientDesk) -> None:
    """Else the test above would prove nothing."""
    desk.add(given_name="Nikos")
    assert asyncio.run(pushes_under(desk, "drop before send")) > 1
