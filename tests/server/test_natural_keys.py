"""The same thing created twice: found by its natural key, merged, its other id an alias (S16, D4)."""

import threading
import uuid

import msgspec
from sqlalchemy import Connection

from rollbook.contract.aliases import told_by
from rollbook.contract.operations import Kind, Operation
from rollbook.domain.roles import Role
from rollbook.domain.student import STUDENT
from rollbook.server.auth import accounts
from support.school_server import Desk, SchoolServer, record_of

KEY = {"source_system": "oneroster", "sourced_id": "s-1"}


def _aliases(desk: Desk) -> list[tuple[str, str, str]]:
    return [told for change in desk.changes().changes if (told := told_by(change))]


def _same(desk: Desk, unsent: str, record: str, base: int = 1) -> Operation:
    return desk.operation(Kind.ALIAS, record, alias=unsent, base_version=base)


def test_s16_every_desk_gives_the_same_id_to_the_same_key() -> None:
    one = STUDENT.natural_id("school", KEY | {"given_name": "Eleni"})
    assert one == STUDENT.natural_id("school", KEY | {"given_name": "Nikos"})
    assert one != STUDENT.natural_id("another school", KEY)
    assert STUDENT.natural_id("school", {"sourced_id": "s-1"}) is None


def test_s16_a_second_create_is_found_by_its_key_and_merged(school: SchoolServer) -> None:
    one, other = school.desk(), school.desk()
    student = one.student(**KEY, phone="1")
    create = other.create(**KEY, given_name="Eleni", email="eleni@example.org")
    assert create.entity_id != student
    [result] = other.push(create)
    assert result.outcome == "merged", result
    assert record_of(result) == record_of(result) | {"phone": "1", "email": "eleni@example.org"}
    assert len(school.rows("SELECT 1 FROM student WHERE school_id = :school")) == 1
    assert _aliases(one) == [("student", create.entity_id, student)]


def test_s16_differing_values_of_the_second_create_are_asked(school: SchoolServer) -> None:
    one, other = school.desk(), school.desk()
    student = one.student(**KEY, phone="1")
    create = other.create(**KEY, phone="2")
    [result] = other.push(create)
    assert (result.outcome, result.problem and result.problem.error) == ("conflict", "already-exists")
    assert result.conflict is not None
    assert result.conflict.fields == {"phone": "1"}
    assert b'"id":"%s"' % student.encode() in bytes(result.record)
    assert _aliases(other) == [("student", create.entity_id, student)]


