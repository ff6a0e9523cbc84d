"""A class at a school: a section, its students, the codes of the register and something that is graded."""

from collections.abc import Callable
from dataclasses import dataclass

from rollbook.client.values import Edit
from rollbook.domain.attendance import DEFAULT_CODES
from support.client_desk import ClientDesk

CODE_FIELDS = ("key", "title", "counts_as", "late", "excused", "teacher_may_use", "needs_reason")


@dataclass(frozen=True, slots=True)
class Classroom:
    """Ids, those of the students in the order of their names. ``test`` is a line item of at most 20."""

    section: str
    students: list[str]
    test: str


def classroom(desk: ClientDesk, size: int = 3) -> Classroom:
    """Enter a class at a desk, with numbers from 1001 on."""
    made, edits = class_edits(desk.client.new_run, size)
    desk.client.save_many(edits, desk.client.new_run())
    return made


def class_edits(new: Callable[[], str], size: int, begin: str = "2026-09-01") -> tuple[Classroom, list[Edit]]:
    """A class and the edits that enter it; its students are in it from ``begin`` on."""
    section, test, students = new(), new(), [new() for _ in range(size)]
    edits = [
        Edit("attendance_code", None, dict(zip(CODE_FIELDS, code, strict=True))) for code in DEFAULT_CODES
    ]
    edits += [
        Edit("section", section, {"title": "1A"}),
        Edit("line_item", test, {"section_id": section, "title": "Fractions", "maximum": "20"}),
    ]
    for number, student in enumerate(students, 1001):
        named = {"given_name": "Ana", "family_name": f"F{number}", "student_number": str(number)}
        edits.append(Edit("student", student, named))
        edits.append(enrolment(section, student, begin))
    return Classroom(section, students, test), edits


def enrolment(section: str, student: str, begin: str = "2026-09-01", end: str | None = None) -> Edit:
    """That a student is in a section from a day to a day."""
    span = {"begin_date": begin, "end_date": end}
    return Edit("section_enrolment", None, {"section_id": section, "student_id": student} | span)
