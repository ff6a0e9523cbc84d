"""An erasure at the school reaches every desk: rows, entries, history, copies and bytes (D3)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text

from rollbook.cli.notices import lines
from rollbook.client.errors import CallFailedError
from rollbook.client.values import Edit
from rollbook.store.backups import back_up
from rollbook.store.tables import REPLICA
from support.changing_roles import dies_at
from support.client_desk import ClientDesk
from support.erasures import NAME, erase, everything_of, files_with
from support.school_server import SchoolServer
from sync.conftest import MakeDesk

PICTURE = b"\x89PNG\r\n\x1a\n" + b"picture of the student" * 20


def rows_here(desk: ClientDesk) -> int:
    """How many records there are, of all kinds but the school's own."""
    return sum(desk.sql(f'SELECT count(*) FROM "{name}"')[0][0] for name in REPLICA if name != "school")


def test_d3_no_byte_of_the_person_is_left_on_any_desk_nor_at_the_school(
    school: SchoolServer, make_desk: MakeDesk, tmp_path: Path
) -> None:
    desk, other = make_desk(), make_desk()
    student = everything_of(desk)
    other.add(given_name="Sister", family_name="Katz")
    assert other.sync().up_to_date
    back_up(desk.client.account.store)
    assert len(files_with(tmp_path, NAME.encode())) >= 4
    erase(school, student)
    for each in (desk, other):
        assert each.sync().up_to_date
        assert each.client.status().notices == ()
    assert files_with(tmp_path, NAME.encode()) == []
    assert desk.sync().up_to_date  # and what is left is the school's, compared by the sums (S21)
    assert [values["given_name"] for values in desk.shown()] == ["Sister"]
    assert rows_here(desk) == rows_here(other) == 1
    desk.add(given_name="Next")
    assert desk.sync().up_to_date


def test_d3_a_photo_goes_with_the_person(school: SchoolServer, make_desk: MakeDesk, tmp_path: Path) -> None:
    desk, other = make_desk(), make_desk()
    student = everything_of(desk, PICTURE)
    sister = other.photographed(PICTURE + b"another")
    other.sync()
    assert other.photo(student) == PICTURE
    erase(school, student)
    desk.sync(), other.sync()
    assert files_with(tmp_path, PICTURE + b"another") != []
    assert other.photo(sister) == PICTURE + b"another"
    assert desk.sql("SELECT count(*) FROM file_chunk") == [(0,)]
    assert school.rows("SELECT count(*) FROM file_chunk")[0][0] == 2


def test_d3_entries_that_waited_end_and_their_number_is_told(
    school: SchoolServer, make_desk: MakeDesk, tmp_path: Path
) -> None:
    desk, other = make_desk(), make_desk()
    student = everything_of(desk)
    other.sync()
    other.network.down = True
    other.change(student, homeroom=f"Homeroom of {NAME}")
    other.client.save(Edit("note", None, {"student_id": student, "text": f"{NAME} is late"}))
    kept = other.add(given_name="Waits")
    erase(school, student)
    with pytest.raises(CallFailedError):
        other.sync()
    assert other.client.status().queued == 3
    other.network.down = False
    status = other.sync()
    assert (status.waiting, status.needs_you) == (0, 0)
    assert other.state(kept) == "applied"
    [notice] = status.notices
    assert (notice.kind, notice.lost, notice.by) == ("erased", 2, "ada")
    [told, _how_to_say_it_was_read] = lines(other.client)
    assert "erased at the school on request, by ada. 2 entries of yours" in told
    assert notice.entered_at[:10] in told
    assert NAME not in told
    assert files_with(other.data, NAME.encode()) == []
    other.crash()
    assert [each.kind for each in other.client.status().notices] == ["erased"]


