"""A field with a right of its own is changed by who has it, whatever way the change comes (D1, H1)."""

import uuid
from typing import Any

import pytest

from rollbook.contract.operations import FieldChange, Kind, Operation, Result
from rollbook.domain.roles import RIGHTS, Right, Role
from support.school_server import Desk, SchoolServer, record_of
from support.whole_school import one_of_each

AT_THE_FIELD = ("forbidden", [("office_code", "forbidden")])


def change(desk: Desk, mark: str, base: int, **changes: tuple[Any, Any]) -> Operation:
    made = {name: FieldChange(had, value) for name, (had, value) in changes.items()}
    return desk.operation(Kind.UPDATE, mark, changes=made, base_version=base, entity="attendance_mark")


def refusal(result: Result) -> tuple[str, list[tuple[str, str]]]:
    assert result.problem is not None, result
    return result.problem.error, [(each.field, each.code) for each in result.problem.errors]


@pytest.fixture
def mark(school: SchoolServer) -> str:
    """A mark with both codes."""
    office = school.desk()
    mark = one_of_each(office)["attendance_mark_id"]
    [result] = office.push(change(office, mark, 1, office_code=(None, "E")))
    assert result.outcome == "applied"
    return mark


def test_d1_the_offices_code_is_the_offices_also_in_a_push(school: SchoolServer, mark: str) -> None:
    teacher = school.desk(Role.TEACHER)
    for had, value in (("E", "P"), ("E", None), (None, "P")):
        [result] = teacher.push(change(teacher, mark, 2, office_code=(had, value), teacher_code=("x", "L")))
        assert refusal(result) == AT_THE_FIELD
    archive = teacher.operation(Kind.ARCHIVE, mark, base_version=2, entity="attendance_mark")
    assert refusal(teacher.push(archive)[0]) == AT_THE_FIELD
    [result] = teacher.push(change(teacher, mark, 2, teacher_code=("x", "L")))
    assert (result.outcome, record_of(result)["office_code"]) == ("applied", "E")


def test_d1_a_new_mark_of_a_teacher_has_no_code_of_the_office(school: SchoolServer, mark: str) -> None:
    teacher = school.desk(Role.TEACHER)
    [shown] = teacher.call("GET", "/api/v1/attendance-marks").json()["attendance_marks"]
    values = {**shown["values"], "date": "2026-11-29"}
    path, key = "/api/v1/attendance-marks", {"Idempotency-Key": str(uuid.uuid4())}
    refused = teacher.call("POST", path, key, json={"values": values})
    assert refused.status_code == 403
    assert [each["field"] for each in refused.json()["errors"]] == ["office_code"]
    made = teacher.call("POST", path, key, json={"values": values | {"office_code": None}})
    assert made.status_code == 201


def test_d1_what_a_teacher_sends_back_as_it_was_is_no_change(school: SchoolServer, mark: str) -> None:
    teacher, path = school.desk(Role.TEACHER), f"/api/v1/attendance-marks/{mark}"
    seen = teacher.call("GET", path)
    whole = {"values": seen.json()["values"] | {"teacher_code": "L"}}
    key = {"Idempotency-Key": str(uuid.uuid4()), "If-Match": seen.headers["ETag"]}
    assert teacher.call("PATCH", path, key, json=whole).status_code == 200
    office = school.desk()
    assert office.push(change(office, mark, 3, office_code=("E", "P")))[0].outcome == "applied"
    late = {"values": {"office_code": "E", "reason": "Ill"}, "had": {"office_code": "E", "reason": None}}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    answer = teacher.call("PATCH", path, key, json=late | {"base_version": 3})
    assert (answer.status_code, answer.json()["values"]["office_code"]) == (200, "P")


def test_d1_the_office_is_the_registrar_and_the_administrator() -> None:
    assert {role for role in Role if Right.MARK_FOR_OFFICE in RIGHTS[role]} == {
        Role.ADMINISTRATOR,
        Role.REGISTRAR,
    }
