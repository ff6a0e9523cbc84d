"""The truth, from the tables (S22, S24 to S28)."""

import asyncio
import sqlite3
from collections.abc import Callable

import pytest

from rollbook.resilience.failures import CallFailedError
from rollbook.store import meta
from rollbook.store.database import open_store
from rollbook.store.errors import StoreDamagedError, StoreFullError
from rollbook.sync.engine import EngineBusyError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer


def test_s24_up_to_date_only_with_nothing_outstanding(school: SchoolServer, desk: ClientDesk) -> None:
    assert desk.sync().up_to_date
    desk.add(given_name="Nikos")
    status = desk.client.status()
    assert not status.up_to_date
    assert status.outstanding == ("queued",)
    assert status.oldest_waiting_at is not None
    assert desk.sync().up_to_date


def test_s24_never_up_to_date_while_the_head_cannot_be_known(desk: ClientDesk) -> None:
    desk.crash()  # a new process has not asked anybody yet
    status = desk.client.status()
    assert (status.connection, status.up_to_date) == ("offline", False)
    assert "head_unconfirmed" in status.outstanding


def test_s24_a_look_finds_that_there_is_more(school: SchoolServer, make_desk) -> None:  # type: ignore[no-untyped-def]
    one, other = make_desk(), make_desk()
    other.sync()
    one.add(given_name="Nikos")
    one.sync()

    async def look():  # type: ignore[no-untyped-def]
        try:
            return await other.client.probe()
        finally:
            await other.client.aclose()

    status = asyncio.run(look())
    assert (status.up_to_date, status.outstanding) == (False, ("not_pulled",))
    assert other.shown() == []


def test_s24_the_status_counts_what_is_shown(desk: ClientDesk) -> None:
    sent = [desk.add(given_name=name).entity_id for name in ("A", "B", "C")]
    desk.sync()
    desk.client.archive("student", sent[0])
    unsent = [desk.add(given_name=name).entity_id for name in ("D", "E")]
    desk.client.archive("student", unsent[0])

    def counted() -> list[tuple[int]]:
        return desk.sql("SELECT count(*) FROM student WHERE deleted = 0")

    assert counted() == [(desk.client.status().records,)] == [(3,)]
    assert desk.sync().records == 3
    assert counted() == [(3,)]


def test_s22_a_server_that_went_back_is_read_anew(school: SchoolServer, make_desk) -> None:  # type: ignore[no-untyped-def]
    one, other = make_desk(), make_desk()
    kept = one.add(given_name="Kept").entity_id
    one.sync()
    one.add(given_name="Lost")
    one.sync()
    other.sync()
    assert len(other.shown()) == 2
    _forget_last_feed_row(school)
    other.change(kept, phone="1")
    assert other.sync().up_to_date
    assert [row["given_name"] for row in other.shown()] == ["Kept"]
    assert other.values(kept)["phone"] == "1"


def _forget_last_feed_row(school: SchoolServer) -> None:
    from sqlalchemy import text

    from rollbook.server.sync.sums import set_right

    def forget(connection):  # type: ignore[no-untyped-def]
        for statement in (
            "DELETE FROM student WHERE given_name = 'Lost'",
            "DELETE FROM feed WHERE position = (SELECT max(position) FROM feed)",
            "UPDATE school_feed SET head = head - 1",
        ):
            connection.execute(text(statement))
        set_right(connection, school.school_id)  # a backup has the sums of its own time

    school.write(forget)


def test_s26_one_engine_for_each_store(desk: ClientDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    from rollbook.store.engine_lock import EngineLock

    monkeypatch.setattr("rollbook.client.handover.handed._BUSY_SECONDS", 0.5)  # half a minute for people
    other = EngineLock(desk.client.account.folder)
    assert other.take()
    with pytest.raises(EngineBusyError):
        desk.sync()
    other.release()
    assert desk.sync().up_to_date


def test_s27_signing_out_keeps_what_waits(school: SchoolServer, desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    asyncio.run(_sign_out(desk))
    with pytest.raises(CallFailedError):
        desk.sync()
    assert (desk.client.status().connection, desk.state(saved)) == ("signed_out", "queued")
    from support.server_process import PASSWORD

    async def again() -> None:
        await desk.client.sign_in(PASSWORD)
        await desk.client.aclose()

    asyncio.run(again())
    assert desk.sync().up_to_date


async def _sign_out(desk: ClientDesk) -> None:
    await desk.client.sign_out()
    await desk.client.aclose()


def test_s28_a_store_of_a_later_version_is_left_alone(desk: ClientDesk) -> None:
    file = desk.client.account.store
    desk.close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreDamagedError, match="later version"):
        open_store(file)


def test_s28_a_full_disk_is_a_clear_error_and_nothing_is_half_saved(desk: ClientDesk) -> None:
    before = desk.add(given_name="Before")
    with desk.client._store._one_writer, desk.client._store._writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFullError, match="Free some space"):
        _fill(desk)
    shown = len(desk.shown())
    assert desk.client.status().waiting == shown  # each entry is there with its record, or neither is
    assert desk.state(before) == "queued"
    desk.crash()  # space was freed
    assert desk.sync().up_to_date


def test_s24_what_the_disk_had_no_room_for_is_outstanding_though_small_writes_go_well(
    make_desk: Callable[..., ClientDesk],
) -> None:
    desk, other = make_desk(), make_desk()
    desk.sync()
    for number in range(40):
        other.add(given_name=f"Student {number}", address="x" * 400)
    other.sync()
    with desk.client._store.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFullError):
        desk.sync()
    with desk.client._store.write() as connection:
        meta.put(connection, "small", "1")
    assert desk.client.status().outstanding == ("not_pulled",)
    with desk.client._store.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 4294967294")
    assert desk.sync().up_to_date


def _fill(desk: ClientDesk) -> None:
    for number in range(2_000):
        desk.add(given_name=f"Student {number}", address="x" * 400)


def test_s28_no_store_is_a_clear_error_and_the_file_stays(desk: ClientDesk) -> None:
    file = desk.client.account.store
    desk.close()
    for sidecar in ("", "-wal", "-shm"):
        file.with_name(file.name + sidecar).write_bytes(b"this is no database " * 100)
    with pytest.raises(StoreDamagedError, match="Nothing was deleted"):
        open_store(file)
    assert file.read_bytes().startswith(b"this is no database")
