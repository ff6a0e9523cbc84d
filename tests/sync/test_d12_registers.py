"""Registers as a teacher takes them, and what the office says beside (D1, D12, S16)."""

from collections.abc import Callable

import pytest

from rollbook.client.registers import Mark, Register
from rollbook.client.roster import RefusedRowsError
from rollbook.client.values import Edit, RecordQuery, RefusedEntryError, Saved
from rollbook.domain.roles import Role
from support.classroom import Classroom, classroom, enrolment
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

MakeDesk = Callable[..., ClientDesk]
DATE = "2026-11-02"


@pytest.fixture
def room(desk: ClientDesk) -> Classroom:
    """A class of three, entered at the desk."""
    return classroom(desk)


def read(desk: ClientDesk, room: Classroom, date: str = DATE) -> Register:
    """The day's register."""
    return desk.client.registers.read(room.section, date)


def take(desk: ClientDesk, room: Classroom, seen: Register | None = None, **marks: Mark) -> list[Saved]:
    """Take it; ``marks`` by ``s0``, ``s1`` …"""
    given = {room.students[int(name[1:])]: mark for name, mark in marks.items()}
    return desk.client.registers.take(room.section, DATE, "day", given, seen)


def codes(register: Register) -> list[tuple[str | None, str | None]]:
    """The teacher's and the office's codes by line."""
    return [(line.teacher_code, line.office_code) for line in register.lines]


def marks_here(desk: ClientDesk) -> int:
    """How many marks this computer has."""
    return desk.client.records(RecordQuery("attendance_mark")).total


def refused(desk: ClientDesk, room: Classroom, **marks: Mark) -> list[tuple[str, str, str]]:
    """Student, field and code of each refused row."""
    before = desk.client.status().queued
    with pytest.raises(RefusedRowsError) as caught:
        take(desk, room, **marks)
    assert desk.client.status().queued == before
    return [(student, breach.field, breach.code) for student, breach in caught.value.rows]


def test_d12_a_register_tells_all_present_from_not_taken(desk: ClientDesk, room: Classroom) -> None:
    assert not read(desk, room).taken
    take(desk, room)
    assert (read(desk, room).taken, marks_here(desk)) == (True, 0)
    assert not read(desk, room, "2026-11-03").taken


def test_d12_only_exceptions_are_saved_all_under_one_run(desk: ClientDesk, room: Classroom) -> None:
    take(desk, room, s0=Mark("A"), s1=Mark("P"), s2=Mark("L", minutes=10))
    assert codes(read(desk, room)) == [("A", None), (None, None), ("L", None)]
    entries = "entity IN ('attendance_mark', 'register_taken')"
    assert desk.sql(f"SELECT count(*), count(DISTINCT run) FROM operation WHERE {entries}") == [(3, 1)]


def test_d12_taken_again_only_what_differs_is_saved(desk: ClientDesk, room: Classroom) -> None:
    take(desk, room, s0=Mark("A"), s1=Mark("L"))
    saved = take(desk, room, s0=Mark("A"))
    assert [each.entity for each in saved if each.op_id] == ["attendance_mark"]
    assert codes(read(desk, room)) == [("A", None), ("P", None), (None, None)]
    assert desk.sync().up_to_date


def test_d12_the_register_holds_who_is_in_the_section_on_that_day(desk: ClientDesk, room: Classroom) -> None:
    here, left, late = room.students
    spans = ((left, "2026-09-01", DATE), (late, "2026-11-03", None))
    for student, begin, end in spans:
        desk.client.save(enrolment(room.section, student, begin, end))
    inside = {day: [line.student_id for line in read(desk, room, day).lines] for day in (DATE, "2026-11-03")}
    assert inside == {DATE: [here, left], "2026-11-03": [here, late]}
    assert refused(desk, room, s2=Mark("A")) == [(late, "student_id", "not-in-section")]


def test_d12_each_wrong_code_is_named_and_nothing_is_saved(desk: ClientDesk, room: Classroom) -> None:
    one, two, three = room.students
    trip = {
        "key": "T",
        "title": "Trip",
        "counts_as": "absent",
        "teacher_may_use": "yes",
        "needs_reason": "yes",
    }
    desk.client.save(Edit("attendance_code", None, trip))
    assert refused(desk, room, s0=Mark("Z"), s1=Mark("E"), s2=Mark("T")) == [
        (one, "teacher_code", "no-such-code"),
        (two, "teacher_code", "not-for-teachers"),
        (three, "reason", "required"),
    ]
    take(desk, room, s2=Mark("T", reason="Dentist"))
    assert read(desk, room).lines[2].reason == "Dentist"


