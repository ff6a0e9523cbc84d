"""The data folder of a computer is put back to a copy of its own: what was sent since is new to it (S7)."""

import shutil
from pathlib import Path

import pytest

from rollbook.client.errors import CallFailedError
from rollbook.domain.roles import Role
from support.changing_roles import decide, proposals, set_role
from support.client_desk import ClientDesk
from support.putting_back import FileBackup
from support.school_server import SchoolServer
from sync.conftest import MakeDesk


class FolderBackup:
    """Copies of one desk's data folder."""

    def __init__(self, desk: ClientDesk, copy: Path) -> None:
        self._desk, self._copy = desk, copy

    def take(self) -> None:
        """As a backup program does it while the computer is off."""
        self._desk.client.close()
        shutil.copytree(self._desk.data, self._copy)
        self._desk.crash()

    def put_back(self) -> None:
        """All that was done since is gone."""
        self._desk.client.close()
        shutil.rmtree(self._desk.data)
        shutil.copytree(self._copy, self._desk.data)
        self._desk.crash()


@pytest.fixture
def desk(make_desk: MakeDesk) -> ClientDesk:
    """A desk with a student that the school has."""
    one = make_desk()
    one.add(given_name="Eleni", phone="1")
    one.sync()
    return one


@pytest.fixture
def backup(desk: ClientDesk, tmp_path: Path) -> FolderBackup:
    """Of that desk."""
    return FolderBackup(desk, tmp_path / "copy")


def _at_school(school: SchoolServer) -> list[tuple[object, ...]]:
    query = "SELECT given_name, phone, homeroom, email FROM student WHERE school_id = :school ORDER BY 1"
    return [tuple(row) for row in school.rows(query)]


def test_s7_an_entry_that_went_before_the_copy_was_put_back_and_was_edited_since_goes_once(
    school: SchoolServer, desk: ClientDesk, make_desk: MakeDesk, backup: FolderBackup
) -> None:
    [student] = [row for (row,) in desk.sql("SELECT id FROM student")]
    desk.change(student, phone="2")
    new = desk.add(given_name="Nikos")
    backup.take()
    assert desk.sync().up_to_date
    other = make_desk()
    other.sync()
    other.change(student, email="e@example.org")
    other.sync()
    backup.put_back()
    desk.change(student, homeroom="A1")
    desk.change(new.entity_id, homeroom="A2")
    desk.sync()
    status = desk.sync()
    assert (status.up_to_date, status.waiting, status.needs_you) == (True, 0, 0)
    assert _at_school(school) == [("Eleni", "2", "A1", "e@example.org"), ("Nikos", None, "A2", None)]


def test_s7_what_was_not_edited_since_is_known_by_its_receipt(
    school: SchoolServer, desk: ClientDesk, backup: FolderBackup
) -> None:
    desk.add(given_name="Nikos")
    backup.take()
    desk.sync()
    backup.put_back()
    assert desk.sync().up_to_date
    assert len(_at_school(school)) == 2
    assert school.rows("SELECT count(*) FROM history WHERE school_id = :school")[0][0] == 2


def test_s7_a_value_that_was_sent_since_the_copy_is_asked_about_and_not_overwritten(
    school: SchoolServer, desk: ClientDesk, backup: FolderBackup
) -> None:
    [student] = [row for (row,) in desk.sql("SELECT id FROM student")]
    backup.take()
    desk.change(student, phone="2")
    desk.sync()
    backup.put_back()
    desk.change(student, phone="3")
    assert desk.sync().conflicts == 1
    assert _at_school(school)[0][1] == "2"


def _decide_all(desk: ClientDesk, *, accept: bool) -> None:
    for one in proposals(desk, "open"):
        decide(desk, one["number"], accept=accept)


@pytest.mark.parametrize("accept", [True, False])
def test_s23_what_was_handed_over_before_the_copy_came_back_covers_no_edit_since(
    school: SchoolServer, desk: ClientDesk, make_desk: MakeDesk, backup: FolderBackup, accept: bool
) -> None:
    """Found by an attack: the edit rode in an entry that the registrar had, and had never seen it in."""
    registrar = make_desk()
    [student] = [row for (row,) in desk.sql("SELECT id FROM student")]
    desk.change(student, phone="2")
    backup.take()
    set_role(school, desk, Role.VIEWER)
    desk.sync(), desk.sync()
    set_role(school, desk, Role.REGISTRAR)
    desk.sync()
    backup.put_back()
    desk.change(student, homeroom="A1")
    desk.sync()
    _decide_all(registrar, accept=accept)
    for _round in range(3):
        desk.sync()
    assert _at_school(school)[0][2] == "A1"


def test_s22_a_version_given_back_by_another_covers_no_edit_since(
    school: SchoolServer, desk: ClientDesk, make_desk: MakeDesk, backup: FolderBackup
) -> None:
    """Found by an attack: a receipt without bytes took those of the entry with an edit on top."""
    other = make_desk()
    other.sync()
    [student] = [row for (row,) in desk.sql("SELECT id FROM student")]
    server = FileBackup(school)
    copy = server.take()
    desk.change(student, phone="2")
    backup.take()
    desk.sync(), other.sync()
    backup.put_back()
    server.put_back(copy)
    other.sync()  # gives back what the desk had entered, without its bytes
    desk.change(student, homeroom="A1")
    for _round in range(3):
        status = desk.sync()
    assert status.up_to_date
    assert _at_school(school)[0][1:3] == ("2", "A1")


def test_s7_cut_at_its_first_push_it_goes_under_a_new_id_all_the_same(
    school: SchoolServer, desk: ClientDesk, backup: FolderBackup
) -> None:
    """Found by an attack: it was left for support."""
    [student] = [row for (row,) in desk.sql("SELECT id FROM student")]
    desk.change(student, phone="2")
    backup.take()
    desk.sync()
    backup.put_back()
    desk.change(student, homeroom="A1")
    desk.network.faults = ["drop after commit"]
    with pytest.raises(CallFailedError):
        desk.sync()
    for _round in range(2):
        status = desk.sync()
    assert (status.up_to_date, status.needs_you) == (True, 0)
    assert _at_school(school)[0][1:3] == ("2", "A1")
