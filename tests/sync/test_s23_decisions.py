"""What a registrar decides is told to the entry's owner until it was read, and stays in the history (S23)."""

import asyncio

import pytest

from rollbook.client.errors import CallFailedError
from rollbook.client.values import History
from rollbook.domain.roles import Role
from support.changing_roles import decide, dies_at, set_role
from support.client_desk import ClientDesk
from support.school_server import SchoolServer
from sync.conftest import MakeDesk


@pytest.fixture
def owner(make_desk: MakeDesk) -> ClientDesk:
    """A registrar's desk with a change that waits."""
    desk = make_desk()
    student = desk.add(given_name="Eleni")
    desk.sync()
    desk.change(student.entity_id, homeroom="7B")
    return desk


def _handed_over(school: SchoolServer, owner: ClientDesk, role: Role) -> str:
    set_role(school, owner, role)
    assert owner.sync().handed_over == 1
    (entry,) = owner.client.entries()
    return entry.entity_id


def _history(desk: ClientDesk, student: str) -> History:
    async def ask() -> History:
        try:
            return await desk.client.history("student", student)
        finally:
            await desk.client.aclose()

    return asyncio.run(ask())


def test_s23_a_declined_entry_is_outstanding_until_its_owner_has_read_it(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    _handed_over(school, owner, Role.VIEWER)
    decide(registrar, 1, accept=False, note="She stays in 7A")
    status = owner.sync()
    assert (status.up_to_date, status.outstanding, status.declined) == (False, ("declined",), 1)
    (told,) = status.decisions
    assert (told.state, told.note, told.by) == (
        "declined",
        "She stays in 7A",
        registrar.client.account.user_name,
    )
    assert (told.kind, told.label, told.fields) == ("update", "Eleni", {"homeroom": (None, "7B")})
    owner.crash()
    assert owner.client.status().decisions == (told,)
    owner.client.proposals.decisions_read([told.op_id])
    assert owner.client.status().decisions == ()
    assert owner.sync().up_to_date


def test_s23_an_accepted_entry_is_told_and_holds_nothing_up(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    _handed_over(school, owner, Role.VIEWER)
    decide(make_desk(), 1, accept=True)
    status = owner.sync()
    assert status.up_to_date
    assert [each.state for each in status.decisions] == ["accepted"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT], ids=str)
def test_s23_the_history_tells_what_the_registrar_decided(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk, role: Role
) -> None:
    registrar = make_desk()
    student = _handed_over(school, owner, role)
    assert [each.state for each in _history(owner, student).handed] == ["open"]
    decide(registrar, 1, accept=False, note="Not now")
    owner.sync()
    (told,) = _history(owner, student).handed
    may_see = role is Role.VIEWER
    assert (told.state, told.note, bool(told.fields), bool(told.label)) == (
        "declined",
        "Not now",
        may_see,
        may_see,
    )


def test_s23_a_decision_made_before_the_desk_knows_that_it_was_handed_over_is_told(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    """The answer to the handing over is lost, and the registrar is quick."""
    registrar = make_desk()
    set_role(school, owner, Role.VIEWER)
    dies_at(owner, "client.proposals.answered")
    decide(registrar, 1, accept=False, note="No")
    status = owner.sync()
    assert (status.handed_over, status.declined) == (0, 1)
    assert owner.client.entries() == ()


def test_s23_offline_it_is_told_all_the_same(
    school: SchoolServer, owner: ClientDesk, make_desk: MakeDesk
) -> None:
    _handed_over(school, owner, Role.SUPPORT)
    decide(make_desk(), 1, accept=False)
    owner.sync()
    owner.network.down = True
    with pytest.raises(CallFailedError):
        owner.sync()
    assert owner.client.status().declined == 1


def test_s14_the_history_of_a_record_that_is_not_here_yet_is_the_schools(
    owner: ClientDesk, make_desk: MakeDesk
) -> None:
    (student,) = [row[0] for row in owner.sql("SELECT id FROM student WHERE version = 1")]
    new = make_desk()  # it has fetched nothing
    assert [version.version for version in _history(new, student).versions] == [1]
