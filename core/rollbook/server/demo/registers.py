"""The made-up registers of the last weeks: most are there, some are late, a few registers were not taken."""

from collections.abc import Iterator
from datetime import date
from random import Random

from rollbook.domain.ids import natural_id
from rollbook.server.demo.chance import chance_of
from rollbook.server.demo.classes import Lesson, span_in
from rollbook.server.sync.new_records import NewRecord

DAYS = 30
"""So many days with lessons before today have registers: enough for a rate, and made quickly."""
PERIOD = "day"
_NOT_TAKEN = 0.04
_CODES = (("A", 40), ("L", 35), ("E", 15), ("X", 10))
_REASONS = ("Ill", "Doctor's appointment", "Family matter", "Festival of the family's faith")


def registers_of(lesson: Lesson, school_id: str, seed: int, today: date) -> Iterator[NewRecord]:
    """The registers of a homeroom before ``today``: whose turn it is today takes that one."""
    spans = {pupil.id: span_in(pupil, lesson) for pupil in lesson.pupils}
    for day in [day for day in lesson.year.open_days if day < today][-DAYS:]:
        chance = chance_of(seed, "register", lesson.id, day.isoformat())
        if chance.random() < _NOT_TAKEN:
            continue
        there = [pupil for pupil in lesson.pupils if spans[pupil.id][0] <= day <= spans[pupil.id][1]]
        key = {"section_id": lesson.id, "date": day.isoformat(), "period": PERIOD}
        yield "register_taken", natural_id("register_taken", school_id, *key.values()), dict(key)
        for pupil in there:
            if chance.random() < pupil.away:
                yield _mark(chance, school_id, pupil.id, key)


def _mark(chance: Random, school_id: str, student_id: str, key: dict[str, str]) -> NewRecord:
    code = chance.choices([code for code, _share in _CODES], [share for _code, share in _CODES])[0]
    values: dict[str, object] = {
        "section_id": key["section_id"],
        "student_id": student_id,
        "date": key["date"],
        "period": key["period"],
    }
    if code == "E":
        values |= {"teacher_code": "A", "office_code": "E", "reason": chance.choice(_REASONS)}
    else:
        values["teacher_code"] = code
    if code in ("L", "X"):
        values["minutes"] = chance.choice((5, 10, 15, 20, 45))
    names = (key["section_id"], student_id, key["date"], key["period"])
    return "attendance_mark", natural_id("attendance_mark", school_id, *names), values