def test_d12_the_office_and_the_teacher_never_touch_each_others_code(
    desk: ClientDesk, room: Classroom
) -> None:
    registers = desk.client.registers
    take(desk, room, s0=Mark("A"))
    registers.office(room.section, DATE, "day", room.students[0], Mark("E", reason="Ill, told by phone"))
    registers.office(room.section, DATE, "day", room.students[1], Mark("O"))
    assert codes(read(desk, room)) == [("A", "E"), (None, "O"), (None, None)]
    take(desk, room, s0=Mark("L"), s1=Mark("A"))
    assert codes(read(desk, room)) == [("L", "E"), ("A", "O"), (None, None)]
    assert read(desk, room).lines[0].reason == "Ill, told by phone"
    with pytest.raises(RefusedRowsError):
        registers.office(room.section, DATE, "day", room.students[2], Mark(None))


def test_d1_a_teachers_computer_refuses_the_offices_code_at_its_field(
    room: Classroom, desk: ClientDesk, school: SchoolServer, make_desk: MakeDesk
) -> None:
    take(desk, room, s1=Mark("A"))
    registers = desk.client.registers
    registers.office(room.section, DATE, "day", room.students[0], Mark("O"))
    desk.sync()
    teacher = make_desk(school.user(Role.TEACHER))
    teacher.sync()
    for student in room.students[:2]:
        with pytest.raises(RefusedEntryError) as caught:
            teacher.client.registers.office(room.section, DATE, "day", student, Mark("P"))
        assert [(each.field, each.code) for each in caught.value.breaches] == [("office_code", "forbidden")]
    mark = read(teacher, room).lines[0].mark_id
    assert mark is not None
    with pytest.raises(RefusedEntryError):
        teacher.client.archive("attendance_mark", mark)
    assert teacher.client.status().queued == 0
    take(teacher, room, s0=Mark("L"), s1=Mark("L"))
    assert teacher.sync().up_to_date
    desk.sync()
    assert codes(read(desk, room)) == [("L", "O"), ("L", None), (None, None)]


def test_d12_a_section_or_a_day_that_is_none_is_refused_at_its_field(
    desk: ClientDesk, room: Classroom
) -> None:
    for section, date, field in (
        (desk.client.new_run(), DATE, "section_id"),
        (room.section, "2.11.", "date"),
    ):
        with pytest.raises(RefusedEntryError) as caught:
            desk.client.registers.read(section, date)
        assert [breach.field for breach in caught.value.breaches] == [field]


def test_s14_what_came_after_the_teacher_looked_is_asked_not_trampled(
    desk: ClientDesk, room: Classroom, make_desk: MakeDesk
) -> None:
    take(desk, room, s0=Mark("A"))
    desk.sync()
    seen = read(desk, room)
    other = make_desk()
    other.sync()
    take(other, room, s0=Mark("L"), s1=Mark("L"))
    other.sync()
    desk.sync()  # while the form is open
    take(desk, room, seen, s0=Mark("X"), s1=Mark("A"))
    assert desk.sync().conflicts == 2
    other.sync()
    assert codes(read(other, room)) == [("L", None), ("L", None), (None, None)]


def test_s16_a_student_may_be_named_by_an_alias(
    desk: ClientDesk, room: Classroom, make_desk: MakeDesk
) -> None:
    source = {"source_system": "sis", "sourced_id": "7"}
    desk.client.save(Edit("student", room.students[0], source))
    desk.sync()
    other = make_desk()  # it does not know the student yet, and gives another id to the same one
    alias = other.add(given_name="Ana", **source).entity_id
    other.sync()
    assert alias != room.students[0]
    for code in ("A", "L"):
        other.client.registers.take(room.section, DATE, "day", {alias: Mark(code)})
    both = {alias: Mark("A"), room.students[0]: Mark("L")}
    with pytest.raises(RefusedRowsError):
        other.client.registers.take(room.section, DATE, "day", both)
    assert [line.student_id for line in read(other, room).lines] == room.students
    assert other.sync().up_to_date
    desk.sync()
    assert codes(read(desk, room))[0] == ("L", None)
    assert marks_here(desk) == 1


def test_d1_a_mark_says_something(desk: ClientDesk, room: Classroom) -> None:
    take(desk, room, s0=Mark("A"))
    [mark] = desk.client.records(RecordQuery("attendance_mark")).rows
    with pytest.raises(RefusedEntryError) as caught:
        desk.client.save(Edit("attendance_mark", mark.id, {"teacher_code": None}))
    assert [breach.field for breach in caught.value.breaches] == ["teacher_code"]