def test_s16_later_operations_on_the_other_id_go_to_the_record(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(**KEY)
    create = desk.create(**KEY, given_name="Eleni")
    later = desk.update(create.entity_id, 0, phone=(None, "7"))
    created, updated = desk.push(create, later)
    assert (created.outcome, updated.outcome) == ("merged", "applied")
    assert record_of(updated)["phone"] == "7"
    [again] = desk.push(later)
    assert (again.outcome, again.version) == ("duplicate", updated.version)
    shown = desk.call("GET", f"/api/v1/students/{create.entity_id}").json()
    assert (shown["id"], shown["values"]["phone"]) == (student, "7")


def test_s16_both_in_one_batch_are_one(school: SchoolServer) -> None:
    desk = school.desk()
    first, second = desk.create(**KEY, given_name="Eleni"), desk.create(**KEY, given_name="Eleni")
    results = desk.push(first, second)
    assert [result.outcome for result in results] == ["applied", "merged"]
    assert _aliases(desk) == [("student", second.entity_id, first.entity_id)]


def test_s16_created_at_once_by_many_desks_it_is_one_record(school: SchoolServer) -> None:
    desks = [school.desk() for _ in range(4)]
    start, outcomes = threading.Barrier(8), []

    def create(desk: Desk, number: int) -> None:
        operation = desk.create(**KEY, given_name="Eleni", phone="1")
        start.wait()
        outcomes.append(desk.push(operation)[0].outcome)

    threads = [threading.Thread(target=create, args=(desks[n % 4], n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["applied"] + ["merged"] * 7
    assert len(school.rows("SELECT 1 FROM student WHERE school_id = :school")) == 1
    assert len(school.rows("SELECT 1 FROM alias WHERE school_id = :school")) == 7


def test_s16_creating_again_what_is_archived_names_the_tombstones_version(school: SchoolServer) -> None:
    one, other = school.desk(), school.desk()
    student = one.student(**KEY, phone="1")
    one.push(one.archive(student, 1))
    create = other.create(**KEY, given_name="Eleni")
    [asked] = other.push(create)
    assert (asked.outcome, asked.problem and asked.problem.error) == ("conflict", "archived-meanwhile")
    assert asked.version == 2
    values = {name: (value, value) for name, value in record_of(asked).items() if value is not None}
    again = other.update(create.entity_id, 2, **values)
    [revived] = other.push(_as_create(again))
    assert (revived.outcome, revived.version) == ("applied", 3)
    assert record_of(revived)["phone"] == "1"


def test_s16_a_key_given_to_a_second_record_by_a_change_asks(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(**KEY)
    second = desk.student(source_system="oneroster", sourced_id="s-2")
    [result] = desk.push(desk.update(second, 1, sourced_id=("s-2", "s-1")))
    assert (result.outcome, result.problem and result.problem.error) == ("conflict", "value-taken")
    assert result.conflict is not None
    assert result.conflict.fields == {"sourced_id": "s-1", "other_id": student}


def test_s16_a_key_that_was_let_go_is_free_again(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(**KEY)
    letting_go = desk.update(student, 1, sourced_id=("s-1", "s-9"))
    freed, created = desk.push(letting_go, desk.create(**KEY, given_name="Anna"))
    assert (freed.outcome, created.outcome) == ("applied", "applied")
    assert len(school.rows("SELECT 1 FROM student WHERE school_id = :school")) == 2


def test_s16_the_same_key_in_another_school_is_another_student(school: SchoolServer) -> None:
    desk = school.desk()
    desk.student(**KEY)
    other = school.write(lambda connection: _another_school(connection, school))
    name = school.user(Role.REGISTRAR, school_id=other)
    [result] = school.desk(name=name).push(school.desk().create(**KEY, given_name="Eleni"))
    assert result.outcome == "applied"


def test_s16_it_is_the_same_student_makes_the_unsent_one_an_alias(school: SchoolServer) -> None:
    desk = school.desk()
    student, unsent = desk.student(student_number="5"), str(uuid.uuid4())
    same = _same(desk, unsent, student)
    later = desk.update(unsent, 1, phone=(None, "7"))
    results = desk.push(same, later)
    assert [result.outcome for result in results] == ["applied", "applied"]
    assert record_of(results[1])["phone"] == "7"
    assert _aliases(desk) == [("student", unsent, student)]
    assert [result.outcome for result in desk.push(same)] == ["duplicate"]
    assert [result.outcome for result in desk.push(_same(desk, unsent, student))] == ["applied"]
    assert len(_aliases(desk)) == 1


def test_s16_a_record_that_the_school_has_never_becomes_an_alias(school: SchoolServer) -> None:
    desk = school.desk()
    one, other = desk.student(), desk.student()
    [refused] = desk.push(_same(desk, one, other))
    assert (refused.outcome, refused.problem and refused.problem.error) == ("rejected", "already-exists")
    [unknown] = desk.push(_same(desk, str(uuid.uuid4()), str(uuid.uuid4())))
    assert (unknown.outcome, unknown.problem and unknown.problem.error) == ("rejected", "not-found")
    for wrong in (None, one, "x"):
        [result] = desk.push(desk.operation(Kind.ALIAS, one, alias=wrong, base_version=1))
        assert (result.outcome, result.problem and result.problem.status) == ("rejected", 422)
    assert _aliases(desk) == []


def _as_create(update: Operation) -> Operation:
    return msgspec.structs.replace(update, kind=Kind.CREATE)


def _another_school(connection: Connection, school: SchoolServer) -> str:
    return accounts.make_school(connection, school.clock, school.new_id, f"School {uuid.uuid4()}")
