"""A day's work without the server: a register, grades and an import; another took the register too (D12)."""

from collections.abc import Callable
from typing import Any

import pytest

from rollbook.client.registers import Mark
from rollbook.client.values import Edit
from support.classroom import Classroom, classroom
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

MakeDesk = Callable[..., ClientDesk]
DATE = "2026-11-02"


def counted(school: SchoolServer, entity: str) -> list[Any]:
    """How many live records the server has, by plain SQL."""
    query = f"SELECT count(*) FROM {entity} WHERE school_id = :school AND deleted_at IS NULL"
    return [tuple(row) for row in school.rows(query)]


def take(desk: ClientDesk, room: Classroom, *codes: str) -> None:
    """Take the day's register with codes for the first students."""
    marks = {student: Mark(code) for student, code in zip(room.students, codes, strict=False)}
    desk.client.registers.take(room.section, DATE, "day", marks)


def days_work(desk: ClientDesk, room: Classroom) -> None:
    """A register with four exceptions, a score for everybody, and an import of 500."""
    take(desk, room, "A", "L", "X", "A")
    scores = {student: f"{number % 20},5" for number, student in enumerate(room.students)}
    desk.client.grades.enter(room.test, scores)
    rows = [
        Edit("student", None, {"given_name": f"New {n:03}", "student_number": f"N{n}"}) for n in range(500)
    ]
    desk.client.save_many(rows, desk.client.new_run())


@pytest.mark.timeout(120)
def test_d12_a_day_offline_is_at_the_school_once_and_only_what_differs_is_asked(
    school: SchoolServer, desk: ClientDesk, make_desk: MakeDesk
) -> None:
    room = classroom(desk, 30)
    assert desk.sync().up_to_date
    other = make_desk()
    other.sync()

    days_work(desk, room)
    take(other, room, "L", "A", "X", "A")  # two differ, two are the same
    assert other.sync().up_to_date
    status = desk.sync()

    assert (status.conflicts, status.waiting, status.parked) == (2, 0, 0)
    asked = desk.client.entries(states=("conflict",))
    theirs = {each.label.split(" · ")[0]: (each.conflict or {})["fields"] for each in asked}
    assert theirs == {
        "Ana F1001 (1001)": {"teacher_code": "L"},
        "Ana F1002 (1002)": {"teacher_code": "A"},
    }
    assert counted(school, "student") == [(530,)]
    assert counted(school, "result") == [(30,)]
    assert counted(school, "register_taken") == [(1,)]
    marks = "SELECT student_id, teacher_code FROM attendance_mark WHERE school_id = :school"
    assert sorted(map(tuple, school.rows(marks))) == sorted(zip(room.students, "LAXA", strict=False))
    scores = (
        "SELECT count(DISTINCT student_id), min(score), count(score) FROM result WHERE school_id = :school"
    )
    assert [tuple(row) for row in school.rows(scores)] == [(30, "0.5", 30)]
