"""Registers: a section's students with their marks, and the register taken as one entry (D1, D12)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from rollbook.client.roster import (
    Pupil,
    RefusedRowsError,
    Rows,
    breach,
    by_student,
    existing,
    meant_students,
    pupils,
    strangers,
)
from rollbook.client.values import Edit, RefusedEntryError, Saved
from rollbook.domain.attendance import REGISTER_TAKEN
from rollbook.domain.canonical import canonical_values
from rollbook.domain.entity import RuleBreach, Values
from rollbook.store import aliases, listing
from rollbook.store.database import StoreDatabase

DAY = "day"
"""The period of a register that is taken once a day."""
_MARK = "attendance_mark"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person enters for one student: a code's key, minutes missed, and why."""

    code: str | None
    reason: str | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One student of a register. ``mark_id`` is ``None`` where they have no mark of their own.

    ``state`` is empty, ``waiting``, ``parked`` or ``conflict``, as a record's mark (W5).
    """

    student_id: str
    label: str
    student_number: str | None
    mark_id: str | None = None
    teacher_code: str | None = None
    office_code: str | None = None
    minutes: int | None = None
    reason: str | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """A register as this computer shows it. Where it was ``taken``, who has no mark was present."""

    section_id: str
    title: str
    date: str
    period: str
    taken: bool
    lines: tuple[RegisterLine, ...]
    codes: Mapping[str, Values] = field(default_factory=dict, repr=False)
    """The school's codes by key."""

    def line(self, student_id: str) -> RegisterLine | None:
        """The line of a student."""
        return next((each for each in self.lines if each.student_id == student_id), None)


@dataclass(frozen=True, slots=True)
class Registers:
    """The registers of one user's school. Local; may be called from any thread.

    All raise :class:`RefusedEntryError` for a section that is not here or a date that is none.
    """

    store: StoreDatabase
    save_many: Callable[[list[Edit], str], list[Saved]]
    new_run: Callable[[], str]

    def read(self, section_id: str, date: str, period: str = DAY) -> Register:
        """Who is in the section on that day, by name, with their marks."""
        with self.store.read() as connection:
            return _register(connection, section_id, date, period)

    def students(self, section_id: str) -> list[Pupil]:
        """All who are or were in the section and are not archived, by name."""
        with self.store.read() as connection:
            section = existing(connection, "section", section_id, "section_id")
            return [each for each in pupils(connection, section["id"]) if not each.archived]

    def take(
        self,
        section_id: str,
        date: str,
        period: str,
        marks: Mapping[str, Mark],
        seen: Register | None = None,
    ) -> list[Saved]:
        """Take the register, as one: ``marks`` by student id; who is not among them is present.

        Who is present gets no mark, and an earlier one of theirs is changed. The office's codes stay.
        ``seen`` is the register that the person had before them; ``None`` means what is shown here now.
        Raises :class:`RefusedRowsError` that names each wrong row; then nothing was stored.
        """
        with self.store.read() as connection:
            now = _register(connection, section_id, date, period)
            given = meant_students(connection, marks)
        wrong = strangers(given, {line.student_id for line in now.lines}, _NOT_THERE)
        wanted = {given[student]: mark for student, mark in marks.items()}
        edits = [_taken(now)]
        for line in now.lines:
            try:
                edits += _teachers_edit(now, line, wanted.get(line.student_id), seen)
            except RefusedRowsError as refused:
                wrong += refused.rows
        if wrong:
            raise RefusedRowsError(tuple(wrong))
        return self.save_many(edits, self.new_run())

    def office(
        self,
        section_id: str,
        date: str,
        period: str,
        student_id: str,
        mark: Mark,
        seen: Register | None = None,
    ) -> Saved:
        """Set what the office says of one student; the teacher's code stays. ``None`` takes the code back.

        Raises :class:`RefusedRowsError`.
        """
        with self.store.read() as connection:
            now = _register(connection, section_id, date, period)
            given = meant_students(connection, [student_id])
        line = now.line(given[student_id])
        if line is None:
            raise RefusedRowsError(tuple(strangers(given, (), _NOT_THERE)))
        code = (mark.code or "").strip()
        changes: dict[str, Any] = {"office_code": code or None}
        changes |= {
            name: value for name in ("reason", "minutes") if (value := getattr(mark, name)) is not None
        }
        if code:
            _check_reason(line, _known(now, line, "office_code", code), changes.get("reason", line.reason))
        elif not line.teacher_code:
            raise _refused(line, "office_code", "required", "The mark would say nothing.", "Choose a code.")
        return self.save_many([_edit(now, line, changes, seen)], self.new_run())[0]


_NOT_THERE = "This student is not in the section on that day."


def _register(connection: Connection, section_id: str, date: str, period: str) -> Register:
    key, breaches = canonical_values(
        REGISTER_TAKEN, {"section_id": section_id, "date": date, "period": period}
    )
    missing = tuple(
        RuleBreach(name, "required", "This is needed.", "Fill this in.")
        for name in ("section_id", "date", "period")
        if name in key and key[name] is None
    )
    if breaches or missing:
        raise RefusedEntryError(breaches + missing)
    section = existing(connection, "section", key["section_id"], "section_id")
    date, period = key["date"], key["period"]
    here: dict[str, Any] = {
        "section_id": aliases.names_of(connection, "section", section["id"]),
        "date": [date],
        "period": [period],
    }
    marks = by_student(connection, listing.matching(connection, _MARK, **here))
    return Register(
        section_id=section["id"],
        title=section["title"] or "",
        date=date,
        period=period,
        taken=bool(listing.matching(connection, "register_taken", **here)),
        lines=tuple(_lines(connection, section["id"], date, marks)),
        codes={row["key"]: row for row in listing.matching(connection, "attendance_code")},
    )


