"""A section at the server with students, codes of the register and line items, made by pushes."""

import uuid
from dataclasses import dataclass
from typing import Any

from rollbook.contract.operations import Operation
from rollbook.domain.attendance import DEFAULT_CODES
from rollbook.domain.registry import ENTITIES
from support.classroom import CODE_FIELDS
from support.school_server import Desk


@dataclass(frozen=True, slots=True)
class TaughtSection:
    """Ids, those of the students in the order of their names. ``test`` is a line item of at most 20."""

    section: str
    students: list[str]
    test: str


def taught_section(desk: Desk, size: int = 3) -> TaughtSection:
    """Make it with what belongs to it; from September on all are in it."""
    section, test = str(uuid.uuid4()), str(uuid.uuid4())
    students = [str(uuid.uuid4()) for _ in range(size)]
    made = [
        record(desk, "attendance_code", **dict(zip(CODE_FIELDS, code, strict=True))) for code in DEFAULT_CODES
    ]
    made.append(record(desk, "section", section, title="1A"))
    made.append(record(desk, "line_item", test, section_id=section, title="Fractions", maximum="20"))
    for number, student in enumerate(students, 1001):
        named = {"given_name": "Ana", "family_name": f"F{number}", "student_number": str(number)}
        made.append(record(desk, "student", student, **named))
        made.append(member(desk, section, student))
    results = desk.push(*made)
    assert {result.outcome for result in results} == {"applied"}, results
    return TaughtSection(section, students, test)


def member(
    desk: Desk, section: str, student: str, begin: str = "2026-09-01", end: str | None = None
) -> Operation:
    """That a student is in a section from a day to a day."""
    return record(
        desk, "section_enrolment", section_id=section, student_id=student, begin_date=begin, end_date=end
    )


def record(desk: Desk, entity: str, record_id: str | None = None, **values: Any) -> Operation:
    """The create of a record; where it has a natural key, of the id that every desk gives it."""
    school_id = desk.session.memberships[0].school_id
    natural = ENTITIES[entity].natural_id(school_id, values)
    made = desk.create(record_id or natural, **values)
    return desk.operation(made.kind, made.entity_id, changes=made.changes, entity=entity)
