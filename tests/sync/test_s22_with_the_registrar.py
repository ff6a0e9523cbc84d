"""What was with the registrar when the server was put back to an earlier state (S22, S23)."""

from typing import Any

import pytest

from rollbook.client.errors import CallFailedError
from rollbook.domain.roles import Role
from support.changing_roles import decide, proposals, set_role
from support.client_desk import ClientDesk
from support.putting_back import FileBackup
from support.school_server import SchoolServer
from sync.conftest import MakeDesk


@pytest.fixture
def owner(make_desk: MakeDesk) -> ClientDesk:
    """A registrar's desk with an entry that waits, cut off from the school."""
    desk = make_desk()
    student = desk.add(given_name="Eleni", phone="1")
    desk.sync()
    desk.network.down = True
    desk.change(student.entity_id, homeroom="A1")
    with pytest.raises(CallFailedError):
        desk.sync()
    return desk


def homerooms(school: SchoolServer) -> list[Any]:
    """What the school has, by plain SQL."""
    return [row[0] for row in school.rows("SELECT homeroom FROM student WHERE school_id = :school")]


def handed_over(school: SchoolServer, owner: ClientDesk, role: Role) -> None:
    """The user gets another role, and what waits goes to the registrar."""
    set_role(school, owner, role)
    owner.network.down = False
    assert owner.sync().handed_over == 1


def test_s22_what_the_registrar_had_goes_to_the_school_again(
    school: SchoolServer, owner: ClientDesk, backup: FileBackup
) -> None:
    copy = backup.take()
    handed_over(school, owner, Role.VIEWER)
    backup.put_back(copy)  # the user is a registrar again, and there are no proposals
    status = owner.sync()
    assert (status.up_to_date, status.handed_over, status.needs_you) == (True, 0, 0)
    assert homerooms(school) == ["A1"]


def test_s22_what_the_registrar_still_has_stays_with_the_registrar(
    school: SchoolServer, owner: ClientDesk, backup: FileBackup, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    handed_over(school, owner, Role.VIEWER)
    copy = backup.take()
    registrar.sync()
    registrar.add(given_name="After the backup")
    registrar.sync(), owner.sync()
    backup.put_back(copy)
    registrar.sync()
    assert owner.sync().handed_over == 1
    assert homerooms(school) == [None, None]
    [one] = proposals(registrar)
    decide(registrar, one["number"], accept=True)
    status = owner.sync()
    assert (status.handed_over, status.waiting) == (0, 0)
    assert sorted(map(str, homerooms(school))) == ["A1", "None"]


def test_s22_an_accepted_one_that_was_lost_comes_back_once_though_it_is_asked_again(
    school: SchoolServer, owner: ClientDesk, backup: FileBackup, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    handed_over(school, owner, Role.VIEWER)
    copy = backup.take()
    [one] = proposals(registrar)
    decide(registrar, one["number"], accept=True)
    registrar.sync(), owner.sync()
    backup.put_back(copy)  # the proposal is open again
    assert owner.sync().up_to_date
    registrar.sync()
    decide(registrar, one["number"], accept=True)
    registrar.sync()
    assert owner.sync().up_to_date
    assert homerooms(school) == ["A1"]
    [times] = school.rows("SELECT count(*) FROM history WHERE school_id = :school AND kind = 'update'")
    assert times[0] == 1


def test_s22_a_lost_one_whose_values_have_left_the_desk_is_told(
    school: SchoolServer, owner: ClientDesk, backup: FileBackup
) -> None:
    copy = backup.take()
    handed_over(school, owner, Role.SUPPORT)  # who may not read: nothing of it is left here
    backup.put_back(copy)
    status = owner.sync()
    assert (status.up_to_date, status.needs_you) == (False, 1)
    [entry] = owner.client.entries()
    assert entry.problem is not None
    assert entry.problem["error"] == "lost-with-the-registrar"
    owner.client.discard(entry.op_id)
    assert owner.sync().up_to_date


def test_s22_who_sees_no_records_follows_a_school_that_was_put_back(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    desk, support = make_desk(), make_desk(school.user(Role.SUPPORT))
    copy = backup.take()
    desk.add(given_name="Eleni")
    desk.sync(), support.sync()
    backup.put_back(copy)
    assert support.sync().up_to_date
    assert desk.sync().up_to_date
    assert support.sync().up_to_date


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_s22_who_was_allowed_to_write_after_the_backup_alone_hands_over_what_waits(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup, role: Role
) -> None:
    registrar, desk = make_desk(), make_desk(school.user(role))
    student = registrar.add(given_name="Eleni")
    registrar.sync(), desk.sync()
    copy = backup.take()
    set_role(school, desk, Role.REGISTRAR)
    desk.sync()
    desk.change(student.entity_id, phone="1")
    desk.sync()  # the school has it, and loses it
    desk.change(student.entity_id, homeroom="A1")
    backup.put_back(copy)  # the user may not write, and the feed will never say so
    status = desk.sync()
    assert (status.handed_over, status.waiting, status.needs_you) == (1, 0, 0)
    assert (status.role, status.outstanding) == (role.value, ("handed_over",))
    assert [row.phone for row in school.rows("SELECT phone FROM student WHERE school_id = :school")] == ["1"]
    [one] = proposals(registrar)
    decide(registrar, one["number"], accept=True)
    assert homerooms(school) == ["A1"]
    assert desk.sync().up_to_date


def test_s22_what_was_handed_over_after_the_backup_alone_is_noticed_to_be_lost(
    school: SchoolServer, owner: ClientDesk, backup: FileBackup, make_desk: MakeDesk
) -> None:
    """Found by a history: nothing else had moved the feed, so nobody noticed that the proposal was gone."""
    registrar = make_desk()
    set_role(school, owner, Role.VIEWER)
    copy = backup.take()
    owner.network.down = False
    assert owner.sync().handed_over == 1
    backup.put_back(copy)
    assert proposals(registrar) == []
    assert owner.sync().handed_over == 1
    [one] = proposals(registrar)
    decide(registrar, one["number"], accept=True)
    assert owner.sync().up_to_date
    assert homerooms(school) == ["A1"]
