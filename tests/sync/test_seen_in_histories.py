"""Failures that a history of faults found, each told as short as it can be (python -m faults)."""

import asyncio
import json
from collections.abc import Callable

import msgspec
import pytest

from rollbook.client.errors import CallFailedError
from rollbook.client.resolving import Chosen
from rollbook.client.values import Edit, Status
from rollbook.contract.operations import PushRequest
from rollbook.domain.roles import Role
from rollbook.server.auth.accounts import change_role
from rollbook.store import lease
from rollbook.sync.pull import Pull
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

MakeDesk = Callable[..., ClientDesk]


@pytest.fixture
def two(school: SchoolServer, make_desk: MakeDesk) -> tuple[ClientDesk, ClientDesk, str]:
    """Two computers that both show one student."""
    one, other = make_desk(), make_desk()
    student = one.add(given_name="Eleni", phone="1", homeroom="A").entity_id
    one.sync()
    other.sync()
    return one, other, student


def conflict_of(desk: ClientDesk) -> tuple[str, dict[str, object]]:
    """The first entry in conflict and the school's values in it."""
    entry = desk.client.entries(states=("conflict",))[0]
    assert entry.conflict is not None
    return entry.op_id, entry.conflict["fields"]


def test_s24_never_up_to_date_between_the_push_and_the_pull(make_desk: MakeDesk) -> None:
    one, other = make_desk(), make_desk()
    other.sync()
    one.add(given_name="Nikos")
    one.sync()
    claims: list[int] = []

    def heard(_event: object) -> None:
        if other.client.status().up_to_date:
            claims.append(len(other.shown()))

    other.add(given_name="Eleni")
    other.client.subscribe(heard)
    other.sync()
    assert set(claims) == {2}


def test_s14_mine_is_the_last_that_i_entered_even_after_an_earlier_choice(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str]
) -> None:
    one, other, student = two
    other.change(student, phone="2", homeroom="mine A")
    one.change(student, phone="3")
    one.sync()
    other.sync()
    other.change(student, homeroom="mine B")  # waits behind the conflict, and then rides with the choice
    op_id, _theirs = conflict_of(other)
    other.client.resolve(op_id, {"phone": Chosen("mine")})
    one.change(student, homeroom="theirs B")
    one.sync()
    other.sync()
    op_id, theirs = conflict_of(other)
    assert theirs == {"homeroom": "theirs B"}
    other.client.resolve(op_id, {"homeroom": Chosen("mine")})
    assert other.sync().up_to_date
    assert school.rows("SELECT phone, homeroom FROM student") == [("2", "mine B")]


def test_s14_a_rider_in_conflict_is_settled_with_what_carries_it(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str]
) -> None:
    one, other, student = two
    other.change(student, phone="2")
    rider = other.change(student, homeroom="mine A")
    one.change(student, phone="3", homeroom="theirs A")
    one.sync()
    other.sync()
    other.client.resolve(str(rider.op_id), {"phone": Chosen("mine"), "homeroom": Chosen("theirs")})
    assert other.sync().up_to_date
    assert school.rows("SELECT phone, homeroom FROM student") == [("2", "theirs A")]


def test_s15_an_archive_asks_about_what_an_edit_that_waits_was_hiding(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str]
) -> None:
    one, other, student = two
    other.change(student, phone="2", homeroom="B")
    for phone in ("3", "4"):
        one.change(student, phone=phone)
        one.sync()
        other.sync()  # the conflict is about 3; then 4 comes, under my 2
    other.client.archive("student", student)
    op_id, theirs = conflict_of(other)
    assert theirs == {"phone": "3"}
    other.client.resolve(op_id, {"phone": Chosen("theirs")})
    other.sync()
    op_id, theirs = conflict_of(other)
    assert theirs["phone"] == "4"
    other.client.resolve(op_id, {"record": Chosen("theirs")})
    assert other.sync().up_to_date
    assert school.rows("SELECT phone, homeroom, deleted_at FROM student") == [("4", "B", None)]


def archived_by_one(two: tuple[ClientDesk, ClientDesk, str], **values: str) -> None:
    """The student is changed and archived at one computer."""
    one, _other, student = two
    one.change(student, **values)
    one.client.archive("student", student)
    one.sync()


