"""How much of what was expected of a student they attended (D1).

What counts is the registers that were taken while the student was in the section. Who has no mark of
their own in such a register was present. A mark of their own counts whatever the dates say: somebody
wrote it. Of two codes the office's counts. Late is present. Who is excused is absent, and counted apart
as well. Partly present counts as half a register. Where nothing was expected, nothing is known.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
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
    return attendance_in(codes_of(student_id, enrolments, taken, marks).values(), codes)


def codes_of(
    student_id: str, enrolments: Iterable[Values], taken: Iterable[Values], marks: Iterable[Values]
) -> dict[Register, str | None]:
    """The registers that count for the student, with the key of the code that counts in each; ``None``
    where they have no mark of their own, which is present. Records as of :func:`attendance_of`."""
    spans: dict[str, list[Values]] = {}
    for each in enrolments:
        if each["student_id"] == student_id:
            spans.setdefault(each["section_id"], []).append(each)
    found: dict[Register, str | None] = {
        _register(each): None for each in taken if _is_in(spans.get(each["section_id"], ()), each["date"])
    }
    for mark in marks:
        if mark["student_id"] == student_id:
            found[_register(mark)] = mark.get("office_code") or mark.get("teacher_code")
    return found


def attendance_in(keys: Iterable[str | None], codes: Iterable[Values]) -> Attendance:
    """The attendance in registers with these keys of codes (``None``: no mark)."""
    by_key = {each["key"]: each for each in codes}
    found: Counter[str] = Counter()
    for key, number in Counter(keys).items():
        for name in _says(key, by_key):
            found[name] += number
    return Attendance(**found)


def together(parts: Iterable[Attendance]) -> Attendance:
    """Several attendances as one."""
    total: Counter[str] = Counter()
    for one in parts:
        total.update({each.name: getattr(one, each.name) for each in fields(one)})
    return Attendance(**total)


def _register(record: Values) -> Register:
    return record["section_id"], record["date"], record["period"]


def _is_in(spans: Iterable[Values], day: str) -> bool:
    """Whether the student was in the section on the day."""
    return any(lasts_on(span, day) for span in spans)


def _says(key: str | None, by_key: Mapping[str, Values]) -> tuple[str, ...]:
    """The figures to which a register with that code adds one."""
    if key is None:
        return ("present",)
    code = by_key.get(key)
    if code is None:
        return ("unknown",)
    counts_as = code["counts_as"]
    late = code.get("late") == "yes" and counts_as in ("present", "partial")
    excused = code.get("excused") == "yes" and counts_as == "absent"
    return counts_as, *(("late",) if late else ()), *(("excused",) if excused else ())
