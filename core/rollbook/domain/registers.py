"""The rules of a register, on a desk and at the server: exceptions only, and whose code is whose (D1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rollbook.domain.class_rows import RowEdit, UnfitRowError, breach
from rollbook.domain.entity import RuleBreach, Values

DAY = "day"
"""The period of a register that is taken once a day."""
NOT_THERE = "This student is not in the section on that day."


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person enters for one student: a code's key, minutes missed, and why."""

    code: str | None
    reason: str | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One student of a register. ``mark_id`` is ``None`` where they have no mark of their own.

    ``state`` is empty, ``waiting``, ``parked`` or ``conflict``, as a record's mark on a computer (W5).
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
    """A register as it is shown. Where it was ``taken``, who has no mark was present."""

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

    @property
    def key(self) -> dict[str, str]:
        """The values that name it."""
        return {"section_id": self.section_id, "date": self.date, "period": self.period}


def marked(line: RegisterLine, mark: Mapping[str, Any] | None) -> RegisterLine:
    """The line of a student with their mark, a record with its ``id`` and, on a computer, its ``mark``."""
    if mark is None:
        return line
    names = ("teacher_code", "office_code", "minutes", "reason")
    return RegisterLine(
        line.student_id,
        line.label,
        line.student_number,
        mark_id=mark["id"],
        state=mark.get("mark") or "",
        **{name: mark[name] for name in names},
    )


def teachers_changes(
    register: Register, line: RegisterLine, mark: Mark | None, seen: Register | None = None
) -> dict[str, Any]:
    """What a student's row changes; nothing where they are present and have no other code.

    Raises :class:`UnfitRowError`.
    """
    shown = line if seen is None else seen.line(line.student_id) or line
    code = (mark.code or "").strip() if mark is not None else ""
    if mark is None or _plainly_present(register, code, mark):
        if not shown.teacher_code or _plainly_present(register, shown.teacher_code, Mark(None)):
            return {}
        code = code or _code_of_presence(register, line)
    mark = mark or Mark(None)
    # Where the office has a code, what stands beside it may be the office's: it is not emptied.
    changes: dict[str, Any] = {"teacher_code": code} | {
        name: value
        for name, value in (("reason", mark.reason), ("minutes", mark.minutes))
        if value is not None or not line.office_code
    }
    _check_teachers_code(register, line, code, changes.get("reason", line.reason))
    return changes


def offices_changes(
    register: Register, line: RegisterLine, mark: Mark, teacher_code: str | None
) -> dict[str, Any]:
    """What the office's word on a student changes; the teacher's code stays. No code takes it back.

    ``teacher_code`` is the one that stands beside it then. Raises :class:`UnfitRowError`.
    """
    code = (mark.code or "").strip()
    changes: dict[str, Any] = {"office_code": code or None}
    changes |= {name: value for name in ("reason", "minutes") if (value := getattr(mark, name)) is not None}
    if code:
        _check_reason(line, _known(register, line, "office_code", code), changes.get("reason", line.reason))
    elif not teacher_code:
        raise _unfit(line, "office_code", "required", "The mark would say nothing.", "Choose a code.")
    return changes


def mark_edit(
    register: Register, line: RegisterLine, changes: dict[str, Any], seen: Register | None = None
) -> RowEdit:
    """The edit of a student's mark, against what the person saw of it.

    A mark that came after they had looked is entered as if there were none: the school asks about it.
    """
    shown = line if seen is None else seen.line(line.student_id)
    if line.mark_id is None or shown is None or shown.mark_id is None:
        entered = {name: value for name, value in changes.items() if value is not None}
        named = {**register.key, "student_id": line.student_id}
        return RowEdit(line.student_id, None, named | entered)
    saw = {name: getattr(shown, name) for name in changes}
    return RowEdit(line.student_id, line.mark_id, changes, seen=saw)


def teachers_edits(
    register: Register, marks: Mapping[str, Mark], seen: Register | None = None
) -> tuple[list[RowEdit], list[tuple[str, RuleBreach]]]:
    """What taking the register changes, and what is wrong with which student's row. ``marks`` by student."""
    edits: list[RowEdit] = []
    wrong: list[tuple[str, RuleBreach]] = []
    for line in register.lines:
        try:
            changes = teachers_changes(register, line, marks.get(line.student_id), seen)
        except UnfitRowError as unfit:
            wrong.append((unfit.student_id, unfit.breach))
            continue
        if changes:
            edits.append(mark_edit(register, line, changes, seen))
    return edits, wrong


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
    raise _unfit(
        line, "teacher_code", "required", "There is no code for present.", "Have the office add one."
    )


def _check_teachers_code(register: Register, line: RegisterLine, code: str, reason: str | None) -> None:
    if code == line.teacher_code and code not in register.codes:
        return  # it stays as it was, though the school has given the code up
    known = _known(register, line, "teacher_code", code)
    if code != line.teacher_code and known["teacher_may_use"] != "yes":
        raise _unfit(
            line, "teacher_code", "not-for-teachers", f"“{code}” is for the office.", "Choose another code."
        )
    _check_reason(line, known, reason)


def _known(register: Register, line: RegisterLine, name: str, code: str) -> Values:
    """The code of that key. Raises :class:`UnfitRowError` at the field ``name``."""
    if code in register.codes:
        return register.codes[code]
    fitting = ", ".join(sorted(register.codes)) or "none yet"
    raise _unfit(line, name, "no-such-code", f"There is no code “{code}”.", f"Codes: {fitting}.")


def _check_reason(line: RegisterLine, code: Values, reason: str | None) -> None:
    if code["needs_reason"] == "yes" and not (reason or "").strip():
        raise _unfit(line, "reason", "required", f"“{code['key']}” needs a reason.", "Say why.")


def _unfit(line: RegisterLine, name: str, code: str, message: str, suggestion: str) -> UnfitRowError:
    return UnfitRowError(line.student_id, breach(line.label, name, code, message, suggestion))
