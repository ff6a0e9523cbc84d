"""An entry that is due and does not go is noticed, whatever the defect that holds it (S25)."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
import structlog
from structlog.testing import LogCapture

from rollbook.store import causes, lease
from rollbook.store.database import open_store
from rollbook.store.unexplained import without_a_reason
from rollbook.sync import overdue
from rollbook.sync.overdue import OverdueWatch
from support.client_desk import ClientDesk
from support.school_server import SchoolServer
from support.settable_clock import SettableClock

MakeDesk = Callable[..., ClientDesk]
PATIENT = {"ROLLBOOK_SYNC_OVERDUE_SECONDS": "0"}


def planted(patch: pytest.MonkeyPatch) -> None:
    """A defect as in other programs: the queue is read, and nothing in it is ever found due."""
    patch.setattr(causes, "are_met", lambda _connection, _causes: False)


def test_s25_a_due_entry_that_nothing_sends_is_reported(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(**PATIENT)
    desk.sync()
    saved = desk.add(given_name="Nikos")
    logs = LogCapture()
    heard = structlog.wrap_logger(None, processors=[logs], wrapper_class=structlog.stdlib.BoundLogger)
    monkeypatch.setattr(overdue, "log", heard)
    with monkeypatch.context() as patch:
        planted(patch)
        status = desk.sync()
    assert "overdue" in status.outstanding
    assert [line["op_id"] for line in logs.entries if line["event"] == "entry_overdue"] == [saved.op_id]
    assert desk.sync().outstanding == ()
    assert desk.state(saved) == "applied"


def test_s25_what_a_crash_left_on_its_way_and_nothing_returns_is_reported(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(**PATIENT)
    desk.sync()
    desk.add(given_name="Nikos")
    desk.client._store.close()
    store = open_store(desk.client.account.store)
    with store.write() as connection:
        lease.lease(connection, "device", 10)
    store.close()
    desk.crash()
    monkeypatch.setattr(lease, "recover", lambda _connection: 0)
    assert "overdue" in desk.sync().outstanding


def test_s25_a_wait_with_a_reason_is_no_defect(make_desk: MakeDesk, school: SchoolServer) -> None:
    desk = make_desk(**PATIENT)
    desk.sync()
    number = desk.add(given_name="Nikos", student_number="A-1")
    desk.sync()
    taken = desk.add(given_name="Eleni", student_number="A-1")
    assert desk.sync().outstanding == ("conflict",)
    desk.change(taken.entity_id, phone="2")  # waits behind the one that a person must decide
    status = desk.sync()
    assert "overdue" not in status.outstanding
    assert desk.state(number) == "applied"


def test_s25_a_lane_that_backs_off_is_no_defect(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.add(given_name="Nikos")
    store = open_store(desk.client.account.store)
    with store.read() as connection:
        assert len(without_a_reason(connection, ())) == 1
        [(lane,)] = desk.sql("SELECT lane FROM operation_lane")
        assert without_a_reason(connection, (lane,)) == []
    store.close()


def test_s25_only_what_stays_due_for_long_is_a_defect(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.add(given_name="Nikos")
    store = open_store(desk.client.account.store)
    clock = SettableClock()
    watch = OverdueWatch(store, clock, patience=60.0)
    assert not watch.look(())
    clock.advance(59.0)
    assert not watch.look(())
    clock.advance(1.0)
    assert watch.look(())
    assert not watch.look(())  # it is told once
    assert len(watch.overdue) == 1
    store.close()


async def test_s25_a_computer_that_wakes_from_sleep_asks_at_once(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    desk = await asyncio.to_thread(make_desk, ROLLBOOK_SYNC_WATCH_SECONDS="0.05")
    clock = SettableClock()
    desk.client._engine._clock = clock
    running = asyncio.create_task(desk.client.run())
    await until(lambda: desk.client.status().up_to_date)
    asked = -1
    while asked != looks(desk):  # then there is nothing to ask for until the poll
        asked = looks(desk)
        await asyncio.sleep(1.0)
    clock.advance(3600.0)
    await until(lambda: looks(desk) > asked)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await desk.client.aclose()


def looks(desk: ClientDesk) -> int:
    """How often it has asked whether there is more."""
    return desk.network.paths.count("/api/v1/sync/changes")


async def until(true: Callable[[], bool]) -> None:
    """Wait until it is true, 20 s at most."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


def test_s25_who_saves_without_a_pause_keeps_nobodys_changes_away(make_desk: MakeDesk) -> None:
    """Each answer to a push finds another entry saved: the pull comes all the same."""
    one, other = make_desk(), make_desk()
    one.sync()
    theirs = other.add(given_name="Theirs").entity_id
    other.sync()
    answered = one.network.handle_async_request

    async def saving(request: httpx.Request) -> httpx.Response:
        answer = await answered(request)
        if request.url.path.endswith("/sync/push"):
            assert one.network.pushes < 20, "nothing but sending"
            one.add(given_name="Saved meanwhile")
        return answer

    one.network.handle_async_request = saving  # type: ignore[method-assign]
    one.add(given_name="Mine")
    status = one.sync()
    assert one.values(theirs)["given_name"] == "Theirs"
    assert (status.queued, one.network.pushes) == (1, 1)  # that one goes with the next round
    one.network.handle_async_request = answered  # type: ignore[method-assign]
    assert one.sync().up_to_date
