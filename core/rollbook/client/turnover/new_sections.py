"""The classes of the new year, from those of the old one; and which of them a student comes into."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rollbook.client.turnover.new_year import NewYear
from rollbook.client.turnover.school_now import Row, SchoolNow
from rollbook.client.turnover.values import SectionToCome, TurnOver
from rollbook.client.values import Edit
from rollbook.domain.grade_levels import key_of, moved_up
from rollbook.domain.ids import natural_id
from rollbook.domain.school_years import next_title

_COPIED = (
    "class_type",
    "course_id",
    "grade_level",
    "location",
    "capacity",
    "periods",
    "grade_scale_id",
)
_HOMEROOM = "homeroom"
Grades = tuple[str | None, str]
"""The grade of a student in the old year, if it is known, and in the new one."""


@dataclass(slots=True)
class _New:
    """A class of the new year."""

    id: str
    values: dict[str, Any]
    is_here: bool
    members: set[str] = field(default_factory=set)


class NewSections:
    """Each class is there again with its grade, course, room, periods and, where wanted, teachers; who is
    promoted comes into that of the next grade. One that is missing there is made from the old one.

    What somebody has entered for the new year already is used as it is.
    """

    def __init__(self, now: SchoolNow, asked: TurnOver, coming: NewYear, old_id: str) -> None:
        self._now, self._asked, self._coming = now, asked, coming
        old_parts = now.within(old_id)
        new_parts = {coming.year.id, *now.within(coming.year.id)}
        self._old = {row["id"]: row for row in now.sections if row["academic_session_id"] in old_parts}
        self._new: dict[str, _New] = {}
        self._titled: dict[str, list[_New]] = {}
        self._of_a_course: dict[str, list[_New]] = {}
        self._by_old: dict[str, _New] = {}
        self.edits: list[Edit] = []
        """What makes the classes; it grows where a student needs one that is missing."""
        self.placed: set[str] = set()
        """The students who come into one."""
        if not asked.new_sections:
            return
        for row in now.sections:
            if row["academic_session_id"] in new_parts:
                self._note(_New(row["id"], dict(row), is_here=True))
        for row in self._old.values():
            title = next_title(row["title"])
            self._by_old[row["id"]] = self._there(row, title) or self._made(
                row, {"title": title, "class_code": row["class_code"] and next_title(row["class_code"])}
            )

    def memberships_at(self, student_id: str, day: str) -> list[Row]:
        """The student's places in classes of the old year on that day."""
        return [
            each
            for each in self._now.memberships.get(student_id, ())
            if each["section_id"] in self._old
            and (each["begin_date"] or day) <= day
            and (each["end_date"] or day) >= day
        ]

    def entered(
        self, student_id: str, old: Sequence[Row], grades: Grades, homeroom: str | None
    ) -> Iterator[Edit]:
        """The edits by which a student comes into classes of the new year."""
        if not self._asked.new_sections:
            return
        found = [self._next_of(self._old[each["section_id"]], grades, homeroom) for each in old]
        if not any(each is not None and each.values["class_type"] == _HOMEROOM for each in found):
            found.append(self._homeroom(homeroom, grades[1]))
        for new in {each.id: each for each in found if each is not None}.values():
            new.members.add(student_id)
            self.placed.add(student_id)
            if not self._is_in(student_id, new):
                key = {"section_id": new.id, "student_id": student_id}
                yield Edit("section_enrolment", None, key | {"begin_date": self._coming.year.starts})

    def as_planned(self) -> tuple[SectionToCome, ...]:
        """The classes of the new year, with how many are placed in each."""
        return tuple(
            SectionToCome(
                each.id,
                each.values["title"],
                each.values["grade_level"],
                each.is_here,
                len(each.members),
                each.values["capacity"],
            )
            for each in self._new.values()
        )

    def _next_of(self, old: Row, grades: Grades, homeroom: str | None) -> _New | None:
        """The class that follows ``old`` for a student; ``None`` where a person must choose it."""
        before, after = grades
        same = self._by_old[old["id"]]
        if before is not None and key_of(before) == key_of(after):
            return (self._homeroom(homeroom, after) if old["class_type"] == _HOMEROOM else None) or same
        title = moved_up(next_title(old["title"]), before, after)
        if old["class_type"] == _HOMEROOM:
            return self._homeroom(homeroom, after) or (self._up(old, title, after) if title else None)
        return self._of_course(self._asked.next_courses.get(old["course_id"] or ""), title)

    def _homeroom(self, title: str | None, grade: str) -> _New | None:
        called = self._titled.get(key_of(title), ()) if title else ()
        return next((each for each in called if _is_homeroom_of(each, grade)), None)

    def _of_course(self, course_id: str | None, title: str | None) -> _New | None:
        """The class of that course with that title, or the only one."""
        found = self._of_a_course.get(course_id or "", [])
        called = [each for each in found if title and key_of(each.values["title"]) == key_of(title)]
        return called[0] if called else found[0] if len(found) == 1 else None

    def _up(self, old: Row, title: str, grade: str) -> _New:
        """The homeroom of the next grade: nobody was in it last year, so it is made from this one."""
        found = self._homeroom(title, grade)
        return found or self._made(old, {"title": title, "class_code": None, "grade_level": grade}, grade)

    def _there(self, old: Row, title: str) -> _New | None:
        """What somebody has entered for the new year already."""
        alike = ("class_type", "course_id", "grade_level")
        called = self._titled.get(key_of(title), ())
        return next(
            (each for each in called if each.is_here and all(each.values[n] == old[n] for n in alike)), None
        )

    def _made(self, old: Row, values: dict[str, Any], *of: str) -> _New:
        """A class made from an old one, unless an earlier turn-over has made it."""
        section_id = natural_id("section", self._now.school_id, self._coming.year.id, old["id"], *of)
        if section_id in self._new:
            return self._new[section_id]
        session = self._coming.sessions[old["academic_session_id"]]
        whole = {name: old[name] for name in _COPIED} | {"academic_session_id": session} | values
        new = self._note(_New(section_id, whole, is_here=False))
        known = {name: value for name, value in whole.items() if value is not None}
        self.edits.append(Edit("section", section_id, known, anew=True))
        for each in self._now.teachers.get(old["id"], ()) if self._asked.keep_teachers else ():
            teacher = {
                "section_id": section_id,
                "staff_id": each["staff_id"],
                "is_primary": each["is_primary"],
            }
            self.edits.append(Edit("section_teacher", None, {n: v for n, v in teacher.items() if v}))
        return new

    def _note(self, new: _New) -> _New:
        self._new[new.id] = new
        self._titled.setdefault(key_of(new.values["title"]), []).append(new)
        if new.values["course_id"] is not None:
            self._of_a_course.setdefault(new.values["course_id"], []).append(new)
        return new

    def _is_in(self, student_id: str, new: _New) -> bool:
        return any(each["section_id"] == new.id for each in self._now.memberships.get(student_id, ()))


def _is_homeroom_of(new: _New, grade: str) -> bool:
    of_grade = new.values["grade_level"]
    return new.values["class_type"] == _HOMEROOM and (of_grade is None or key_of(of_grade) == key_of(grade))