def test_s16_what_is_brought_back_has_the_schools_values_even_where_no_pull_came_yet(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _one, other, student = two
    archived_by_one(two, homeroom="B")
    other.change(student, phone="2")
    monkeypatch.setattr(type(other.client._engine._pull), "run", _no_pull)
    other.sync()
    monkeypatch.undo()
    op_id, _theirs = conflict_of(other)
    other.client.resolve(op_id, {"record": Chosen("mine")})
    assert other.sync().up_to_date
    assert school.rows("SELECT phone, homeroom, deleted_at FROM student") == [("2", "B", None)]


async def _no_pull(_pull: object) -> int:
    return 0


def test_s16_edits_behind_one_that_brings_a_record_back_are_asked_about(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str]
) -> None:
    _one, other, student = two
    other.change(student, phone="2")
    archived_by_one(two, homeroom="B")
    other.sync()
    other.client.save(Edit("student", student, {"homeroom": "C"}, seen={"homeroom": "A"}))  # an open form
    op_id, _theirs = conflict_of(other)
    other.client.resolve(op_id, {"record": Chosen("mine")})
    other.sync()
    op_id, theirs = conflict_of(other)
    assert theirs == {"homeroom": "B"}


def test_s16_bringing_back_again_repeats_no_value_that_others_changed_meanwhile(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str]
) -> None:
    _one, other, student = two
    archived_by_one(two, homeroom="B")
    other.change(student, phone="2")
    other.sync()
    op_id, _theirs = conflict_of(other)
    other.client.resolve(op_id, {"record": Chosen("mine")})
    # Meanwhile it is brought back, changed and archived again at the other computer.
    _brought_back_and_archived(school, student, homeroom="C")
    other.sync()
    op_id, _theirs = conflict_of(other)
    other.client.resolve(op_id, {"record": Chosen("mine")})
    assert other.sync().up_to_date
    assert school.rows("SELECT phone, homeroom, deleted_at FROM student") == [("2", "C", None)]


def test_s16_mine_goes_over_no_value_of_one_who_brought_the_record_back_first(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str]
) -> None:
    _one, other, student = two
    archived_by_one(two, homeroom="B")
    other.change(student, phone="2")
    other.sync()
    op_id, _theirs = conflict_of(other)
    desk = school.desk()
    [(version,)] = school.rows("SELECT version FROM student")
    create = desk.create(student, given_name="Eleni", phone="9", homeroom="B")
    desk.push(msgspec.structs.replace(create, base_version=version))
    other.sync()  # it is here again, under my entry: nobody was shown the 9
    other.client.resolve(op_id, {"record": Chosen("mine")})
    other.sync()
    _op_id, theirs = conflict_of(other)
    assert theirs == {"phone": "9"}


def _brought_back_and_archived(school: SchoolServer, student: str, **values: str) -> None:
    desk = school.desk()
    [(version, given_name, phone)] = school.rows("SELECT version, given_name, phone FROM student")
    create = desk.create(student, given_name=given_name, phone=phone, **values)
    [result] = desk.push(msgspec.structs.replace(create, base_version=version))
    assert result.version == version + 1, result
    [result] = desk.push(desk.archive(student, version + 1))
    assert result.outcome == "applied"


def test_s16_bringing_back_says_what_was_seen_so_that_a_race_is_noticed(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str]
) -> None:
    _one, other, student = two
    archived_by_one(two, homeroom="B")
    other.change(student, phone="2")
    other.sync()
    op_id, _theirs = conflict_of(other)
    other.client.resolve(op_id, {"record": Chosen("mine")})
    other.sync()
    [sent] = msgspec.json.decode(other.network.bodies[-1], type=PushRequest).operations
    assert json.loads(bytes(sent))["changes"]["phone"] == {"had": "1", "value": "2"}