def test_d3_an_entry_made_after_the_erasure_was_known_ends_likewise(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    desk, other = make_desk(), make_desk()
    values = {"given_name": NAME, "source_system": "sis", "sourced_id": "7", "student_number": "0815"}
    student = desk.add(**values).entity_id
    desk.sync(), other.sync()
    erase(school, student)
    assert other.sync().up_to_date
    again = other.add(**values)  # the same row of the other system's file once more
    assert again.entity_id == student
    status = other.sync()
    assert (status.waiting, status.needs_you) == (0, 0)
    assert [(each.kind, each.lost) for each in status.notices] == [("erased", 1)]
    assert other.shown() == []
    by_hand = other.add(given_name=NAME, student_number="0815")  # who comes back is a new record
    assert other.sync().up_to_date
    assert other.state(by_hand) == "applied"


def test_d3_a_number_that_the_person_held_is_free_for_the_entry_that_met_it(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    desk, other = make_desk(), make_desk()
    student = everything_of(desk)
    met = other.add(given_name="New", student_number="0815")
    assert other.sync().needs_you == 1
    erase(school, student)
    other.sync()
    assert other.sync().up_to_date
    assert other.state(met) == "applied"


@pytest.mark.parametrize("point", ["client.pull.before_commit", "client.erasing.before_wipe"])
def test_d3_a_desk_that_is_killed_in_the_midst_ends_it_whole(
    school: SchoolServer, make_desk: MakeDesk, point: str
) -> None:
    desk = make_desk()
    student = everything_of(desk)
    erase(school, student)
    dies_at(desk, point)
    assert desk.sync().up_to_date
    assert files_with(desk.data, NAME.encode()) == []


def test_d3_a_desk_whose_cursor_is_too_old_is_wiped_whole(school: SchoolServer, make_desk: MakeDesk) -> None:
    desk, other = make_desk(), make_desk()
    student = everything_of(desk)
    other.sync()
    other.network.down = True
    other.change(student, homeroom=f"Homeroom of {NAME}")
    erase(school, student)
    desk.add(given_name="Later")
    desk.sync()
    forget_the_feed(school)
    other.network.down = False
    status = other.sync()
    assert status.up_to_date
    assert [(each.kind, each.lost) for each in status.notices] == [("erased", 1)]
    assert files_with(other.data, NAME.encode()) == []
    assert [values["given_name"] for values in other.shown()] == ["Later"]


def forget_the_feed(school: SchoolServer) -> None:
    """As the daily work does after more than a year (S7): the last row alone is left."""

    def forget(connection: Connection) -> None:
        connection.execute(
            text("UPDATE school_feed SET feed_horizon = head WHERE school_id = :school"),
            {"school": school.school_id},
        )
        connection.execute(
            text(
                "DELETE FROM feed WHERE school_id = :school AND position < "
                "(SELECT head FROM school_feed WHERE school_id = :school)"
            ),
            {"school": school.school_id},
        )

    school.write(forget)


def test_d3_a_store_that_is_put_back_to_before_is_wiped_again(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    desk = make_desk()
    student = everything_of(desk)
    with closing(sqlite3.connect(desk.client.account.store)) as source:
        copy = desk.data.parent / "copy.sqlite3"
        with closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    erase(school, student)
    assert desk.sync().up_to_date
    desk.client.close()
    desk.client.account.store.write_bytes(copy.read_bytes())
    desk.crash()
    assert [values["given_name"] for values in desk.shown()] == [NAME]
    assert desk.sync().up_to_date
    assert files_with(desk.data, NAME.encode()) == []


def test_d3_what_an_earlier_release_passed_over_is_made_good_once_it_is_updated(
    school: SchoolServer, make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk()
    student = everything_of(desk)
    erase(school, student)
    with monkeypatch.context() as earlier:
        earlier.setattr("rollbook.store.erasing.take", lambda _connection, _changes: {})
        assert desk.sync().up_to_date  # by the sums alone (S21): what differs is read anew
    assert desk.shown() == []
    assert files_with(desk.data, NAME.encode()) != []
    desk.client.close()
    with closing(sqlite3.connect(desk.client.account.store)) as store:
        store.execute("DROP TABLE erased")
    desk.crash()
    assert desk.sync().up_to_date
    assert files_with(desk.data, NAME.encode()) == []


def test_d3_a_server_of_before_knows_of_no_erasure_and_is_asked_once(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, asked = make_desk(), []
    desk.add(given_name="Eleni")
    desk.sync()
    answer = desk.network.handle_async_request

    async def earlier(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/sync/erased":
            asked.append(request.url.path)
            request.url = request.url.copy_with(path="/api/v1/sync/no-such-address")
        return await answer(request)

    monkeypatch.setattr(desk.network, "handle_async_request", earlier)
    desk.client.close()
    with closing(sqlite3.connect(desk.client.account.store)) as store:
        store.execute("DROP TABLE erased")
    desk.crash()
    assert [desk.sync().up_to_date for _time in range(2)] == [True, True]
    assert len(asked) == 1
