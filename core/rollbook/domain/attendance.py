"""Registers: the codes, the marks of single students, and that a register was taken at all."""

from dataclasses import dataclass

from rollbook.domain.entity import FieldType, RuleBreach, Values, attribute, describe, reference
from rollbook.domain.roles import Right
from rollbook.domain.words import YES_NO

COUNTS_AS = ("present", "absent", "partial", "not_expected")


@dataclass(frozen=True, slots=True)
class AttendanceCode:
    """A code of the register: its key, what it counts as (D1), and who may use it."""

    key: str | None = attribute(limit=10, required=True, searched=True, unique=True, listed=True)
    title: str | None = attribute(required=True, searched=True, listed=True)
    counts_as: str | None = attribute(type=FieldType.CHOICE, choices=COUNTS_AS, required=True)
    late: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)
    excused: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)
    teacher_may_use: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)
    needs_reason: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)


@dataclass(frozen=True, slots=True)
class AttendanceMark:
    """One student in one register. What the teacher and what the office say stand side by side.

    ``period`` is ``day`` where a section has one register a day. ``minutes`` are those missed.
    """

    section_id: str | None = reference("section", required=True, listed=True)
    student_id: str | None = reference("student", about=True, required=True, listed=True)
    date: str | None = attribute(type=FieldType.DATE, required=True, listed=True)
    period: str | None = attribute(limit=20, required=True)
    teacher_code: str | None = attribute(limit=10)
    office_code: str | None = attribute(limit=10, right=Right.MARK_FOR_OFFICE)
    minutes: int | None = attribute(type=FieldType.INTEGER, at_least=0)
    reason: str | None = attribute(limit=500)


@dataclass(frozen=True, slots=True)
class RegisterTaken:
    """That a register was taken: who has no mark of their own in it was present."""

    section_id: str | None = reference("section", required=True, listed=True)
    date: str | None = attribute(type=FieldType.DATE, required=True, listed=True)
    period: str | None = attribute(limit=20, required=True)
    taken_by: str | None = attribute(limit=100)


def says_something(values: Values) -> tuple[RuleBreach, ...]:
    """A mark has the teacher's code or the office's."""
    if values.get("teacher_code") or values.get("office_code"):
        return ()
    return (RuleBreach("teacher_code", "required", "This is needed.", "Choose a code."),)


ATTENDANCE_CODE = describe(
    "attendance_code",
    AttendanceCode,
    plural="attendance-codes",
    area="set_up",
    natural_keys=(("key",),),
    called=("key", "title"),
)
ATTENDANCE_MARK = describe(
    "attendance_mark",
    AttendanceMark,
    plural="attendance-marks",
    area="marks",
    rules=(says_something,),
    natural_keys=(("section_id", "student_id", "date", "period"),),
    called=("student_id", "date", "teacher_code"),
)
REGISTER_TAKEN = describe(
    "register_taken",
    RegisterTaken,
    plural="registers-taken",
    area="marks",
    natural_keys=(("section_id", "date", "period"),),
    called=("section_id", "date"),
)

DEFAULT_CODES = (
    # key, title, counts as, late, excused, teacher may use, needs a reason
    ("P", "Present", "present", "no", "no", "yes", "no"),
    ("A", "Absent", "absent", "no", "no", "yes", "no"),
    ("L", "Late", "present", "yes", "no", "yes", "no"),
    ("E", "Excused", "absent", "no", "yes", "no", "yes"),
    ("X", "Left early", "partial", "no", "no", "yes", "no"),
    ("O", "Off site", "not_expected", "no", "yes", "no", "no"),
)