def _lines(connection: Connection, section_id: str, date: str, marks: Rows) -> list[RegisterLine]:
    """Who was archived is there only where they have a mark: of a day before."""
    found = pupils(connection, section_id, begun_by=date, not_ended_before=date)
    return [
        _line(RegisterLine(each.student_id, each.label, each.student_number), marks.get(each.student_id))
        for each in found
        if not each.archived or each.student_id in marks
    ]


def _line(line: RegisterLine, mark: Mapping[str, Any] | None) -> RegisterLine:
    if mark is None:
        return line
    return RegisterLine(
        line.student_id,
        line.label,
        line.student_number,
        mark_id=mark["id"],
        teacher_code=mark["teacher_code"],
        office_code=mark["office_code"],
        minutes=mark["minutes"],
        reason=mark["reason"],
        state=mark["mark"],
    )


def _taken(register: Register) -> Edit:
    """That it was taken. Who took it is told by its history: two who do must not be asked about that."""
    key = {"section_id": register.section_id, "date": register.date, "period": register.period}
    return Edit("register_taken", None, key)


def _teachers_edit(
    register: Register, line: RegisterLine, mark: Mark | None, seen: Register | None
) -> list[Edit]:
    """The edit that a student's row needs; none where they are present and have no other code.

    Raises :class:`RefusedRowsError`.
    """
    shown = line if seen is None else seen.line(line.student_id) or line
    code = (mark.code or "").strip() if mark is not None else ""
    if mark is None or _plainly_present(register, code, mark):
        if not shown.teacher_code or _plainly_present(register, shown.teacher_code, Mark(None)):
            return []
        code = code or _code_of_presence(register, line)
    mark = mark or Mark(None)
    # Where the office has a code, what stands beside it may be the office's: it is not emptied.
    changes: dict[str, Any] = {"teacher_code": code} | {
        name: value
        for name, value in (("reason", mark.reason), ("minutes", mark.minutes))
        if value is not None or not line.office_code
    }
    _check_teachers_code(register, line, code, changes.get("reason", line.reason))
    return [_edit(register, line, changes, seen)]


def _plainly_present(register: Register, code: str, mark: Mark) -> bool:
    """Whether it says no more than that the student was there."""
    if mark.reason or mark.minutes:
        return False
    known = register.codes.get(code)
    return not code or (known is not None and known["counts_as"] == "present" and known["late"] != "yes")


def _code_of_presence(register: Register, line: RegisterLine) -> str:
    for key in sorted(register.codes):
        code = register.codes[key]
        if _plainly_present(register, key, Mark(None)) and code["teacher_may_use"] == "yes":
            return key
    raise _refused(
        line, "teacher_code", "required", "There is no code for present.", "Have the office add one."
    )


def _check_teachers_code(register: Register, line: RegisterLine, code: str, reason: str | None) -> None:
    if code == line.teacher_code and code not in register.codes:
        return  # it stays as it was, though the school has given the code up
    known = _known(register, line, "teacher_code", code)
    if code != line.teacher_code and known["teacher_may_use"] != "yes":
        raise _refused(
            line, "teacher_code", "not-for-teachers", f"“{code}” is for the office.", "Choose another code."
        )
    _check_reason(line, known, reason)


def _known(register: Register, line: RegisterLine, name: str, code: str) -> Values:
    """The code of that key. Raises :class:`RefusedRowsError` at the field ``name``."""
    if code in register.codes:
        return register.codes[code]
    fitting = ", ".join(sorted(register.codes)) or "none yet"
    raise _refused(line, name, "no-such-code", f"There is no code “{code}”.", f"Codes: {fitting}.")


def _check_reason(line: RegisterLine, code: Values, reason: str | None) -> None:
    if code["needs_reason"] == "yes" and not (reason or "").strip():
        raise _refused(line, "reason", "required", f"“{code['key']}” needs a reason.", "Say why.")


def _edit(register: Register, line: RegisterLine, changes: dict[str, Any], seen: Register | None) -> Edit:
    """The edit of a student's mark, against what the person saw of it.

    A mark that came after they had looked is entered as if there were none: the school asks about it.
    """
    shown = line if seen is None else seen.line(line.student_id)
    if line.mark_id is None or shown is None or shown.mark_id is None:
        key = {"section_id": register.section_id, "student_id": line.student_id}
        entered = {name: value for name, value in changes.items() if value is not None}
        return Edit(_MARK, None, key | {"date": register.date, "period": register.period} | entered)
    return Edit(_MARK, line.mark_id, changes, seen={name: getattr(shown, name) for name in changes})


def _refused(line: RegisterLine, name: str, code: str, message: str, suggestion: str) -> RefusedRowsError:
    return RefusedRowsError(((line.student_id, breach(line.label, name, code, message, suggestion)),))
