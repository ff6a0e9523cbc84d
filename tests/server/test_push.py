"""Push: exactly once, each operation by itself, lanes, rights (S7, S8)."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from rollbook.contract.operations import FieldChange, Kind, Operation, operation_bytes
from rollbook.domain.roles import RIGHTS, Role
from rollbook.server.auth.caller import Caller
from rollbook.server.metrics import Metrics
from rollbook.server.sync.decide import HolderOf, Subject, Verdict, decide
from rollbook.server.sync.push import PushService
from support.school_server import SchoolServer, record_of

COUNT = "SELECT count(*) FROM {} WHERE school_id = :school"


def count_of(school: SchoolServer, table: str) -> int:
    return int(school.rows(COUNT.format(table))[0][0])


def test_s7_same_operation_twice_applies_once(school: SchoolServer) -> None:
    desk = school.desk()
    create = desk.create(given_name="Eleni", student_number="007")
    [first] = desk.push(create)
    [second] = desk.push(create)
    assert (first.outcome, first.version) == ("applied", 1)
    assert (second.outcome, second.version) == ("duplicate", 1)
    assert record_of(second) == record_of(first)
    assert count_of(school, "student") == 1
    assert count_of(school, "receipt") == 1
    assert count_of(school, "feed") == 2  # the school itself, and the student


def test_s7_same_operation_twice_in_one_batch_applies_once(school: SchoolServer) -> None:
    desk = school.desk()
    create = desk.create(given_name="Eleni")
    assert [result.outcome for result in desk.push(create, create)] == ["applied", "duplicate"]
    assert count_of(school, "history") == 1


def test_s7_a_duplicate_keeps_its_version_and_shows_the_record_of_now(school: SchoolServer) -> None:
    desk = school.desk()
    create = desk.create(given_name="Eleni")
    desk.push(create)
    desk.push(desk.update(create.entity_id, 1, phone=(None, "210 1234567")))
    [again] = desk.push(create)
    assert (again.outcome, again.version) == ("duplicate", 1)
    assert record_of(again)["phone"] == "210 1234567"


def test_s7_same_id_with_other_bytes_is_refused(school: SchoolServer) -> None:
    desk = school.desk()
    create = desk.create(given_name="Eleni")
    other = msgspec.structs.replace(create, changes={"given_name": FieldChange(None, "Maria")})
    desk.push(create)
    [result] = desk.push(other)
    assert result.outcome == "rejected"
    assert result.problem is not None
    assert (result.problem.error, result.problem.status) == ("idempotency-mismatch", 422)
    assert school.rows("SELECT given_name FROM student WHERE school_id = :school") == [("Eleni",)]


def test_s7_receipts_are_the_owners_own(school: SchoolServer) -> None:
    create = school.desk().create(given_name="Eleni")
    one, other = school.desk(), school.desk()
    one.push(create)
    [result] = other.push(msgspec.structs.replace(create, entity_id=str(uuid.uuid4())))
    assert result.outcome == "applied"


def test_s7_receipts_tell_the_outcome_of_unknown_operations(school: SchoolServer) -> None:
    desk = school.desk()
    went, refused = desk.create(given_name="Eleni"), desk.create(birth_date="2014-02-31")
    desk.push(went, refused)
    answer = desk.call(
        "POST", "/api/v1/sync/receipts", json={"op_ids": [refused.op_id, went.op_id, "never-sent-1"]}
    )
    assert [(item["op_id"], item["outcome"], item["version"]) for item in answer.json()["results"]] == [
        (went.op_id, "duplicate", 1)
    ]


def test_s7_only_what_went_has_a_receipt(school: SchoolServer) -> None:
    desk = school.desk()
    student_id = school_student = desk.student(phone="1")
    clash = desk.update(student_id, 1, phone=("0", "2"))
    assert desk.push(clash)[0].outcome == "conflict"
    assert count_of(school, "receipt") == 1
    mended = msgspec.structs.replace(desk.update(school_student, 1, phone=("1", "2")), replaces=clash.op_id)
    assert desk.push(mended)[0].outcome == "applied"


def test_s7_simultaneous_pushes_of_one_operation_apply_once(school: SchoolServer) -> None:
    desk = school.desk()
    create = desk.create(given_name="Eleni", student_number="1")
    with ThreadPoolExecutor(8) as threads:
        outcomes = sorted(result.outcome for [result] in threads.map(lambda _: desk.push(create), range(8)))
    assert outcomes == ["applied"] + ["duplicate"] * 7
    assert count_of(school, "student") == 1


def test_s8_one_bad_operation_never_blocks_the_others(school: SchoolServer) -> None:
    desk = school.desk()
    good = [operation_bytes(desk.create(given_name=f"G{number}")) for number in range(3)]
    bad = [
        b'{"op_id":"not-an-operation"}',
        b'{"op_id":"1234567890","kind":"rename","entity":"student","entity_id":"x"}',
        b'"text"',
        operation_bytes(desk.create(given_name="E", birth_date="2014-02-31")),
        operation_bytes(desk.create(given_name="E", hat_size="7")),
        operation_bytes(desk.create(phone="210 1234567")),
        operation_bytes(desk.create(given_name="E\x00")),
    ]
    results = desk.push_bytes(good[0], *bad[:4], good[1], *bad[4:], good[2])
    assert [result.outcome for result in results] == ["applied"] + ["rejected"] * 4 + ["applied"] + [
        "rejected"
    ] * 3 + ["applied"]
    assert count_of(school, "student") == 3
    assert all(result.problem and result.problem.request_id for result in results if result.problem)


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"given_name": "E", "birth_date": "2014-02-31"}, "birth_date", "not-a-date"),
        ({"given_name": "E", "hat_size": "7"}, "hat_size", "unknown-field"),
        ({"phone": "210"}, "family_name", "name-missing"),
        ({"given_name": "E", "sex": "yes"}, "sex", "not-a-choice"),
        ({"given_name": 5}, "given_name", "wrong-type"),
    ],
)
def test_s8_a_refusal_names_each_field_and_what_would_be_right(
    school: SchoolServer, values: dict[str, object], field: str, code: str
) -> None:
    desk = school.desk()
    [result] = desk.push(desk.create(**values))
    assert result.outcome == "rejected"
    assert result.problem is not None
    assert result.problem.error == "validation-failed"
    assert [(item.field, item.code) for item in result.problem.errors] == [(field, code)]
    assert result.problem.errors[0].suggestion


def test_s8_a_later_operation_of_a_stuck_lane_is_held(school: SchoolServer) -> None:
    desk = school.desk()
    bad = desk.create(birth_date="2014-02-31")
    after = desk.update(bad.entity_id, 1, given_name=(None, "Eleni"))
    elsewhere = desk.create(given_name="Maria")
    results = desk.push(bad, after, elsewhere)
    assert [result.outcome for result in results] == ["rejected", "held", "applied"]
    assert results[1].held_by == bad.op_id


def test_s4_an_operation_waits_for_all_of_its_lanes(school: SchoolServer) -> None:
    desk = school.desk()
    bad = msgspec.structs.replace(desk.create(birth_date="x"), lanes=("register-1", "other"))
    both = msgspec.structs.replace(desk.create(given_name="Eleni"), lanes=("free", "register-1"))
    assert [result.outcome for result in desk.push(bad, both)] == ["rejected", "held"]


def test_s8_an_unreadable_operation_still_holds_its_lane(school: SchoolServer) -> None:
    desk = school.desk()
    student_id = desk.student()
    broken = f'{{"op_id":"unreadable-1","kind":"rename","entity_id":"{student_id}"}}'.encode()
    behind = operation_bytes(desk.update(student_id, 1, phone=(None, "1")))
    assert [result.outcome for result in desk.push_bytes(broken, behind)] == ["rejected", "held"]


def test_s8_depends_on_what_did_not_go_is_held(school: SchoolServer) -> None:
    desk = school.desk()
    bad, good = desk.create(birth_date="x"), desk.create(given_name="Eleni")

    def behind(cause: str) -> Operation:
        return msgspec.structs.replace(desk.create(given_name="M"), depends_on=(cause,))

    results = desk.push(bad, good, behind(bad.op_id), behind(good.op_id), behind("unknown-cause"))
    assert [result.outcome for result in results] == ["rejected", "applied", "held", "applied", "held"]
    [later] = desk.push(behind(good.op_id))
    assert later.outcome == "applied"


def test_s8_a_later_operation_of_the_batch_sees_the_earlier_one(school: SchoolServer) -> None:
    desk = school.desk()
    create = desk.create(given_name="Eleni")
    results = desk.push(
        create,
        desk.update(create.entity_id, 1, phone=(None, "1")),
        desk.update(create.entity_id, 1, phone=("1", "2"), email=(None, "a@example.org")),
        desk.archive(create.entity_id, 1),
    )
    assert [(result.outcome, result.version) for result in results] == [
        ("applied", 1),
        ("applied", 2),
        ("applied", 3),
        ("applied", 4),
    ]
    versions = school.rows("SELECT version FROM history WHERE school_id = :school ORDER BY version")
    assert [row[0] for row in versions] == [1, 2, 3, 4]


def test_s8_an_unexpected_error_fails_one_operation_and_holds_its_lane(school: SchoolServer) -> None:
    desk = school.desk()
    create = desk.create(given_name="Eleni")
    poison = desk.update(create.entity_id, 1, phone=(None, "1"))
    behind = desk.update(create.entity_id, 1, phone=("1", "2"))
    other = desk.create(given_name="Maria")

    def stumbling(subject: Subject, operation: Operation, holder_of: HolderOf) -> Verdict:
        if operation.op_id == poison.op_id:
            raise ZeroDivisionError
        return decide(subject, operation, holder_of)

    parts = school.parts
    push = PushService(
        parts.database,
        school.clock,
        Metrics(),
        lambda school_id: None,
        parts.installation,
        decided_by=stumbling,
    )
    caller = Caller(desk.session.user_id, "x", school.school_id, RIGHTS[Role.REGISTRAR])
    operations = [operation_bytes(item) for item in (create, poison, behind, other)]
    results = push.take(caller, operations)
    assert [result.outcome for result in results] == ["applied", "failed", "held", "applied"]
    assert results[1].problem is not None
    assert results[1].problem.error == "internal-error"
    assert [item.outcome for item in desk.push_bytes(*operations)] == [
        "duplicate",
        "applied",
        "applied",
        "duplicate",
    ]


def test_s8_what_the_database_refuses_fails_alone(school: SchoolServer) -> None:
    """A decision that overlooks a unique value is caught by the index, for that operation only."""
    desk = school.desk()
    desk.student(student_number="1")

    def overlooking(subject: Subject, operation: Operation, _holder_of: HolderOf) -> Verdict:
        return decide(subject, operation, lambda name, value: None)

    parts = school.parts
    push = PushService(
        parts.database,
        school.clock,
        Metrics(),
        lambda school_id: None,
        parts.installation,
        decided_by=overlooking,
    )
    caller = Caller(desk.session.user_id, "x", school.school_id, RIGHTS[Role.REGISTRAR])
    taken = desk.create(given_name="M", student_number="1")
    behind = desk.update(taken.entity_id, 1, phone=(None, "1"))
    free = desk.create(given_name="N", student_number="2")
    results = push.take(caller, [operation_bytes(item) for item in (taken, behind, free)])
    assert [result.outcome for result in results] == ["failed", "held", "applied"]
    assert count_of(school, "student") == 2


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TEACHER, Role.SUPPORT])
def test_s8_who_may_not_write_is_refused_for_each_operation(school: SchoolServer, role: Role) -> None:
    desk = school.desk(role)
    [result] = desk.push(desk.create(given_name="Eleni"))
    assert result.problem is not None
    assert (result.outcome, result.problem.error) == ("rejected", "forbidden")


def test_h1_an_entity_that_is_not_writable_is_refused(school: SchoolServer) -> None:
    desk = school.desk(Role.ADMINISTRATOR)
    changes = {"name": FieldChange(school.school_name, "Mine")}
    operation = desk.operation(
        Kind.UPDATE, school.school_id, entity="school", changes=changes, base_version=1
    )
    [result] = desk.push(operation)
    assert result.problem is not None
    assert result.problem.error == "forbidden"


@pytest.mark.parametrize("members", [{"payload_version": 2}, {"payload_version": 0}, {"entity": "spaceship"}])
def test_s28_an_unknown_payload_is_refused_not_guessed(
    school: SchoolServer, members: dict[str, object]
) -> None:
    desk = school.desk()
    [result] = desk.push(msgspec.structs.replace(desk.create(given_name="Eleni"), **members))
    assert result.problem is not None
    assert (result.outcome, result.problem.error) == ("rejected", "payload-unsupported")


def test_s8_five_hundred_at_once_and_not_one_more(school: SchoolServer) -> None:
    desk = school.desk()
    operations = [desk.create(given_name=f"G{number}", student_number=str(number)) for number in range(501)]
    body = b'{"operations":[' + b",".join(map(operation_bytes, operations)) + b"]}"
    too_many = desk.call("POST", "/api/v1/sync/push", content=body)
    assert (too_many.status_code, too_many.json()["error"]) == (413, "body-too-large")
    assert count_of(school, "student") == 0
    results = desk.push(*operations[:500])
    assert {result.outcome for result in results} == {"applied"}
    assert [result.op_id for result in results] == [operation.op_id for operation in operations[:500]]


def test_s2_an_update_without_a_base_version_is_refused(school: SchoolServer) -> None:
    desk = school.desk()
    student_id = desk.student()
    operation = msgspec.structs.replace(desk.update(student_id, 1, phone=(None, "1")), base_version=None)
    [result] = desk.push(operation)
    assert result.problem is not None
    assert [item.field for item in result.problem.errors] == ["base_version"]


def test_s8_an_update_of_what_does_not_exist_is_refused(school: SchoolServer) -> None:
    desk = school.desk()
    [result] = desk.push(desk.update(str(uuid.uuid4()), 1, phone=(None, "1")))
    assert result.problem is not None
    assert (result.outcome, result.problem.error) == ("rejected", "not-found")


def test_d3_another_schools_records_are_out_of_reach(school: SchoolServer, database: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    student_id = school.desk().student(given_name="Eleni")
    neighbour = SchoolServer(database, tmp_path / "neighbour")
    try:
        desk = neighbour.desk()
        [result] = desk.push(desk.update(student_id, 1, phone=(None, "1")))
        assert result.problem is not None
        assert result.problem.error == "not-found"
        assert desk.call("GET", f"/api/v1/students/{student_id}").status_code == 404
        elsewhere = desk.call("GET", f"/api/v1/students?school={school.school_id}")
        assert (elsewhere.status_code, elsewhere.json()["error"]) == (403, "forbidden")
    finally:
        neighbour.close()
