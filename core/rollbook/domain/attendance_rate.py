"""How much of what was expected of a student they attended (D1).

What counts is the registers that were taken while the student was in the section. Who has no mark of
their own in such a register was present. A mark of their own counts whatever the dates say: somebody
wrote it. Of two codes the office's counts. Late is present. Who is excused is absent, and counted apart
as well. Partly present counts as half a register. Where nothing was expected, nothing is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from rollbook.domain.calendar import lasts_on
from rollbook.domain.entity import Values

Register = tuple[str, str, str]
"""Section id, date (ISO 8601) and period."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """Registers by what they say of one student. ``late`` ones are among the present or partly present,
    ``excused`` ones among the absent; ``unknown`` ones have a code that the school does not have (any more),
    and count neither way."""

    present: int = 0
    partial: int = 0
    absent: int = 0
    late: int = 0
    excused: int = 0
    not_expected: int = 0
    unknown: int = 0

    @property
    def expected(self) -> int:
        """In how many the student was to be there, as far as is known."""
        return self.present + self.partial + self.absent

    @property
    def rate(self) -> Fraction | None:
        """Per cent attended; ``None`` where nothing was expected: that is not 0 %."""
        if not self.expected:
            return None
        return (Fraction(self.present) + Fraction(self.partial, 2)) * 100 / self.expected


def attendance_of(
    student_id: str,
    enrolments: Iterable[Values],
    taken: Iterable[Values],
    marks: Iterable[Values],
    codes: Iterable[Values],
) -> Attendance:
    """The student's attendance from records of ``section_enrolment``, ``register_taken``,
    ``attendance_mark`` and ``attendance_code``, those of others among them."""
    spans = [each for each in enrolments if each["student_id"] == student_id]
    own = {_register(each): each for each in marks if each["student_id"] == student_id}
    by_key = {each["key"]: each for each in codes}
    registers = {_register(each) for each in taken} | own.keys()
    found = Attendance()
    for register in registers:
        if register in own or _is_in(spans, register):
            found = _with(found, own.get(register), by_key)
    return found


def _register(record: Values) -> Register:
    return record["section_id"], record["date"], record["period"]


def _is_in(spans: Iterable[Values], register: Register) -> bool:
    """Whether the student was in the section on the day."""
    section, date, _period = register
    return any(span["section_id"] == section and lasts_on(span, date) for span in spans)


def _with(found: Attendance, mark: Values | None, codes: Mapping[str, Values]) -> Attendance:
    """One register more."""
    key = None if mark is None else mark.get("office_code") or mark.get("teacher_code")
    if key is None:
        return replace(found, present=found.present + 1)
    code = codes.get(key)
    if code is None:
        return replace(found, unknown=found.unknown + 1)
    counts_as = code["counts_as"]
    found = replace(found, **{counts_as: getattr(found, counts_as) + 1})
    if code.get("late") == "yes" and counts_as in ("present", "partial"):
        found = replace(found, late=found.late + 1)
    if code.get("excused") == "yes" and counts_as == "absent":
        found = replace(found, excused=found.excused + 1)
    return found
