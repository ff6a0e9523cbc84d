"""After the server was put back to an earlier state, the desks give back what it lost (S22)."""

import pytest

from rollbook.domain import checkpoints
from rollbook.domain.roles import Role
from rollbook.resilience.failures import CallFailedError
from support.client_desk import ClientDesk
from support.putting_back import FileBackup
from support.school_server import SchoolServer
from support.search_words import words_due, words_kept

from .conftest import MakeDesk

HISTORY = "SELECT version, kind, op_id, by, recovered_by FROM history WHERE entity_id = :id ORDER BY version"


def names_at(school: SchoolServer) -> list[str]:
    """Who is at the school, by plain SQL."""
    query = "SELECT given_name FROM student WHERE school_id = :school ORDER BY given_name"
    return [row[0] for row in school.rows(query)]


def test_s22_500_acknowledged_entries_come_back_once_after_a_file_copy_was_put_back(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    desk, other = make_desk(), make_desk()
    old = desk.add(given_name="Old")
    desk.sync(), other.sync()
    copy = backup.take()
    names = [f"Student {number:03}" for number in range(499)]
    for name in names:
        desk.add(given_name=name)
    desk.change(old.entity_id, phone="210 1")
    assert desk.sync().up_to_date
    backup.put_back(copy)
    assert names_at(school) == ["Old"]
    for number in range(600):  # past the old head, before any desk that knows better returns
        other.add(given_name=f"Younger {number:03}")
    assert other.sync().up_to_date
    status = desk.sync()
    assert (status.up_to_date, status.waiting, status.needs_you) == (True, 0, 0)
    younger = [f"Younger {number:03}" for number in range(600)]
    assert names_at(school) == sorted(["Old", *names, *younger])
    assert school.student(old.entity_id)["phone"] == "210 1"
    receipts = school.rows("SELECT count(*), count(DISTINCT op_id) FROM receipt WHERE school_id = :school")
    assert receipts[0] == (1101, 1101)
    assert school.rows("SELECT max(version) FROM student WHERE school_id = :school")[0][0] == 2
    assert other.sync().up_to_date
    assert len(other.shown()) == len(desk.shown()) == 1100
    assert words_kept(school) == words_due(school)  # what came back is found as well (D5)


def test_s22_a_desk_whose_cursor_is_before_the_backup_notices_by_its_own_entries(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    desk, other = make_desk(), make_desk()
    other.sync(), desk.sync()
    other.add(given_name="Before")
    other.sync()
    copy = backup.take()
    saved = desk.add(given_name="After")
    desk.network.cut_pulls = True
    with pytest.raises(CallFailedError):
        desk.sync()
    assert desk.state(saved) == "applied"  # acknowledged, and its cursor is still before all of it
    backup.put_back(copy)
    other.add(given_name="Younger")
    other.sync()
    desk.network.cut_pulls = False
    desk.crash()
    assert desk.sync().up_to_date
    assert names_at(school) == ["After", "Before", "Younger"]


def test_s22_what_a_dead_desk_made_is_given_back_by_one_that_had_seen_it(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    dead, alive = make_desk(), make_desk()
    student = dead.add(given_name="Eleni").entity_id
    dead.sync(), alive.sync()
    copy = backup.take()
    alive.change(student, phone="1")
    alive.sync()
    dead.sync()
    dead.change(student, email="e@example.org")
    new = dead.add(given_name="Nikos").entity_id
    dead.sync(), alive.sync()
    alive.change(student, homeroom="4b")
    alive.sync()
    before = school.rows(HISTORY, id=student)
    backup.put_back(copy)
    assert alive.sync().up_to_date  # the dead one never comes back
    row = school.student(student)
    assert (row["version"], row["phone"], row["email"], row["homeroom"]) == (4, "1", "e@example.org", "4b")
    assert school.student(new)["given_name"] == "Nikos"
    after = school.rows(HISTORY, id=student)
    assert [tuple(each)[:4] for each in after] == [tuple(each)[:4] for each in before]
    assert [each.recovered_by is not None for each in after] == [False, True, True, True]
    assert dead.sync().up_to_date  # and when it does all the same, nothing is doubled
    assert school.student(student)["version"] == 4
    assert names_at(school) == ["Eleni", "Nikos"]


def test_s22_a_version_waits_for_the_one_before_it_and_comes_when_another_desk_brings_that(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    first, second = make_desk(), make_desk()
    student = first.add(given_name="Eleni").entity_id
    first.sync(), second.sync()
    copy = backup.take()
    first.change(student, phone="1")
    first.sync()
    second.change(student, email="e@example.org")
    second.sync()
    forget(second, student, version=2)
    backup.put_back(copy)
    status = second.sync()
    assert (status.up_to_date, status.put_back, status.giving_back) == (False, True, 1)
    assert "giving_back" in status.outstanding
    assert second.values(student)["email"] == "e@example.org"  # still shown, as one that waits
    assert school.student(student)["version"] == 1
    assert first.sync().up_to_date
    assert school.student(student)["version"] == 3
    assert second.sync().up_to_date
    row = school.student(student)
    assert (row["phone"], row["email"], row["version"]) == ("1", "e@example.org", 3)


def forget(desk: ClientDesk, student: str, version: int) -> None:
    """The desk never knew that version: it was cut before it was pulled."""
    with desk.client._store.write() as connection:
        connection.exec_driver_sql(
            "DELETE FROM known_version WHERE entity_id = ? AND version = ?", (student, version)
        )


@pytest.mark.parametrize("since_the_first", [True, False])
def test_s22_the_administrator_ends_it_and_what_waits_comes_with_all_that_it_holds(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup, since_the_first: bool
) -> None:
    lost, desk = make_desk(), make_desk()
    if since_the_first:
        desk.sync()
    student = lost.add(given_name="Eleni").entity_id
    lost.sync(), desk.sync()
    copy = backup.take()
    lost.change(student, phone="1")
    lost.sync()
    desk.change(student, email="e@example.org")
    desk.sync()
    forget(desk, student, version=2)
    backup.put_back(copy)
    assert desk.sync().giving_back == 1
    seen = school.parts.recovery.seen(school.school_id)
    assert seen is not None
    assert [(each.version, each.state) for each in seen.waiting] == [(3, "held")]
    ended = school.parts.recovery.end(school.school_id, "admin")
    assert ended is not None
    assert ended.ended_by == "admin"
    if since_the_first:  # the desk knew the version that the school is at: what came between is in its own
        assert (ended.waiting, school.student(student)["version"]) == ([], 3)
    assert desk.sync().up_to_date
    row = school.student(student)
    assert (row["phone"], row["email"]) == ("1", "e@example.org")
    last = school.parts.recovery.seen(school.school_id)
    assert last is not None
    assert last.waiting == []


def test_s22_put_back_again_and_again_nothing_is_lost_or_doubled(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    desk, other = make_desk(), make_desk()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync(), other.sync()
    first = backup.take("first")
    desk.change(student, phone="1")
    desk.sync(), other.sync()
    other.change(student, email="e@example.org")
    other.sync()
    backup.put_back(first)
    other.add(given_name="Younger")
    other.sync()
    desk.sync()
    second = backup.take("second")
    desk.sync()
    desk.change(student, homeroom="4b")
    desk.sync(), other.sync()
    for copy in (second, first, second):
        backup.put_back(copy)
        desk.sync(), other.sync()
        assert desk.sync().up_to_date
        assert other.sync().up_to_date
        row = school.student(student)
        assert (row["phone"], row["email"], row["homeroom"]) == ("1", "e@example.org", "4b")
        assert names_at(school) == ["Eleni", "Younger"]
        assert row["version"] == 4


def test_s22_an_archive_queued_before_goes_over_nobodys_unseen_edit(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    desk, other = make_desk(), make_desk()
    student = other.add(given_name="Eleni").entity_id
    desk.sync(), other.sync()
    desk.sync()
    copy = backup.take()
    for phone in ("1", "2", "3"):
        other.change(student, phone=phone)
        other.sync()
    desk.sync()
    desk.client.archive("student", student)  # seen at version 4; waits
    backup.put_back(copy)
    third = make_desk()
    third.sync()
    for email in ("a@example.org", "b@example.org", "c@example.org"):
        third.change(student, email=email)  # again up to version 4, and not the one that was seen
        third.sync()
    status = desk.sync()
    assert status.conflicts == 1
    assert school.student(student)["deleted_at"] is None


class Cut(BaseException):
    """The process ends here: nothing after it is done, and nothing uncommitted stays."""


@pytest.mark.parametrize(
    "point",
    [
        "client.recovery.found",
        "client.recovery.before_offer",
        "server.recovery.before_commit",
        "server.recovery.committed",
        "client.recovery.offered",
        "client.recovery.before_commit",
        "client.pull.before_commit",
    ],
)
def test_s22_cut_at_any_point_of_giving_back_it_goes_on(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup, point: str
) -> None:
    desk, other = make_desk(), make_desk()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync(), other.sync()
    copy = backup.take()
    desk.change(student, phone="1")
    desk.sync(), other.sync()
    other.change(student, email="e@example.org")
    other.sync(), desk.sync()
    new = desk.add(given_name="Nikos").entity_id
    desk.sync()
    waiting = desk.change(new, phone="2")
    backup.put_back(copy)

    def cut(passed: str) -> None:
        if passed == point:
            checkpoints.observe(None)
            raise Cut

    checkpoints.observe(cut)
    try:
        with pytest.raises(Cut):
            desk.sync()
    finally:
        checkpoints.observe(None)
    assert desk.client.status().up_to_date is False
    desk.crash()
    assert desk.sync().up_to_date
    row = school.student(student)
    assert (row["phone"], row["email"], row["version"]) == ("1", "e@example.org", 3)
    assert (school.student(new)["phone"], desk.state(waiting)) == ("2", "applied")
    assert school.rows("SELECT count(*), count(DISTINCT op_id) FROM receipt")[0] == (5, 5)


def test_s22_what_is_known_only_by_a_first_sync_is_set_aside_and_said(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    dead, new = make_desk(), make_desk()
    dead.sync()
    copy = backup.take()
    dead.add(given_name="Eleni")
    dead.sync(), new.sync()  # the new one reads the records, without the feed
    assert new.client.verify() == []
    backup.put_back(copy)
    new.sync()
    assert names_at(school) == []
    assert new.sql("SELECT count(*) FROM set_aside WHERE entity = 'student'") == [(1,)]
    [said] = new.client.verify()
    assert said.endswith("only this computer knows: 1. Tell support.")
    assert dead.sync().up_to_date  # not dead after all
    new.sync()
    assert names_at(school) == ["Eleni"]
    assert new.client.verify() == []


def test_s22_a_viewers_desk_gives_back_what_it_had_seen(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    dead, viewer = make_desk(), make_desk(school.user(Role.VIEWER))
    dead.sync(), viewer.sync()
    copy = backup.take()
    dead.add(given_name="Eleni")
    dead.sync(), viewer.sync()
    backup.put_back(copy)
    assert viewer.sync().up_to_date
    assert names_at(school) == ["Eleni"]
