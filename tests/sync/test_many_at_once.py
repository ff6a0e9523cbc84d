"""Many entries of one run: whole or not at all for the person, and nobody waits long for them (D9, S1)."""

import asyncio
import threading

import pytest

from rollbook.client.values import Edit, RefusedEntryError
from rollbook.domain import checkpoints
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

NAMES = "SELECT given_name, version FROM student WHERE school_id = :school ORDER BY given_name"


class Gone(BaseException):
    """The process ends here."""


def _students(count: int) -> list[Edit]:
    return [Edit("student", None, {"given_name": f"Student {number:04}"}) for number in range(count)]


def test_d9_one_wrong_row_among_many_stores_nothing(desk: ClientDesk) -> None:
    edits = [*_students(600), Edit("student", None, {"given_name": "Eleni", "birth_date": "31.2.2014"})]
    with pytest.raises(RefusedEntryError):
        desk.client.save_many(edits, desk.client.new_run())
    assert desk.shown() == []
    assert desk.client.status().up_to_date


def test_d9_another_save_goes_between_the_parts_of_an_import(desk: ClientDesk) -> None:
    seen: list[int] = []
    done = threading.Event()

    def add() -> None:
        seen.append(len(desk.shown()))
        desk.add(given_name="In between")
        seen.append(len(desk.shown()))
        done.set()

    other = threading.Thread(target=add)

    def begin(point: str) -> None:
        if point == "client.save_many.part" and not seen and not other.is_alive():
            other.start()
            done.wait(30)

    checkpoints.observe(begin)
    try:
        saved = desk.client.save_many(_students(2_000), desk.client.new_run())
    finally:
        checkpoints.observe(None)
        other.join()
    assert 0 < seen[0] < seen[1] < 2_000
    assert len({each.entity_id for each in saved}) == 2_000
    assert [row["given_name"] for row in desk.shown()][1:] == [f"Student {n:04}" for n in range(2_000)]


@pytest.mark.parametrize("point", ["client.save_many.kept", "client.save_many.part"])
def test_d9_an_import_that_was_cut_is_whole_after_the_next_start(
    school: SchoolServer, desk: ClientDesk, point: str
) -> None:
    def die(passed: str) -> None:
        if passed == point:
            raise Gone

    checkpoints.observe(die)
    with pytest.raises(Gone):
        desk.client.save_many(_students(700), desk.client.new_run())
    checkpoints.observe(None)
    desk.crash()
    assert len(desk.shown()) < 700
    assert "importing" in desk.client.status().outstanding
    assert desk.sync().up_to_date
    assert school.rows(NAMES) == [(f"Student {number:04}", 1) for number in range(700)]
    assert desk.sql("SELECT count(DISTINCT run), count(*) FROM operation WHERE run IS NOT NULL") == [(1, 700)]


def test_d9_two_that_go_on_with_one_import_store_each_entry_once(desk: ClientDesk) -> None:
    def meanwhile(passed: str) -> None:
        if passed == "client.save_many.kept":
            checkpoints.observe(None)
            desk.client._saving.go_on()  # as another process does that starts now

    checkpoints.observe(meanwhile)
    saved = desk.client.save_many(_students(700), desk.client.new_run())
    assert len(desk.shown()) == 700
    assert {each.op_id for each in saved} == {op_id for (op_id,) in desk.sql("SELECT op_id FROM operation")}


def test_d9_a_row_that_others_made_impossible_is_told_and_the_rest_is_stored(desk: ClientDesk) -> None:
    edits = _students(600)
    edits[400] = Edit("student", desk.add(given_name="Goes").entity_id, {"phone": "1"}, seen={"phone": None})

    def meanwhile(passed: str) -> None:
        if passed == "client.save_many.kept":
            checkpoints.observe(None)
            [entry] = desk.client.entries()
            assert desk.client.take_back(entry.op_id)

    checkpoints.observe(meanwhile)
    saved = desk.client.save_many(edits, desk.client.new_run())
    assert [each.state for each in saved if each.op_id is None] == ["refused"]
    assert len(desk.shown()) == 599


def test_d9_a_row_of_a_cut_import_that_others_made_impossible_is_left_for_a_person(
    school: SchoolServer, desk: ClientDesk
) -> None:
    edits = _students(600)
    edits[400] = Edit("student", desk.add(given_name="Goes").entity_id, {"phone": "1"}, seen={"phone": None})

    def die(passed: str) -> None:
        if passed == "client.save_many.kept":
            raise Gone

    checkpoints.observe(die)
    with pytest.raises(Gone):
        desk.client.save_many(edits, desk.client.new_run())
    checkpoints.observe(None)
    [entry] = desk.client.entries()
    assert desk.client.take_back(entry.op_id)
    desk.crash()
    status = desk.sync()
    assert (status.parked, status.up_to_date) == (1, False)
    [kept] = desk.client.entries()
    assert kept.fields["phone"][1] == "1"
    assert kept.problem is not None
    assert "no such record" in str(kept.problem)
    assert len(school.rows(NAMES)) == 599
    desk.client.discard(kept.op_id)
    assert desk.sync().up_to_date
    assert len(desk.shown()) == 599


def test_d9_the_running_engine_goes_on_with_what_was_cut(school: SchoolServer, desk: ClientDesk) -> None:
    def die(passed: str) -> None:
        if passed == "client.save_many.kept":
            raise Gone

    checkpoints.observe(die)
    with pytest.raises(Gone):
        desk.client.save_many(_students(300), desk.client.new_run())
    checkpoints.observe(None)
    desk.crash()

    async def run() -> None:
        running = asyncio.create_task(desk.client.run())
        while len(school.rows(NAMES)) < 300:
            await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await desk.client.aclose()

    asyncio.run(asyncio.wait_for(run(), 60))
