"""A record went another way before what the school lost comes back: people are asked (S13, S14, S22)."""

import httpx
import pytest

from rollbook.client.errors import CallFailedError
from rollbook.client.resolving import Chosen
from rollbook.client.values import Edit
from rollbook.domain.roles import Role
from support.putting_back import FileBackup
from support.school_server import SchoolServer

from .conftest import MakeDesk


def test_s22_a_new_write_that_clashes_with_one_given_back_is_asked_about(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    desk, other = make_desk(), make_desk()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync(), other.sync()
    copy = backup.take()
    mine = desk.change(student, phone="1", email="e@example.org")
    desk.sync()
    backup.put_back(copy)
    other.change(student, phone="2")
    other.sync()
    status = desk.sync()
    assert (status.up_to_date, status.conflicts) == (False, 1)
    assert school.student(student)["phone"] == "2"
    entry = desk.client.entry(str(mine.op_id))
    assert entry is not None
    assert entry.conflict is not None
    assert entry.conflict["fields"] == {"phone": "2"}
    desk.client.resolve(str(mine.op_id), {"phone": Chosen("mine")})
    assert desk.sync().up_to_date
    row = school.student(student)
    assert (row["phone"], row["email"]) == ("1", "e@example.org")


def test_s22_a_record_archived_anew_is_brought_back_by_one_choice(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    """Found by a history: what the person had seen was said by the lost version's seal, again and again."""
    desk, other = make_desk(), make_desk()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync(), other.sync()
    copy = backup.take()
    mine = desk.change(student, phone="1")
    desk.sync()
    backup.put_back(copy)
    other.client.archive("student", student)  # the number that the lost change had
    other.sync()
    assert desk.sync().conflicts == 1
    desk.client.resolve(str(mine.op_id), {"record": Chosen("mine")})
    assert desk.sync().up_to_date
    row = school.student(student)
    assert (row["phone"], row["deleted_at"]) == ("1", None)


def test_s22_a_dead_desks_change_that_clashes_is_asked_about_at_the_end(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    dead, desk, other = make_desk(), make_desk(), make_desk()
    student = dead.add(given_name="Eleni").entity_id
    dead.sync(), desk.sync(), other.sync()
    copy = backup.take()
    dead.change(student, phone="1", email="e@example.org")
    dead.sync(), desk.sync()
    backup.put_back(copy)
    other.change(student, phone="2")
    other.sync()
    assert not desk.sync().up_to_date
    assert school.student(student)["phone"] == "2"
    school.parts.recovery.end(school.school_id, "admin")
    status = desk.sync()
    assert status.conflicts == 1
    [entry] = desk.client.entries(states=("conflict",))
    assert entry.fields == {"phone": (None, "1"), "email": (None, "e@example.org")}
    desk.client.resolve(entry.op_id, {"phone": Chosen("theirs")})
    assert desk.sync().up_to_date
    row = school.student(student)
    assert (row["phone"], row["email"]) == ("2", "e@example.org")


def test_s22_what_another_had_entered_is_not_lost_with_its_desk_where_the_record_went_another_way(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    """The change itself is known nowhere: it is in what an own version holds beside the own edit."""
    dead, other, later = make_desk(), make_desk(), school.user()
    student = dead.add(given_name="Eleni", address="A").entity_id
    dead.sync(), other.sync()
    copy = backup.take()
    dead.change(student, phone="9", address="B")
    dead.sync()
    desk = make_desk(later)
    desk.sync()  # it reads the records, without the feed
    desk.change(student, homeroom="4b")
    desk.sync()
    backup.put_back(copy)
    other.change(student, email="e@example.org", address="C")
    other.sync()
    assert not desk.sync().up_to_date  # it waits for the desk that knows the change
    school.parts.recovery.end(school.school_id, "admin")
    for _round in range(3):
        status = desk.sync()
    assert (status.up_to_date, status.conflicts) == (False, 1)  # on the address
    row = school.student(student)
    assert (row["homeroom"], row["email"], row["address"]) == ("4b", "e@example.org", "C")
    [entry] = desk.client.entries(states=("conflict",))
    assert entry.conflict is not None
    assert entry.conflict["fields"] == {"address": "C"}
    desk.client.resolve(entry.op_id, {"address": Chosen("theirs")})
    assert desk.sync().up_to_date
    assert school.student(student)["phone"] == "9"


def test_s22_a_value_that_one_gave_up_oneself_does_not_come_back_with_an_earlier_version(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    """Found by a history: what stood in a lost version was entered again, over the own later edit of it."""
    other, later = make_desk(), school.user()
    student = other.add(given_name="Eleni", phone="1").entity_id
    other.sync()
    copy = backup.take()
    desk = make_desk(later)
    desk.sync()
    desk.change(student, homeroom="4b")
    desk.sync()
    desk.change(student, phone=None)
    desk.sync()
    backup.put_back(copy)
    other.change(student, email="e@example.org")
    other.sync()
    for _round in range(3):
        status = desk.sync()
    assert status.up_to_date
    row = school.student(student)
    assert (row["homeroom"], row["phone"], row["email"]) == ("4b", None, "e@example.org")


def test_s22_an_archive_of_a_lost_version_is_not_taken_to_have_seen_what_an_entry_before_it_did(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    """Found by a history: the number of the lost version was higher than that of the one that was seen."""
    desk, other = make_desk(ROLLBOOK_SYNC_PUSH_OPERATIONS="1"), make_desk()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync(), other.sync()
    other.change(student, address="B")
    other.sync(), desk.sync()
    desk.change(student, phone="1")  # as a choice, which has seen the address
    desk.client.archive("student", student)  # as one that was saved before, on what the school lost
    with desk.client._store.write() as connection:
        connection.exec_driver_sql(
            "UPDATE operation SET base_version = 4, base_seal = 'lost' WHERE kind = 'archive'"
        )
        connection.exec_driver_sql(
            "INSERT INTO known_version "
            "(entity_id, version, seal, entity, op_id, change, number, kept_at, state) "
            "VALUES (?, 4, 'lost', 'student', 'an operation', x'7b7d', 99, '2026-09-01T08:00:00', 'done')",
            (student,),
        )
    assert desk.sync().conflicts == 1
    assert school.student(student)["deleted_at"] is None


def test_s22_an_archive_of_a_lost_version_asks_also_while_all_is_read_anew(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by a history: the archive came after the notice, of a row that had come without a seal."""
    one, another = make_desk(), make_desk()
    student = one.add(given_name="Eleni").entity_id
    one.sync(), another.sync()
    name = school.user(Role.REGISTRAR)
    copy = backup.take()
    one.change(student, phone="1")
    one.sync()
    late = make_desk(name)
    late.sync()  # a first sync: the version that is lost now, without its seal
    backup.put_back(copy)
    another.change(student, phone="2")  # the number that the lost change had
    another.sync()
    inner = late.network.handle_async_request

    async def without_snapshots(request: httpx.Request) -> httpx.Response:
        if "/sync/snapshot" in request.url.path:
            raise httpx.ConnectError("cut")
        return await inner(request)

    with monkeypatch.context() as patch:
        patch.setattr(late.network, "handle_async_request", without_snapshots)
        with pytest.raises(CallFailedError):
            late.sync()
    late.client.archive("student", student)
    late.crash()  # its breaker is closed again
    assert late.sync().conflicts == 1
    assert school.student(student)["deleted_at"] is None


def test_s15_an_archive_on_top_of_a_form_that_was_opened_earlier_asks(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    """Found by a history: the form's entry hid a value that the person has never seen."""
    desk, other = make_desk(), make_desk()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync(), other.sync()
    other.change(student, homeroom="B")
    other.sync(), desk.sync()
    form = Edit("student", student, {"homeroom": "C"}, seen={"homeroom": None})
    desk.client.save(form)
    desk.change(student, homeroom=None)  # as it was in the form: no edit any more
    desk.client.archive("student", student)
    assert desk.sync().conflicts == 1
    assert school.student(student)["deleted_at"] is None
