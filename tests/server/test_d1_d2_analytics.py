"""Attendance and averages of a student and of a class, reckoned from what was entered (D1, D2)."""

import uuid
from typing import Any

import pytest

from rollbook.contract.operations import FieldChange, Kind, Operation, Outcome
from rollbook.domain.attendance import DEFAULT_CODES
from rollbook.domain.roles import Role
from rollbook.server.problems import ProblemError
from support.school_server import Desk, SchoolServer


def add(desk: Desk, entity: str, **values: Any) -> str:
    """Make a record; gives its id."""
    record_id = str(uuid.uuid4())
    changes = {name: FieldChange(None, value) for name, value in values.items()}
    made = Operation(str(uuid.uuid4()), Kind.CREATE, entity, record_id, changes)
    [result] = desk.push(made)
    assert result.outcome is Outcome.APPLIED, result.problem
    return record_id


def parts(desk: Desk, path: str) -> Any:
    """The data of each part."""
    answer = desk.call("GET", f"/api/v1/analytics/{path}")
    assert answer.status_code == 200
    assert {part["status"] for part in answer.json()["parts"].values()} == {"ok"}
    return {name: part["data"] for name, part in answer.json()["parts"].items()}


def a_class(desk: Desk) -> tuple[str, list[str]]:
    """A section with three students and the school's codes."""
    for key, title, counts_as, late, excused, may_use, needs_reason in DEFAULT_CODES:
        add(
            desk,
            "attendance_code",
            key=key,
            title=title,
            counts_as=counts_as,
            late=late,
            excused=excused,
            teacher_may_use=may_use,
            needs_reason=needs_reason,
        )
    scale = add(desk, "grade_scale", title="0–20", kind="numeric", minimum="0", maximum="20")
    section = add(desk, "section", title="1A", grade_scale_id=scale)
    students = [desk.student(given_name=name) for name in ("Eleni", "Hana", "Anna")]
    for student in students:
        add(desk, "section_enrolment", section_id=section, student_id=student, begin_date="2026-09-10")
    return section, students


def test_d1_attendance_of_a_student_and_of_the_class(school: SchoolServer) -> None:
    desk = school.desk()
    section, (eleni, *_others) = a_class(desk)
    for date in ("2026-09-11", "2026-09-14"):
        add(desk, "register_taken", section_id=section, date=date, period="day")
    in_register = {"section_id": section, "date": "2026-09-11", "period": "day"}
    add(desk, "attendance_mark", student_id=eleni, teacher_code="A", **in_register)
    viewer = school.desk(Role.VIEWER)
    mine = parts(viewer, f"students/{eleni}")["attendance"]
    assert (mine["rate"], mine["expected"], mine["absent"]) == ("50.0", 2, 1)
    whole = parts(viewer, f"sections/{section}")["attendance"]
    assert (whole["students"], whole["expected"], whole["rate"]) == (3, 6, "83.3")


def test_d2_averages_of_a_student_and_how_the_class_is_spread(school: SchoolServer) -> None:
    desk = school.desk()
    section, students = a_class(desk)
    item = add(desk, "line_item", section_id=section, title="Test", maximum="20")
    for student, score in zip(students, ("19,5", "10", None), strict=True):
        add(desk, "result", line_item_id=item, student_id=student, score=score)
    viewer = school.desk(Role.VIEWER)
    [mine] = parts(viewer, f"students/{students[0]}")["grades"]
    assert (mine["title"], mine["percent"], mine["average"], mine["counted"]) == ("1A", "97.5", "19.5", 1)
    [ungraded] = parts(viewer, f"students/{students[2]}")["grades"]
    assert (ungraded["percent"], ungraded["average"]) == (None, None)  # unknown, which is not 0
    whole = parts(viewer, f"sections/{section}")["grades"]
    assert (whole["graded"], whole["median"]) == (2, "73.8")
    assert whole["bands"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1]


def test_d4_a_student_who_is_named_by_two_ids_is_one(school: SchoolServer) -> None:
    desk = school.desk()
    section, (eleni, *_others) = a_class(desk)
    unsent = str(uuid.uuid4())
    said = Operation(str(uuid.uuid4()), Kind.ALIAS, "student", eleni, base_version=1, alias=unsent)
    [result] = desk.push(said)
    assert result.outcome is Outcome.APPLIED, result.problem
    add(desk, "register_taken", section_id=section, date="2026-09-11", period="day")
    in_register = {"section_id": section, "date": "2026-09-11", "period": "day"}
    add(desk, "attendance_mark", student_id=unsent, teacher_code="A", **in_register)
    item = add(desk, "line_item", section_id=section, title="Test", maximum="20")
    add(desk, "result", line_item_id=item, student_id=unsent, score="15")
    viewer = school.desk(Role.VIEWER)
    whole, mine = parts(viewer, f"sections/{section}"), parts(viewer, f"students/{eleni}")
    assert (whole["attendance"]["students"], whole["attendance"]["absent"]) == (3, 1)
    assert (mine["attendance"]["absent"], mine["grades"][0]["percent"]) == (1, "75.0")
    assert whole["grades"]["graded"] == 1


def test_d2_who_is_at_risk_is_told_page_by_page_with_the_reasons(school: SchoolServer) -> None:
    desk = school.desk()
    section, students = a_class(desk)
    item = add(desk, "line_item", section_id=section, title="Test", maximum="20")
    for student, score in zip(students, ("4", "6", "20"), strict=True):
        add(desk, "result", line_item_id=item, student_id=student, score=score)
    school.clock.advance(30 * 86_400)
    viewer = school.desk(Role.VIEWER)
    named, cursor, pages = {}, "", 0
    while pages < 3:
        pages += 1
        asked = f"risk?least_results=1&average=25.5&limit=2{cursor}"
        answer = viewer.call("GET", f"/api/v1/analytics/{asked}").json()
        assert answer["parts"]["attendance_risk"]["data"] == []
        named |= {each["student_id"]: each["reasons"] for each in answer["parts"]["grades_risk"]["data"]}
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert pages == 2
    [reason] = named.pop(students[0])
    assert (reason["rule"], reason["figure"], reason["threshold"]) == ("average_low", "20.0", "25.5")
    assert (reason["of"], reason["section_id"]) == (1, section)
    assert named == {}
    of_grade = viewer.call("GET", "/api/v1/analytics/risk?grade_level=none").json()
    assert (of_grade["looked_at"], of_grade["next"]) == (0, None)
    for wrong in ("cursor=behind", "average=101", "missing=0", "limit=501"):
        assert viewer.call("GET", f"/api/v1/analytics/risk?{wrong}").status_code in (400, 422), wrong


def test_r10_rules_about_registers_and_about_results_stand_each_for_itself(
    school: SchoolServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: Any) -> Any:
        raise ProblemError("database-busy")

    desk = school.desk()
    section, [student, *_others] = a_class(desk)
    monkeypatch.setattr("rollbook.server.analytics.risk.of_attendance", fails)
    for path in (f"sections/{section}", f"students/{student}", "risk"):
        found = desk.call("GET", f"/api/v1/analytics/{path}").json()["parts"]
        away = {name for name, part in found.items() if part["status"] != "ok"}
        assert (away, found["attendance_risk"]["reason"]) == ({"attendance_risk"}, "database-busy")
