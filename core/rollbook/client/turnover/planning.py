"""From what is asked and what this computer has to a plan (D14)."""

from collections.abc import Container, Iterator, Sequence

from rollbook.client.turnover.new_sections import NewSections
from rollbook.client.turnover.new_year import NewYear, new_year, old_year
from rollbook.client.turnover.school_now import Row, SchoolNow, refused
from rollbook.client.turnover.students import StudentsToCome
from rollbook.client.turnover.values import (
    MOVING,
    SectionToCome,
    StudentException,
    StudentOutcome,
    TurnOver,
    TurnOverPlan,
)
from rollbook.domain.grade_levels import GradeOrder, UnclearOrderError, order_of
from rollbook.domain.plain_text import counted


def planned(now: SchoolNow, asked: TurnOver, today: str) -> TurnOverPlan:
    """What the turn-over would do; ``today`` is an ISO date.

    Raises :class:`RefusedEntryError` where it cannot be done as it is asked.
    """
    old = old_year(now, asked)
    coming = new_year(now, asked, old)
    order = _order(now, asked)
    _check_exceptions(now, asked.exceptions)
    sections = NewSections(now, asked, coming, old["id"])
    each = StudentsToCome(now, asked, coming, order, sections)
    students = tuple(each.outcome_of(student) for student in now.students)
    moving = any(student.outcome in MOVING for student in students)
    first = (*coming.edits, *sections.edits) if moving or coming.year.is_new else ()
    to_come = sections.as_planned()
    return TurnOverPlan(
        asked=asked,
        old_title=old["title"],
        new_year=coming.year,
        grades=order.labels,
        students=students,
        sections=to_come,
        notes=tuple(_notes(asked, old, coming, students, to_come, sections.placed, today)),
        first=first,
    )


def _order(now: SchoolNow, asked: TurnOver) -> GradeOrder:
    try:
        return GradeOrder(asked.grades) if asked.grades else order_of(now.grades_used)
    except UnclearOrderError as unclear:
        raise refused(
            "grades", "unclear", str(unclear), "Give all of them in their order, the lowest first."
        ) from unclear


def _check_exceptions(now: SchoolNow, exceptions: Sequence[StudentException]) -> None:
    """Each names a student who is here, each once, and a grade where it needs one."""
    here = {student["id"] for student in now.students}
    seen: set[str] = set()
    for each in exceptions:
        if each.student_id not in here:
            raise refused(
                "exceptions", "not-found", f"There is no student {each.student_id}.", "Look at the ID."
            )
        if each.student_id in seen:
            raise refused(
                "exceptions", "twice", f"The student {each.student_id} is there twice.", "Decide once."
            )
        if each.choice == "grade" and not each.grade_level:
            raise refused("exceptions", "required", "A grade is chosen, but not which.", "Name the grade.")
        seen.add(each.student_id)


def _notes(
    asked: TurnOver,
    old: Row,
    coming: NewYear,
    students: Sequence[StudentOutcome],
    sections: Sequence[SectionToCome],
    placed: Container[str],
    today: str,
) -> Iterator[str]:
    if today < old["end_date"]:
        yield (
            f"“{old['title']}” ends on {old['end_date']}. Grades and classes of the students change at once, "
            "not only then."
        )
    named = {each.student_id for each in asked.exceptions}
    unused = [each.label for each in students if each.student_id in named and each.outcome not in MOVING]
    if unused:
        yield f"Exceptions that change nothing, as it is settled or unclear otherwise: {', '.join(unused)}."
    for each in sections:
        if each.capacity is not None and each.members > each.capacity:
            yield f"{each.title} has room for {each.capacity}; {each.members} come into it."
    apart = sum(each.new_grade is not None and each.student_id not in placed for each in students)
    if sections and apart:
        yield f"{counted(apart, 'student')} who go on come into no class yet: place them by hand."
    if coming.year.terms:
        yield f"{counted(coming.year.terms, 'term')} of “{old['title']}” come again a year later."
