"""A push that was given up arrives after all, when its entries have been decided on (S7)."""

from typing import Any

import httpx
import pytest

from rollbook.client.errors import CallFailedError
from rollbook.domain.roles import Role
from support.changing_roles import proposals, set_role
from support.client_desk import ClientDesk
from support.damaging import no_header
from support.school_server import SchoolServer
from sync.conftest import MakeDesk


class SlowProxy:
    """Keeps the next push that it is told to, and hands it on when nobody waits for it any more."""

    def __init__(self, school: SchoolServer, desk: ClientDesk) -> None:
        self._school, self._inner = school, desk.network.handle_async_request
        self.keep, self.kept = False, list[httpx.Request]()
        desk.network.handle_async_request = self._handle  # type: ignore[method-assign]

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        if self.keep and request.url.path.endswith(("/sync/push", "/sync/proposals")):
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


def test_s23_a_late_proposal_is_not_taken_after_its_entry_was_discarded(
    school: SchoolServer, desk: ClientDesk, proxy: SlowProxy, make_desk: MakeDesk
) -> None:
    """Found by an attack: a registrar accepted what its owner had discarded."""
    registrar = make_desk()
    student = desk.add(given_name="Eleni", phone="1").entity_id
    desk.sync(), registrar.sync()
    saved = desk.change(student, phone="2")
    set_role(school, desk, Role.VIEWER)
    desk.network.cut_pulls = True
    with pytest.raises(CallFailedError):
        desk.sync()  # refused: the feed, which would say why, is away
    desk.network.cut_pulls, proxy.keep = False, True
    desk.crash()
    with pytest.raises(CallFailedError):
        desk.sync()
    proxy.keep = False
    [kept] = [each for each in proxy.kept if each.url.path.endswith("/sync/proposals")]
    set_role(school, desk, Role.REGISTRAR)
    registrar.change(student, phone="9")
    registrar.sync()
    desk.crash()
    for _round in range(2):
        desk.sync()
    desk.client.discard(str(saved.op_id))
    desk.sync()
    set_role(school, desk, Role.VIEWER)
    proxy.kept = [kept]
    assert proxy.hand_on().json()["error"] == "arrived-late"
    assert proposals(registrar) == []


@pytest.mark.parametrize("fence", [2**53 - 1, 2**53])
def test_s7_a_count_that_ran_wild_locks_nobody_out(
    school: SchoolServer, desk: ClientDesk, fence: int
) -> None:
    desk.add(given_name="Eleni")
    with desk.client._store.write() as connection:
        connection.exec_driver_sql("INSERT OR REPLACE INTO meta VALUES ('fence', ?)", (str(fence),))
    assert desk.sync().up_to_date
    with desk.client._store.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '0' WHERE name = 'fence'")
    for name in ("Nikos", "Anna"):
        desk.add(given_name=name)
        assert desk.sync().up_to_date


def test_s28_a_rescued_store_takes_what_was_asked_before_for_late(
    school: SchoolServer, desk: ClientDesk, proxy: SlowProxy
) -> None:
    """Found by an attack: the count was gone with the damaged file."""
    desk.add(given_name="Eleni")
    proxy.keep = True
    for _cut in range(3):
        with pytest.raises(CallFailedError):
            desk.sync()
        desk.crash()
    proxy.keep = False
    desk.client.close()
    no_header(desk.client.account.store)
    desk.client = desk._open()
    desk.add(given_name="Nikos")
    desk.sync()
    while proxy.kept:
        assert proxy.hand_on().json()["error"] == "arrived-late"
