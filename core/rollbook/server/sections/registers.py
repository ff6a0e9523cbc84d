"""A section's register of a day: read whole, and taken whole by the rules of the desk (D1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from rollbook.contract.operations import Kind
from rollbook.contract.problems import FieldProblem
from rollbook.contract.sections import MarkEntry, RegisterEntry, RegisterRow, RegisterView
from rollbook.domain.attendance import ATTENDANCE_MARK, REGISTER_TAKEN
from rollbook.domain.canonical import canonical_values
from rollbook.domain.class_rows import UnfitRowError, breach, strangers
from rollbook.domain.entity import RuleBreach
from rollbook.domain.registers import (
    NOT_THERE,
    Mark,
    Register,
    RegisterLine,
    mark_edit,
    marked,
    offices_changes,
    teachers_changes,
)
from rollbook.domain.scope import Act
from rollbook.server.auth.caller import Caller
from rollbook.server.problems import ProblemError, field_problems
from rollbook.server.records.views import RecordView
from rollbook.server.sections.reading import (
    Row,
    by_student,
    inside,
    live,
    meant_students,
    pupils_of,
    rows_of,
    section_for,
    spans_of,
    version_of,
)
from rollbook.server.sync.identity import hold_keys, names_of
from rollbook.server.sync.together import Step


@dataclass(frozen=True, slots=True)
class RegisterId:
    """Which register: of a section, of a day (ISO 8601), of a period."""

    section_id: str
    date: str
    period: str


@dataclass(frozen=True, slots=True)
class FoundRegister:
    """A register with the records that it is made of, archived ones too."""

    register: Register
    marks: Mapping[str, Row]
    taken: Row | None
    version: int


def show_register(connection: Connection, caller: Caller, asked: RegisterId) -> RegisterView:
    """The register as it is now. Raises :class:`ProblemError`."""
    section = section_for(connection, caller, Act.READ, asked.section_id, ATTENDANCE_MARK.name)
    found = _find(connection, caller, section, asked)
    register = found.register
    return RegisterView(
        section_id=register.section_id,
        title=register.title,
        date=register.date,
        period=register.period,
        taken=register.taken,
        version=found.version,
        marks=[
            RegisterRow(
                line.student_id,
                line.label,
                line.student_number,
                line.mark_id,
                line.teacher_code,
                line.office_code,
                line.minutes,
                line.reason,
            )
            for line in register.lines
        ],
    )


def plan_register(
    connection: Connection, caller: Caller, asked: RegisterId, entry: RegisterEntry, seen_version: int
) -> list[Step]:
    """What taking the register so changes. Raises :class:`ProblemError` that names each wrong row.

    Whoever takes the same one at the same time waits here, and finds another version then.
    """
    section = section_for(connection, caller, Act.WRITE, asked.section_id, ATTENDANCE_MARK.name)
    for each in (REGISTER_TAKEN, ATTENDANCE_MARK):
        hold_keys(connection, caller.school_id, each.name)
    found = _find(connection, caller, section, asked)
    if found.version != seen_version:
        raise ProblemError("version-mismatch")
    meant = meant_students(connection, caller.school_id, [each.student_id for each in entry.marks])
    wrong = _misplaced(entry.marks, meant, found.register)
    given = {meant[each.student_id]: (place, each) for place, each in enumerate(entry.marks)}
    steps = [_taken(found, caller.school_id)]
    for line in found.register.lines:
        place, mark = given.get(line.student_id, (None, None))
        try:
            changes = _changes(found.register, line, mark)
        except UnfitRowError as unfit:
            wrong += _at(place, (unfit.breach,))
            continue
        if changes:
            steps.append(_step(found, line, changes, caller.school_id, place))
    if wrong:
        raise ProblemError("validation-failed", errors=tuple(wrong))
    return steps


def _changes(register: Register, line: RegisterLine, mark: MarkEntry | None) -> dict[str, Any]:
    """What a student's row changes: the teacher's word, the office's, or both."""
    if mark is None:
        return teachers_changes(register, line, None)
    changes: dict[str, Any] = {}
    if {mark.teacher_code, mark.office_code} == {msgspec.UNSET} and (mark.reason or mark.minutes):
        raise UnfitRowError(
            line.student_id,
            breach(line.label, "teacher_code", "required", "A reason or minutes need a code.", "Give one."),
        )
    if not isinstance(mark.teacher_code, msgspec.UnsetType):
        changes |= teachers_changes(register, line, Mark(mark.teacher_code, mark.reason, mark.minutes))
    if not isinstance(mark.office_code, msgspec.UnsetType):
        word = Mark(mark.office_code, mark.reason, mark.minutes)
        beside = changes.get("teacher_code", line.teacher_code)
        if mark.office_code or line.office_code or beside:
            changes |= offices_changes(register, line, word, beside)
    return changes


