"""What becomes of each student, and the entries that make it so (D14)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rollbook.client.turnover.new_sections import NewSections
from rollbook.client.turnover.new_year import NewYear
from rollbook.client.turnover.school_now import Row, SchoolNow
from rollbook.client.turnover.values import (
    MOVING,
    Choice,
    Outcome,
    StudentException,
    StudentOutcome,
    TurnOver,
)
from rollbook.client.values import Edit
from rollbook.domain.grade_levels import GradeOrder, key_of, moved_up
from rollbook.domain.labels import label_of

_OPEN = "9999-12-31"
"""Stands for the end of what has none."""
_BY_RULE = StudentException("", Choice.PROMOTE)
_EXIT_TYPES = {Outcome.GRADUATES: "graduated", Outcome.LEAVES: "withdrawn"}


class UnclearError(Exception):
    """What becomes of a student is for a person to decide; the message says why."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A student's enrolments around the end of the old year.

    ``spell`` is that in which they are at the school on its last day, ``later`` one that begins after it.
    """

    spell: Row | None
    later: Row | None


class StudentsToCome:
    """Tells each student's outcome, from what the school has and what was asked."""

    def __init__(
        self, now: SchoolNow, asked: TurnOver, coming: NewYear, order: GradeOrder, sections: NewSections
    ) -> None:
        self._now, self._asked, self._coming, self._order = now, asked, coming, order
        self._sections = sections
        self._exceptions = {each.student_id: each for each in asked.exceptions}

    def outcome_of(self, student: Row) -> StudentOutcome:
        """The outcome of one student."""
        seen = StudentOutcome(
            student["id"],
            label_of(student),
            student["student_number"],
            Outcome.UNCLEAR,
            student["grade_level"],
            student["homeroom"],
        )
        try:
            stay = self._stay(student)
            if stay.spell is not None and seen.grade is None:
                seen = replace(seen, grade=stay.spell["grade_level"])
            return self._settled(stay, seen) or self._with_edits(
                student, stay, self._decided(student, stay, seen)
            )
        except UnclearError as unclear:
            return replace(seen, why=str(unclear))

    def _stay(self, student: Row) -> Stay:
        """Raises :class:`UnclearError` where the enrolments say several things."""
        spells, last = self._now.spells.get(student["id"], []), self._coming.last_day
        later = [each for each in spells if self._is_of_the_new_year(each)]
        present = [each for each in spells if each not in later and (each["exit_date"] or _OPEN) > last]
        if len(present) > 1:
            days = " and ".join(sorted(each["entry_date"] for each in present))
            raise UnclearError(f"has two open enrolments, from {days}")
        if not spells and not self._asked.without_enrolment:
            raise UnclearError("has no enrolment, so that nothing says whether they are at the school")
        return Stay(
            present[0] if present else None, min(later, key=lambda row: row["entry_date"], default=None)
        )

    def _is_of_the_new_year(self, spell: Row) -> bool:
        begins_later: bool = (spell["entry_date"] or "") > self._coming.last_day
        return begins_later or spell["school_year_id"] == self._coming.year.id

    def _settled(self, stay: Stay, seen: StudentOutcome) -> StudentOutcome | None:
        """The outcome of who is in the new year already, or has left; ``None`` for any other."""
        if stay.spell is None and stay.later is not None:
            why = f"is enrolled from {stay.later['entry_date']} already"
            return replace(seen, outcome=Outcome.ALREADY, why=why)
        spells = self._now.spells.get(seen.student_id, [])
        if stay.spell is None and spells:
            day = max(each["exit_date"] for each in spells)
            return replace(seen, outcome=Outcome.LEFT, why=f"left on {day}")
        if stay.spell is not None and (stay.spell["exit_date"] or _OPEN) < self._coming.year.starts:
            return replace(seen, outcome=Outcome.LEFT, why=f"leaves on {stay.spell['exit_date']}, as entered")
        return None

    def _decided(self, student: Row, stay: Stay, seen: StudentOutcome) -> StudentOutcome:
        """The outcome by the rule or the exception. Raises :class:`UnclearError`."""
        chosen = self._exceptions.get(student["id"], _BY_RULE)
        outcome, grade = self._by_choice(chosen, student, stay)
        if outcome in _EXIT_TYPES:
            if stay.later is not None:
                day = stay.later["entry_date"]
                raise UnclearError(f"{outcome.value}, and an enrolment from {day} is there already")
            return replace(seen, outcome=outcome)
        homeroom = chosen.homeroom or moved_up(seen.homeroom, seen.grade, grade) or seen.homeroom
        return replace(seen, outcome=outcome, new_grade=grade, new_homeroom=homeroom)

    def _by_choice(self, chosen: StudentException, student: Row, stay: Stay) -> tuple[Outcome, str | None]:
        """The outcome, and the grade in which the student goes on. Raises :class:`UnclearError`."""
        if chosen.choice is Choice.LEAVE:
            return Outcome.LEAVES, None
        if chosen.choice is Choice.GRADUATE:
            return Outcome.GRADUATES, None
        if chosen.choice is Choice.GRADE:
            return Outcome.MOVED, chosen.grade_level
        grade = self._grade(student, stay)
        if chosen.choice is Choice.REPEAT:
            return Outcome.REPEATS, grade
        if chosen.choice is Choice.SKIP:
            after = self._order.after(grade, 2)
            if after is None:
                raise UnclearError(f"cannot skip a grade from {grade}: there is none two above it")
            return Outcome.MOVED, after
        after = self._order.after(grade)
        return (Outcome.GRADUATES, None) if after is None else (Outcome.PROMOTED, after)

    def _grade(self, student: Row, stay: Stay) -> str:
        """The grade of the old year. Raises :class:`UnclearError` where it is not plain."""
        grade, entered = student["grade_level"], None if stay.spell is None else stay.spell["grade_level"]
        if grade and entered and key_of(grade) != key_of(entered):
            raise UnclearError(f"is in grade {grade}, and by the enrolment in grade {entered}")
        found: str | None = grade or entered
        if found is None:
            raise UnclearError("has no grade")
        if self._order.place(found) is None:
            raise UnclearError(f"is in grade {found}, which has no place in the order of the grades")
        return found

    def _with_edits(self, student: Row, stay: Stay, told: StudentOutcome) -> StudentOutcome:
        assert told.outcome in MOVING
        places = self._sections.memberships_at(student["id"], self._coming.last_day)
        edits = [*self._spells(student, stay, told), *self._of_student(student, told)]
        edits += self._ended(places)
        if told.new_grade is not None:
            grades = (told.grade, told.new_grade)
            edits += self._sections.entered(student["id"], places, grades, told.new_homeroom)
        return replace(told, edits=tuple(edits))

    def _spells(self, student: Row, stay: Stay, told: StudentOutcome) -> Iterator[Edit]:
        """The old enrolment is closed; who goes on gets another one, with whatever end was entered before."""
        if stay.spell is not None:
            closed = {"exit_date": self._coming.last_day, "exit_type": self._exit_type(student, told)}
            yield _changed("enrolment", stay.spell, closed)
        if told.new_grade is None or stay.later is not None:
            return
        opened = {
            "student_id": student["id"],
            "school_year_id": self._coming.year.id,
            "grade_level": told.new_grade,
            "entry_date": self._coming.year.starts,
            "entry_type": "next_year",
        }
        if stay.spell is not None and stay.spell["exit_date"] is not None:
            opened |= {"exit_date": stay.spell["exit_date"], "exit_type": stay.spell["exit_type"]}
        yield Edit("enrolment", None, {name: value for name, value in opened.items() if value is not None})

    def _exit_type(self, student: Row, told: StudentOutcome) -> str:
        chosen = self._exceptions.get(student["id"], _BY_RULE)
        return chosen.exit_type or _EXIT_TYPES.get(told.outcome, "end_of_year")

    def _of_student(self, student: Row, told: StudentOutcome) -> Iterator[Edit]:
        """Grade and homeroom of who goes on; who leaves keeps the grade, and is in no homeroom any more."""
        wanted: dict[str, Any] = {"homeroom": told.new_homeroom}
        if told.new_grade is not None:
            wanted["grade_level"] = told.new_grade
        if any(student[name] != value for name, value in wanted.items()):
            yield _changed("student", student, wanted)

    def _ended(self, places: Sequence[Row]) -> Iterator[Edit]:
        for each in places:
            if each["end_date"] != self._coming.last_day:
                yield _changed("section_enrolment", each, {"end_date": self._coming.last_day})


def _changed(entity: str, row: Row, wanted: dict[str, Any]) -> Edit:
    """The edit of what differs, with what was there."""
    changes = {name: value for name, value in wanted.items() if row[name] != value}
    return Edit(entity, row["id"], changes, seen={name: row[name] for name in changes})
