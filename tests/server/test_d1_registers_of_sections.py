"""A section's register over the API: whole, by the rules of the desk, all or nothing, once (D1, S7, S8)."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rollbook.contract.operations import Kind
from rollbook.domain.roles import Role
from support.school_server import Desk, SchoolServer
from support.taught_section import TaughtSection, member, record, taught_section

DATE = "2026-11-02"


@pytest.fixture
def taught(school: SchoolServer) -> TaughtSection:
    """A class of three, made by the office."""
    return taught_section(school.desk())


def path(taught: TaughtSection, date: str = DATE, period: str = "day") -> str:
    return f"/api/v1/sections/{taught.section}/registers/{date}/{period}"


def read(desk: Desk, taught: TaughtSection, **where: str) -> Any:
    answer = desk.call("GET", path(taught, **where))
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    return answer.json()


def take(
    desk: Desk, taught: TaughtSection, *marks: dict[str, Any], seen: int | None = None, key: str | None = None
) -> Any:
    version = read(desk, taught)["version"] if seen is None else seen
    headers = {"Idempotency-Key": key or str(uuid.uuid4()), "If-Match": f'"{version}"'}
    return desk.call("PUT", path(taught), headers, json={"marks": list(marks)})


def mark(student: str, teacher: str | None = None, **members: Any) -> dict[str, Any]:
    return {"student_id": student, "teacher_code": teacher, **members}


def codes(register: Any) -> list[tuple[str | None, str | None]]:
    return [(row["teacher_code"], row["office_code"]) for row in register["marks"]]


def wrong_rows(answer: Any) -> tuple[int, str, list[tuple[str, str]]]:
    said = answer.json()
    return answer.status_code, said["error"], [(each["field"], each["code"]) for each in said["errors"]]


def count(school: SchoolServer, table: str) -> int:
    return int(school.rows(f"SELECT count(*) FROM {table} WHERE school_id = :school")[0][0])


def test_d1_all_present_and_not_taken_differ(school: SchoolServer, taught: TaughtSection) -> None:
    desk = school.desk(Role.TEACHER)
    before = read(desk, taught)
    assert (before["taken"], before["title"], len(before["marks"])) == (False, "1A", 3)
    assert [row["student_id"] for row in before["marks"]] == taught.students
    answer = take(desk, taught)
    assert answer.status_code == 200
    assert answer.json()["taken"]
    assert answer.json() == read(desk, taught)
    assert count(school, "attendance_mark") == 0
    assert not read(desk, taught, date="2026-11-03")["taken"]
    assert not read(desk, taught, period="2")["taken"]


def test_d1_only_exceptions_are_kept_and_who_is_left_out_next_time_is_present(
    school: SchoolServer, taught: TaughtSection
) -> None:
    desk = school.desk(Role.TEACHER)
    one, two, three = taught.students
    first = take(desk, taught, mark(one, "A"), mark(two, "P"), mark(three, "L", minutes=10))
    assert codes(first.json()) == [("A", None), (None, None), ("L", None)]
    assert first.json()["marks"][2]["minutes"] == 10
    second = take(desk, taught, mark(three, "L", minutes=10))
    assert codes(second.json()) == [("P", None), (None, None), ("L", None)]
    assert second.json()["version"] == first.json()["version"] + 1


def test_s7_the_same_request_again_is_done_once_and_another_under_its_key_is_refused(
    school: SchoolServer, taught: TaughtSection
) -> None:
    desk = school.desk(Role.TEACHER)
    key, row = str(uuid.uuid4()), mark(taught.students[0], "A")
    first = take(desk, taught, row, seen=1, key=key)
    again = take(desk, taught, row, seen=1, key=key)
    assert (again.status_code, again.json()) == (200, first.json())
    other = take(desk, taught, mark(taught.students[0], "L"), seen=1, key=key)
    assert (other.status_code, other.json()["error"]) == (422, "idempotency-mismatch")
    elsewhere = desk.call(
        "PUT", path(taught, period="2"), {"Idempotency-Key": key, "If-Match": '"1"'}, json={"marks": [row]}
    )
    assert elsewhere.status_code == 422
    assert (count(school, "attendance_mark"), count(school, "register_taken")) == (1, 1)


def test_s8_it_stands_in_the_feed_the_history_and_the_receipts_like_a_push(
    school: SchoolServer, taught: TaughtSection
) -> None:
    desk = school.desk(Role.TEACHER)
    before = desk.changes()
    row = take(desk, taught, mark(taught.students[0], "A")).json()["marks"][0]
    new = desk.changes(before.cursor).changes
    assert [(change.entity, change.version) for change in new] == [
        ("register_taken", 1),
        ("attendance_mark", 1),
    ]
    assert new[1].id == row["attendance_mark_id"]
    history = desk.call("GET", f"/api/v1/attendance-marks/{row['attendance_mark_id']}/history").json()[
        "entries"
    ]
    assert [entry["by"] for entry in history] == [desk.session.user_name]
    table = desk.changes(before.cursor).sums["attendance_mark"]
    assert table.rows == 1


def test_s13_two_who_take_it_at_once_one_is_told_and_nothing_is_doubled(
    school: SchoolServer, taught: TaughtSection
) -> None:
    desks = [school.desk(Role.TEACHER), school.desk(Role.TEACHER)]
    with ThreadPoolExecutor(2) as threads:
        for round_, letter in enumerate("ALXA"):
            seen = read(desks[0], taught)["version"]

            rows = [mark(student, letter, reason=f"{round_}") for student in taught.students[:2]]
            asked = [(desk, taught, row, seen) for desk, row in zip(desks, rows, strict=True)]
            answers = threads.map(lambda each: take(each[0], each[1], each[2], seen=each[3]), asked)
            assert sorted(answer.status_code for answer in answers) == [200, 412]
            assert count(school, "register_taken") == 1
            assert count(school, "attendance_mark") <= 2
    assert (
        len(school.rows("SELECT * FROM receipt WHERE entity = 'register_taken' AND school_id = :school")) == 4
    )


def test_s13_what_a_push_changed_meanwhile_is_told(school: SchoolServer, taught: TaughtSection) -> None:
    desk, other = school.desk(Role.TEACHER), school.desk(Role.TEACHER)
    seen = read(desk, taught)["version"]
    pushed = record(
        other,
        "attendance_mark",
        section_id=taught.section,
        student_id=taught.students[0],
        date=DATE,
        period="day",
        teacher_code="L",
    )
    assert other.push(pushed)[0].outcome == "applied"
    late = take(desk, taught, mark(taught.students[0], "A"), seen=seen)
    assert (late.status_code, late.json()["error"]) == (412, "version-mismatch")
    assert codes(read(desk, taught))[0] == ("L", None)
    assert not read(desk, taught)["taken"]


def test_d1_each_wrong_row_is_named_and_none_is_applied(school: SchoolServer, taught: TaughtSection) -> None:
    desk = school.desk(Role.TEACHER)
    one, two, three = taught.students
    stranger = desk.server.desk().student(given_name="Stranger")
    answer = take(
        desk,
        taught,
        mark(one, "Z"),
        mark(two, "E"),
        mark(three, "A"),
        mark(stranger, "A"),
        mark(three, "L"),
        mark(str(uuid.uuid4()), "A"),
    )
    assert wrong_rows(answer) == (
        422,
        "validation-failed",
        [
            ("marks.4.student_id", "twice"),
            ("marks.3.student_id", "not-in-section"),
            ("marks.5.student_id", "not-in-section"),
            ("marks.0.teacher_code", "no-such-code"),
            ("marks.1.teacher_code", "not-for-teachers"),
        ],
    )
    assert (count(school, "attendance_mark"), count(school, "register_taken")) == (0, 0)


def test_d1_a_teacher_never_overwrites_the_offices_code(school: SchoolServer, taught: TaughtSection) -> None:
    office, teacher = school.desk(), school.desk(Role.TEACHER)
    one, two, _three = taught.students
    told = take(office, taught, {"student_id": one, "office_code": "E", "reason": "Ill"}, mark(two, "A"))
    assert codes(told.json()) == [(None, "E"), ("A", None), (None, None)]
    assert codes(take(teacher, taught, mark(one, "L")).json())[0] == ("L", "E")
    assert codes(take(teacher, taught).json())[0] == ("P", "E")
    for code in ("P", None):
        refused = take(teacher, taught, mark(one, "A", office_code=code), mark(two, "L"))
        assert wrong_rows(refused) == (403, "forbidden", [("marks.0.office_code", "forbidden")])
    kept = take(teacher, taught, mark(one, "A", office_code="E", reason="Ill"))  # as it was: no change
    assert codes(kept.json())[0] == ("A", "E")
    back = take(office, taught, {"student_id": one, "office_code": None, "teacher_code": "A"})
    assert codes(back.json())[0] == ("A", None)
    needs = take(office, taught, {"student_id": two, "office_code": "E"})
    assert wrong_rows(needs) == (422, "validation-failed", [("marks.0.reason", "required")])


def test_d1_the_register_holds_who_is_in_the_section_on_that_day(
    school: SchoolServer, taught: TaughtSection
) -> None:
    desk = school.desk()
    late, gone = desk.student(family_name="G1"), desk.student(family_name="G2")
    spans = (member(desk, taught.section, late, "2026-11-03"), member(desk, taught.section, gone, end=DATE))
    assert {result.outcome for result in desk.push(*spans)} == {"applied"}
    inside = {
        date: [row["student_id"] for row in read(desk, taught, date=date)["marks"]]
        for date in (DATE, "2026-11-03")
    }
    assert inside == {DATE: [*taught.students, gone], "2026-11-03": [*taught.students, late]}


def test_d4_a_student_is_the_same_under_another_id(school: SchoolServer, taught: TaughtSection) -> None:
    desk, one = school.desk(), taught.students[0]
    alias = str(uuid.uuid4())
    same = desk.operation(Kind.ALIAS, one, base_version=1, alias=alias)
    assert desk.push(same)[0].outcome == "applied"
    pushed = record(
        desk,
        "attendance_mark",
        section_id=taught.section,
        student_id=alias,
        date=DATE,
        period="day",
        teacher_code="L",
    )
    assert desk.push(pushed)[0].outcome == "applied"
    assert codes(read(desk, taught))[0] == ("L", None)
    assert codes(take(desk, taught, mark(alias, "A")).json())[0] == ("A", None)
    assert count(school, "attendance_mark") == 1
    twice = take(desk, taught, mark(one, "A"), mark(alias, "L"))
    assert wrong_rows(twice) == (422, "validation-failed", [("marks.1.student_id", "twice")])


def test_d3_an_archived_mark_is_taken_up_again_and_an_archived_section_is_not_written(
    school: SchoolServer, taught: TaughtSection
) -> None:
    desk = school.desk()
    row = take(desk, taught, mark(taught.students[0], "A")).json()["marks"][0]
    key = {"Idempotency-Key": str(uuid.uuid4()), "If-Match": '"1"'}
    gone = desk.call("DELETE", f"/api/v1/attendance-marks/{row['attendance_mark_id']}", key)
    assert gone.status_code == 204
    assert codes(read(desk, taught))[0] == (None, None)
    assert take(desk, taught, mark(taught.students[0], "L")).json()["marks"][0]["teacher_code"] == "L"
    assert count(school, "attendance_mark") == 1
    key = {"Idempotency-Key": str(uuid.uuid4()), "If-Match": '"1"'}
    assert desk.call("DELETE", f"/api/v1/sections/{taught.section}", key).status_code == 204
    refused = take(desk, taught)
    assert (refused.status_code, refused.json()["error"]) == (409, "archived-meanwhile")


def test_d1_what_does_not_fit_is_told_at_its_place(
    school: SchoolServer, taught: TaughtSection, tmp_path: Path
) -> None:
    desk = school.desk(Role.TEACHER)
    for where, field in (({"date": "2026-02-30"}, "date"), ({"period": "p" * 21}, "period")):
        answer = desk.call("GET", path(taught, **where))
        assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, [field])
    assert take(desk, taught, mark("x", "A")).status_code == 422
    assert take(desk, taught, mark(taught.students[0], "A", minutes=-1)).status_code == 422
    codeless = take(desk, taught, {"student_id": taught.students[0], "reason": "Ill"})
    assert wrong_rows(codeless) == (422, "validation-failed", [("marks.0.teacher_code", "required")])
    hidden = take(desk, taught, mark(taught.students[0], "A", reason="Ill\x07"))
    assert wrong_rows(hidden) == (422, "validation-failed", [("marks.0.reason", "control-character")])
    needed = desk.call("PUT", path(taught), {"Idempotency-Key": str(uuid.uuid4())}, json={"marks": []})
    assert wrong_rows(needed) == (422, "validation-failed", [("If-Match", "required")])
    keyless = desk.call("PUT", path(taught), {"If-Match": '"1"'}, json={"marks": []})
    assert keyless.json()["error"] == "idempotency-key-missing"
    other = SchoolServer(school.settings.database, tmp_path)
    assert other.desk(Role.ADMINISTRATOR).call("GET", path(taught)).status_code == 404
    other.close()
    viewer = school.desk(Role.VIEWER)
    assert (take(viewer, taught).status_code, read(viewer, taught)["taken"]) == (403, False)
