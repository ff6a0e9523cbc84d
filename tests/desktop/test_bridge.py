"""H4: one way across threads; nothing waits on the window's thread, and nothing stale gets through."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from rollbook.client.values import RecordsChanged, StatusChanged
from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.loop_thread import NAME, LoopThread


@pytest.fixture
def plain(qtbot: QtBot) -> Iterator[Bridge]:
    """A bridge without a client."""
    loop = LoopThread()
    loop.start()
    made = Bridge(loop)
    yield made
    assert made.close()


def test_h4_work_is_done_elsewhere_and_told_on_the_windows_thread(qtbot: QtBot, plain: Bridge) -> None:
    told: list[tuple[str, str]] = []
    plain.query(
        lambda: threading.current_thread().name,
        lambda name: told.append((name, threading.current_thread().name)),
    )
    qtbot.waitUntil(lambda: bool(told))
    ((there, here),) = told
    assert there.startswith("rollbook-query")
    assert here == threading.main_thread().name


def test_h4_coroutines_run_on_the_named_loop(qtbot: QtBot, plain: Bridge) -> None:
    async def where() -> str:
        return threading.current_thread().name

    told: list[str] = []
    plain.spawn(where(), told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told == [NAME]


def test_h4_commands_go_in_the_order_in_which_they_were_given(qtbot: QtBot, plain: Bridge) -> None:
    done: list[int] = []
    for number in range(50):
        plain.command(lambda number=number: done.append(number))
    qtbot.waitUntil(lambda: len(done) == 50)
    assert done == list(range(50))


def test_h4_a_dropped_answer_reaches_nobody(qtbot: QtBot, plain: Bridge) -> None:
    gate = threading.Event()
    told: list[str] = []
    plain.query(lambda: gate.wait(5) and "old", lambda answer: told.append(str(answer))).drop()
    gate.set()
    plain.query(lambda: "new", told.append)
    qtbot.waitUntil(lambda: bool(told))
    qtbot.wait(50)
    assert told == ["new"]


def test_h4_a_failure_goes_to_who_asked_else_it_is_told_as_unexpected(qtbot: QtBot, plain: Bridge) -> None:
    failed: list[Exception] = []
    unexpected: list[BaseException] = []
    plain.unexpected.connect(unexpected.append)
    plain.query(lambda: 1 / 0, failed=failed.append)
    plain.query(lambda: 1 / 0)
    qtbot.waitUntil(lambda: bool(failed and unexpected))
    assert isinstance(failed[0], ZeroDivisionError)
    assert isinstance(unexpected[0], ZeroDivisionError)


def test_h4_a_burst_of_events_is_merged_and_none_is_lost(qtbot: QtBot, plain: Bridge) -> None:
    changed: list[frozenset[str] | None] = []
    statuses: list[bool] = []
    plain.records_changed.connect(lambda _entity, ids: changed.append(ids))
    plain.status_changed.connect(lambda: statuses.append(True))

    def burst() -> None:
        for number in range(500):
            plain.listen(RecordsChanged("student", (str(number),)))
            plain.listen(StatusChanged())

    threading.Thread(target=burst).start()
    wanted = {str(number) for number in range(500)}
    qtbot.waitUntil(lambda: set().union(*[ids or () for ids in changed]) == wanted)
    assert len(statuses) <= 500


def test_h4_too_many_to_name_stays_too_many(qtbot: QtBot, plain: Bridge) -> None:
    changed: list[frozenset[str] | None] = []
    plain.records_changed.connect(lambda _entity, ids: changed.append(ids))
    for ids in (("a",), None, ("b",)):
        plain.listen(RecordsChanged("student", ids))
    qtbot.waitUntil(lambda: bool(changed))
    assert changed == [None]


def test_h4_the_loop_lets_its_tasks_clean_up_before_it_ends() -> None:
    loop = LoopThread()
    loop.start()
    cleaned = threading.Event()
    begun = threading.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            cleaned.set()

    loop.spawn(work())
    assert begun.wait(5)
    assert loop.stop()
    assert cleaned.is_set()
    assert NAME not in {thread.name for thread in threading.enumerate()}


def test_h4_connections_are_closed_when_no_task_is_left_that_could_open_one() -> None:
    told: list[str] = []
    begun = threading.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.sleep(60)
        finally:
            told.append("the engine has ended")

    async def close() -> None:
        await asyncio.sleep(0.01)
        told.append("closed")

    loop = LoopThread()
    loop.start()
    loop.spawn(work())
    assert begun.wait(5)
    assert loop.stop(ending=close)
    assert told == ["the engine has ended", "closed"]
