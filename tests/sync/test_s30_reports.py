"""A desk tells how things stand with its syncs, and never lets that stand in their way (S30)."""

import asyncio
import json
import platform
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from rollbook.client.errors import CallFailedError
from rollbook.domain.roles import Role
from support.client_desk import ClientDesk
from support.school_server import SchoolServer
from sync.conftest import MakeDesk

PATH = "/api/v1/sync/report"


def watched(desk: ClientDesk, answer: Callable[[httpx.Request], Any] | None = None) -> list[dict[str, Any]]:
    """The reports that the desk sends from now on; ``answer`` answers them in the server's stead."""
    sent: list[dict[str, Any]] = []
    passed_on = desk.network.handle_async_request

    async def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == PATH:
            sent.append(json.loads(await request.aread()))
            if answer is not None:
                answered: httpx.Response = await answer(request)
                return answered
        return await passed_on(request)

    desk.network.handle_async_request = handle  # type: ignore[method-assign]
    return sent


def test_s30_a_sync_tells_how_things_stand(
    school: SchoolServer, desk: ClientDesk, make_desk: MakeDesk
) -> None:
    sent, other = watched(desk), make_desk()
    desk.add(given_name="Nikos")
    desk.sync()
    assert sent == []  # nothing is new since its first sync
    other.add(given_name="Eleni", student_number="1")
    other.sync()
    desk.add(given_name="Maria", student_number="1")
    desk.sync()
    desk.sync()
    [told] = sent
    assert (told["waiting"], told["conflicts"], told["recovers"]) == (0, 1, True)
    assert told["outstanding"] == ["conflict"]
    administrator = school.desk(Role.ADMINISTRATOR)
    found = administrator.call("GET", "/api/v1/devices").json()["devices"]
    [device] = [one for one in found if one["user"] == desk.client.account.user_name]
    assert device["report"] == told
    assert told["computer"] == platform.node()


def test_s30_while_offline_nothing_is_sent(school: SchoolServer, desk: ClientDesk) -> None:
    sent = watched(desk)
    desk.add(given_name="Eleni")
    desk.network.down = True
    for _ in range(6):
        with pytest.raises(CallFailedError):
            desk.sync()
    assert sent == []


async def _cut(_request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut")


async def _failing(request: httpx.Request) -> httpx.Response:
    return httpx.Response(500, request=request)


async def _never(_request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(60)
    raise AssertionError


@pytest.mark.parametrize("answer", [_cut, _failing, _never])
def test_s30_a_report_that_fails_holds_up_no_sync(
    make_desk: MakeDesk, answer: Callable[[httpx.Request], Any]
) -> None:
    desk = make_desk(ROLLBOOK_SYNC_REPORT_WAIT_SECONDS="0.1")
    sent = watched(desk, answer)
    for number in range(7):  # more than open a breaker
        saved = desk.add(given_name=f"G{number}")
        status = desk.sync()
        assert desk.state(saved) == "applied"
        assert (status.up_to_date, status.connection, status.breaker) == (True, "online", "closed")
    assert len(sent) == 7


def test_s30_a_desk_whose_push_fails_is_seen(school: SchoolServer, desk: ClientDesk) -> None:
    desk.add(given_name="Eleni")
    desk.network.faults = ["busy"]
    with pytest.raises(CallFailedError):
        desk.sync()
    administrator = school.desk(Role.ADMINISTRATOR)
    [device] = administrator.call("GET", "/api/v1/devices").json()["devices"]
    assert (device["report"]["waiting"], device["report"]["outstanding"][0]) == (1, "queued")
