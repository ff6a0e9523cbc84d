"""A push that was given up arrives after all, when its entries have been decided on (S7)."""

from typing import Any

import httpx
import pytest

from rollbook.client.errors import CallFailedError
from rollbook.domain.roles import Role
from support.changing_roles import set_role
from support.client_desk import ClientDesk
from support.school_server import SchoolServer
from sync.conftest import MakeDesk


class SlowProxy:
    """Keeps the next push that it is told to, and hands it on when nobody waits for it any more."""

    def __init__(self, school: SchoolServer, desk: ClientDesk) -> None:
        self._school, self._inner = school, desk.network.handle_async_request
        self.keep, self.kept = False, list[httpx.Request]()
        desk.network.handle_async_request = self._handle  # type: ignore[method-assign]

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        if self.keep and request.url.path.endswith("/sync/push"):
            await request.aread()
            self.kept.append(request)
            raise httpx.ReadTimeout("no answer")
        return await self._inner(request)

    def hand_on(self) -> Any:
        """What the school answers to it, which nobody reads."""
        request = self.kept.pop()
        return self._school.client.request(
            "POST", str(request.url), content=request.content, headers=dict(request.headers)
        )


@pytest.fixture
def proxy(school: SchoolServer, desk: ClientDesk) -> SlowProxy:
    """Between that desk and the school."""
    return SlowProxy(school, desk)


def test_s7_what_was_refused_meanwhile_does_not_come_with_a_late_push(
    school: SchoolServer, desk: ClientDesk, proxy: SlowProxy
) -> None:
    """Found by a history: the person discarded it, and it was at the school all the same."""
    saved = desk.add(given_name="Eleni")
    proxy.keep = True
    with pytest.raises(CallFailedError):
        desk.sync()
    assert desk.state(saved) == "unknown"
    proxy.keep = False
    set_role(school, desk, Role.VIEWER)
    desk.network.cut_pulls = True  # so that the desk does not learn why
    with pytest.raises(CallFailedError):
        desk.sync()
    assert desk.state(saved) == "parked"
    desk.client.discard(str(saved.op_id))
    set_role(school, desk, Role.REGISTRAR)
    late = proxy.hand_on()
    desk.crash()  # and starts with a closed breaker
    assert (late.status_code, late.json()["error"]) == (409, "arrived-late")
    desk.network.cut_pulls = False
    assert desk.sync().up_to_date
    assert school.rows("SELECT 1 FROM student WHERE school_id = :school") == []


def test_s7_one_that_comes_before_the_next_try_counts_once(
    school: SchoolServer, desk: ClientDesk, proxy: SlowProxy
) -> None:
    desk.add(given_name="Eleni")
    proxy.keep = True
    with pytest.raises(CallFailedError):
        desk.sync()
    proxy.keep = False
    assert proxy.hand_on().status_code == 200
    assert desk.sync().up_to_date
    assert len(school.rows("SELECT 1 FROM history WHERE school_id = :school")) == 1


def test_s7_a_desk_that_was_put_back_counts_on_from_what_the_school_knows(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    desk = make_desk()
    desk.sync()
    for _cut in range(3):
        desk.add(given_name="Eleni")
        desk.network.faults = ["drop after commit"]
        with pytest.raises(CallFailedError):
            desk.sync()
    assert desk.sync().up_to_date
    with desk.client._store.write() as connection:  # as in a copy of long ago
        connection.exec_driver_sql("UPDATE meta SET value = '0' WHERE name = 'fence'")
    desk.add(given_name="Nikos")
    assert desk.sync().up_to_date
    assert len(school.rows("SELECT 1 FROM student WHERE school_id = :school")) == 4
