"""A photo goes with the entry that names it, and before it (S31)."""

import os
from collections.abc import Callable

import httpx
import pytest

from rollbook.client.values import RefusedEntryError
from rollbook.domain.files import CHUNK_BYTES, MAX_FILE_BYTES
from rollbook.exchange import match_columns
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

MakeDesk = Callable[..., ClientDesk]
PNG = b"\x89PNG\r\n\x1a\n" + os.urandom(3 * CHUNK_BYTES)


def _count(desk: ClientDesk, method: str, left: list[int] | None = None) -> list[str]:
    """Requests about files from now on; with ``left``, all fail once so many have gone through."""
    inner, seen = desk.network.handle_async_request, []

    async def counting(request: httpx.Request) -> httpx.Response:
        if "/files/" in request.url.path and request.method == method:
            if left is not None and not left[0]:
                raise httpx.ConnectError("cut")
            if left is not None:
                left[0] -= 1
            seen.append(request.url.path)
        return await inner(request)

    desk.network.handle_async_request = counting  # type: ignore[method-assign]
    return seen


def test_s31_a_photo_taken_offline_reaches_the_school_and_another_desk(
    make_desk: MakeDesk, school: SchoolServer
) -> None:
    one, other = make_desk(), make_desk()
    one.network.down = True
    student = one.photographed(PNG)
    one.crash()  # the chunks were stored with the entry
    assert one.photo(student) == PNG
    one.network.down = False
    assert one.sync().up_to_date
    other.sync()
    fetched = _count(other, "GET")
    assert other.photo(student) == PNG
    assert len(fetched) == 5  # the manifest and its four chunks
    assert other.photo(student) == PNG
    assert len(fetched) == 5  # kept here


def test_s31_after_a_cut_only_what_is_missing_is_sent(desk: ClientDesk, school: SchoolServer) -> None:
    student = desk.photographed(PNG)
    sent = _count(desk, "PUT", left=[2])
    with pytest.raises(Exception, match="reached"):
        desk.sync()
    assert len(school.rows("SELECT 1 FROM file_chunk WHERE school_id = :school")) == len(sent) == 2
    assert school.rows("SELECT 1 FROM student WHERE school_id = :school") == []
    assert {entry.state for entry in desk.client.entries()} == {"queued"}
    desk.crash()
    del desk.network.handle_async_request  # the network is whole again
    again = _count(desk, "PUT")
    assert desk.sync().up_to_date
    assert len(again) == 3
    assert set(again).isdisjoint(sent)
    assert desk.photo(student) == PNG


def test_s31_chunks_that_the_server_has_lost_are_sent_anew(desk: ClientDesk, school: SchoolServer) -> None:
    inner, lost = desk.network.handle_async_request, []

    async def losing(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/sync/push") and not lost:
            lost.append(1)
            school.write(lambda connection: connection.exec_driver_sql("DELETE FROM file_chunk"))
        return await inner(request)

    desk.network.handle_async_request = losing  # type: ignore[method-assign]
    student = desk.photographed(PNG)
    status = desk.sync()
    assert (status.failed, status.needs_you) == (2, 0)  # both ride in one, tried again by itself
    assert desk.sync().up_to_date
    assert desk.photo(student) == PNG


def test_s31_a_file_that_the_school_has_no_room_for_needs_a_person(
    make_desk: MakeDesk, school: SchoolServer
) -> None:
    desk = make_desk()
    desk.sync()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync()
    saved = desk.client.attach("student", student, "photo", PNG)
    other = desk.add(given_name="Nikos")
    with school.with_settings(file_quota_bytes=10):
        assert desk.sync().parked == 1
    assert (desk.state(saved), desk.state(other)) == ("parked", "applied")
    desk.client.retry(str(saved.op_id))
    assert desk.sync().up_to_date


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"%PDF-1.7", b"\xff\xd8\xff" + b"0" * MAX_FILE_BYTES])
def test_s31_what_is_no_picture_or_too_large_is_refused_here(desk: ClientDesk, content: bytes) -> None:
    student = desk.add(given_name="Eleni").entity_id
    with pytest.raises(RefusedEntryError):
        desk.client.attach("student", student, "photo", content)
    assert desk.sql("SELECT count(*) FROM file_chunk") == [(0,)]
    assert desk.values(student)["photo"] is None


def test_s31_what_waits_is_never_trimmed_from_this_computer(make_desk: MakeDesk) -> None:
    one, other = make_desk(), make_desk(ROLLBOOK_SYNC_FILE_CACHE_BYTES="1")
    student = one.photographed(PNG)
    one.sync()
    other.sync()
    waiting = other.add(given_name="Nikos").entity_id
    other.client.attach("student", waiting, "photo", PNG + b"1")
    assert other.photo(student) == PNG  # fetched, and too much for the cache
    assert other.photo(waiting) == PNG + b"1"
    assert other.sync().up_to_date
    one.sync()
    assert one.photo(waiting) == PNG + b"1"


def test_s31_a_photo_is_no_column_of_an_import() -> None:
    mapping = match_columns(["Family name", "photo"])
    assert mapping.column_of("photo") is None