def _misplaced(
    marks: Iterable[MarkEntry], meant: Mapping[str, str], register: Register
) -> list[FieldProblem]:
    """Rows of who is not in the section on that day, or stands there twice."""
    places: dict[str, int] = {}
    wrong: list[FieldProblem] = []
    for place, each in enumerate(marks):
        if each.student_id in places:
            twice = RuleBreach("student_id", "twice", "This student stands here twice.", "Enter once.")
            wrong += _at(place, (twice,))
        places.setdefault(each.student_id, place)
    for student_id, why in strangers(meant, {line.student_id for line in register.lines}, NOT_THERE):
        wrong += _at(places[student_id], (why,))
    return wrong


def _at(place: int | None, breaches: tuple[RuleBreach, ...]) -> list[FieldProblem]:
    where = "marks" if place is None else f"marks.{place}"
    return [msgspec.structs.replace(each, field=f"{where}.{each.field}") for each in field_problems(breaches)]


def _taken(found: FoundRegister, school_id: str) -> Step:
    """That it was taken. Taken again, the step changes nothing and stands for the request."""
    key, row = dict(found.register.key), found.taken
    if row is None:
        made = REGISTER_TAKEN.natural_id(school_id, key)
        assert made is not None
        return Step(REGISTER_TAKEN.name, made, key, None, kind=Kind.CREATE)
    if row["deleted_at"] is not None:
        return Step(REGISTER_TAKEN.name, row["id"], key, row["version"], kind=Kind.CREATE)
    return Step(REGISTER_TAKEN.name, row["id"], {}, row["version"])


def _step(
    found: FoundRegister, line: RegisterLine, changes: dict[str, Any], school_id: str, place: int | None
) -> Step:
    edit, row = mark_edit(found.register, line, changes), found.marks.get(line.student_id)
    where = "marks" if place is None else f"marks.{place}"
    if edit.record_id is not None:
        assert row is not None
        had = {name: row[name] for name in edit.changes}
        return Step(ATTENDANCE_MARK.name, edit.record_id, edit.changes, row["version"], had, place=where)
    record_id = ATTENDANCE_MARK.natural_id(school_id, edit.changes) if row is None else row["id"]
    assert record_id is not None
    base = None if row is None else row["version"]
    return Step(ATTENDANCE_MARK.name, record_id, edit.changes, base, kind=Kind.CREATE, place=where)


def _find(connection: Connection, caller: Caller, section: RecordView, asked: RegisterId) -> FoundRegister:
    key, breaches = canonical_values(
        REGISTER_TAKEN, {"section_id": section.id, "date": asked.date, "period": asked.period}
    )
    missing = tuple(
        RuleBreach(name, "required", "This is needed.", "Fill this in.")
        for name in ("date", "period")
        if name in key and key[name] is None
    )
    if breaches or missing:
        raise ProblemError("validation-failed", errors=field_problems(breaches + missing))
    school = caller.school_id
    here = {
        "section_id": names_of(connection, school, "section", [section.id]),
        "date": [key["date"]],
        "period": [key["period"]],
    }
    all_marks = rows_of(connection, school, ATTENDANCE_MARK.name, **here)
    all_taken = rows_of(connection, school, REGISTER_TAKEN.name, **here)
    meant = meant_students(connection, school, [row["student_id"] for row in all_marks])
    marks = by_student(all_marks, meant)
    shown = {student: row for student, row in marks.items() if row["deleted_at"] is None}
    taken = live(all_taken)
    there = inside(spans_of(connection, school, section.id), on=key["date"])
    lines = tuple(
        marked(RegisterLine(each.student_id, each.label, each.student_number), shown.get(each.student_id))
        for each in pupils_of(connection, school, there)
        if not each.archived or each.student_id in shown
    )
    codes = live(rows_of(connection, school, "attendance_code"))
    register = Register(
        section_id=section.id,
        title=section.values["title"] or "",
        date=key["date"],
        period=key["period"],
        taken=bool(taken),
        lines=lines,
        codes={row["key"]: row for row in codes},
    )
    first = next(iter([*taken, *all_taken]), None)
    return FoundRegister(register, marks, first, version_of(all_marks, all_taken))