def test_s24_asking_says_up_to_date_neither_with_a_change_behind_anothers_rights_nor_behind_them(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    one, other = make_desk(), make_desk()
    one.sync()
    user = school.user()
    [(user_id,)] = school.rows("SELECT id FROM app_user WHERE name = :name", name=user)
    school.write(lambda to: change_role(to, school.clock, user_id, school.school_id, Role.VIEWER))
    assert asyncio.run(asked(one)).up_to_date  # what is said of another's rights is not for this desk
    head = school.rows("SELECT max(position) FROM feed WHERE school_id = :school")[0][0]
    assert str(one.client.status().cursor).split(".")[0] == str(head)
    school.write(lambda to: change_role(to, school.clock, user_id, school.school_id, Role.REGISTRAR))
    other.sync()
    other.add(given_name="Nikos")
    other.sync()
    assert not asyncio.run(asked(one)).up_to_date
    assert one.sync().up_to_date
    assert len(one.shown()) == 1


async def asked(desk: ClientDesk) -> Status:
    """The desk asks whether there is more."""
    try:
        return await desk.client.probe()
    finally:
        await desk.client.aclose()


def test_s7_what_was_entered_last_is_shown_though_one_on_its_way_keeps_it_from_mending(
    make_desk: MakeDesk,
) -> None:
    one, other = make_desk(), make_desk()
    one.add(given_name="Nikos", student_number="7")
    one.sync()
    student = other.add(given_name="Eleni", student_number="7").entity_id
    with other.client._store.write() as connection:
        lease.lease(connection, "device", 10)
        lease.recover(connection)
    on_its_way = other.change(student, phone="2")
    other.change(student, family_name="Earlier")
    other.sync()
    assert conflict_of(other)
    with other.client._store.write() as connection:
        unknown = "UPDATE operation SET state = 'unknown', uncertain = 1 WHERE op_id = ?"
        connection.exec_driver_sql(unknown, (on_its_way.op_id,))
    other.change(student, family_name="Last")
    assert other.values(student)["family_name"] == "Last"


def test_s14_what_is_typed_in_a_choice_is_meant_instead_of_an_earlier_edit_that_waits(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str]
) -> None:
    one, other, student = two
    other.change(student, phone="2")
    one.change(student, phone="3")
    one.sync()
    other.sync()
    waits = other.change(student, phone="4", homeroom="B")
    only_that = other.change(student, phone="5")
    op_id, _theirs = conflict_of(other)
    other.client.resolve(op_id, {"phone": Chosen.edited("6")})
    assert (other.values(student)["phone"], other.values(student)["homeroom"]) == ("6", "B")
    assert (other.state(waits), other.state(only_that)) == ("queued", "replaced")
    assert other.sync().up_to_date
    assert school.rows("SELECT phone, homeroom FROM student") == [("6", "B")]


def test_s24_what_the_school_told_with_a_refusal_is_not_passed_over(
    two: tuple[ClientDesk, ClientDesk, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, student = two
    other.change(student, phone="2")
    one.change(student, phone="3")
    one.sync()
    with monkeypatch.context() as patch:

        async def cut(_pull: Pull) -> int:
            return 0

        patch.setattr(Pull, "run", cut)
        other.sync()
    op_id, _theirs = conflict_of(other)
    other.client.resolve(op_id, {"phone": Chosen("theirs")})
    assert other.client.status().outstanding == ("not_pulled",)
    assert other.sync().up_to_date


def test_s15_an_edit_that_ends_where_it_began_is_kept_when_the_record_is_brought_back(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str]
) -> None:
    one, other, student = two
    one.network.faults = ["drop before send"] * 5
    one.change(student, phone="2")
    with pytest.raises(CallFailedError):
        one.sync()  # its bytes are frozen: what follows is another entry
    one.network.faults = []
    one.crash()
    one.change(student, phone="3")
    one.change(student, phone="2", homeroom="B")
    other.client.archive("student", student)
    other.sync()
    one.sync()
    op_id, _school = conflict_of(one)
    one.client.resolve(op_id, {"record": Chosen("theirs")})
    one.sync()
    op_id, at_school = conflict_of(one)
    assert at_school["phone"] == "1"
    one.client.resolve(op_id, {"record": Chosen("mine")})
    assert one.sync().up_to_date
    row = school.student(student)
    assert (row["phone"], row["homeroom"], row["deleted_at"]) == ("2", "B", None)
