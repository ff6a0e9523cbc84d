"""The running engine over a real socket: live, offline and back by itself (S1, S11, S19, S25, R5)."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rollbook.client.facade import Client
from rollbook.client.opening import connect, open_client
from rollbook.client.settings import load_settings
from rollbook.client.values import Edit
from support.server_process import PASSWORD, ServerProcess

SETTINGS = {"ROLLBOOK_KEYRING": "0", "ROLLBOOK_BREAKER_RECOVERY_SECONDS": "2"}


@pytest.fixture
def server(tmp_path: Path):  # type: ignore[no-untyped-def]
    """The server, running, with a registrar."""
    one = ServerProcess(tmp_path / "server")
    one.create_user()
    with one:
        yield one


@asynccontextmanager
async def running(data: Path, server: ServerProcess) -> AsyncIterator[Client]:
    """A connected client whose engine runs."""
    settings = load_settings(data, SETTINGS)
    await connect(data, server.url, "registrar", PASSWORD, settings=settings)
    client = open_client(data, settings=settings)
    engine = asyncio.create_task(client.run())
    try:
        await until(lambda: client.status().up_to_date, 10)
        yield client
    finally:
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)
        await client.aclose()
        client.close()


async def until(true: Callable[[], bool], seconds: float) -> float:
    """Wait until it is true; returns the seconds that it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not come true in time"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


def add(client: Client, **values: str) -> Awaitable:  # type: ignore[type-arg]
    """Save off the loop, as the window does."""
    return asyncio.to_thread(client.save, Edit("student", None, values))


async def test_s1_a_save_online_is_followed_to_its_answer(server: ServerProcess, tmp_path: Path) -> None:
    async with running(tmp_path / "a", server) as client:
        saved = await add(client, given_name="Nikos")
        answer = await client.follow(saved, 5)
        assert answer.outcome == "applied"
        assert answer.request_id
        await until(lambda: client.status().up_to_date, 5)


async def test_s19_an_edit_on_one_computer_is_on_the_other_within_a_second(
    server: ServerProcess, tmp_path: Path
) -> None:
    async with running(tmp_path / "a", server) as one, running(tmp_path / "b", server) as other:
        await asyncio.sleep(1.0)  # both listen
        for number in range(3):
            saved = await add(one, given_name=f"Nikos {number}")
            took = await until(lambda: other.record("student", saved.entity_id) is not None, 5)  # noqa: B023
            assert took < 1.5, took  # a second, and room for a shared machine


async def test_s11_s25_r5_offline_is_told_and_recovery_needs_nobody(
    server: ServerProcess, tmp_path: Path
) -> None:
    async with running(tmp_path / "a", server) as client:
        server.kill()
        saved = await add(client, given_name="Nikos")
        await until(lambda: client.status().connection == "offline", 4)
        status = client.status()
        assert (status.reason, status.waiting, status.up_to_date) == ("server_unreachable", 1, False)
        assert status.breaker == "open"
        await asyncio.sleep(6)  # several probes find nobody
        await asyncio.to_thread(server.start)
        took = await until(lambda: client.status().up_to_date, 10)
        assert took < 5.0, took
        entry = client.entry(str(saved.op_id))
        assert entry is not None
        assert entry.state == "applied"


async def test_s26_what_another_process_saved_goes_by_itself(server: ServerProcess, tmp_path: Path) -> None:
    async with running(tmp_path / "a", server) as client:
        other = open_client(tmp_path / "a", settings=load_settings(tmp_path / "a", SETTINGS))
        saved = await asyncio.to_thread(other.save, Edit("student", None, {"given_name": "Nikos"}))
        await until(lambda: client.entry(str(saved.op_id)).state == "applied", 5)  # type: ignore[union-attr]
        other.close()


async def test_w3_work_offline_is_a_persons_wish(server: ServerProcess, tmp_path: Path) -> None:
    async with running(tmp_path / "a", server) as client:
        client.work_offline(True)
        saved = await add(client, given_name="Nikos")
        await asyncio.sleep(1.0)
        status = client.status()
        assert (status.connection, status.reason, status.waiting) == ("offline", "work_offline", 1)
        client.work_offline(False)
        answer = await client.follow(saved, 5)
        assert answer.outcome == "applied"


async def test_w6_a_person_who_asks_to_sync_now_does_not_wait_for_the_breaker(
    server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SETTINGS, "ROLLBOOK_BREAKER_RECOVERY_SECONDS", "60")
    async with running(tmp_path / "a", server) as client:
        server.kill()
        await add(client, given_name="Nikos")
        await until(lambda: client.status().breaker == "open", 5)
        await asyncio.to_thread(server.start)
        client.wake(hurry=True)
        await until(lambda: client.status().up_to_date, 5)


async def test_s24_a_stopped_engine_is_never_up_to_date(
    server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path / "a", server) as client:

        async def defect() -> float:
            raise RuntimeError("a defect")

        monkeypatch.setattr(client._engine, "_round", defect)
        client.wake()
        await until(lambda: "engine_stopped" in client.status().outstanding, 5)
        assert not client.status().up_to_date
