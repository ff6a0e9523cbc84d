"""A made-up school with everything in it, as a stream: no more of it in memory than a wing's students."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from rollbook.server.demo import classes, gradebook, guardians, pupils, registers
from rollbook.server.demo.classes import Lesson
from rollbook.server.demo.generate import WING, Child, made_up_families
from rollbook.server.demo.pupils import Pupil
from rollbook.server.demo.year import Year, year_of
from rollbook.server.sync.new_records import NewRecord


def made_up_school(count: int, seed: int, today: date, school_id: str) -> Iterator[NewRecord]:
    """Two years of a school of ``count`` students; what is referred to comes before what refers to it.

    The same for the same arguments. The codes and scales that a new school has are not among it.
    """
    year = year_of(today, seed)
    before = Year(year.autumn - 1, seed)
    yield from before.sessions(is_over=True)
    yield from year.sessions(is_over=today > year.last_day)
    yield from classes.courses(seed)
    maker = _Maker(seed, school_id, today, year, before)
    wing = 0
    for family, children in made_up_families(count, seed, year.autumn):
        for child in children:
            if (child.number - 1) // WING > wing:
                yield from maker.wing(wing)
                wing += 1
            yield from maker.child(child)
        yield from guardians.guardians_of(family, children, school_id, seed)
    yield from maker.wing(wing)


@dataclass(slots=True)
class _Maker:
    seed: int
    school_id: str
    today: date
    year: Year
    before: Year
    _pupils: list[Pupil] = field(default_factory=list)

    def child(self, child: Child) -> Iterator[NewRecord]:
        """A student with what is theirs; classes are made of a whole wing."""
        pupil = pupils.pupil_of(child, self.seed, self.year, self.today)
        self._pupils.append(pupil)
        return pupils.records_of(child, pupil, self.school_id, self.seed, self.year)

    def wing(self, number: int) -> Iterator[NewRecord]:
        """The teachers and classes of the students so far, for both years."""
        here, self._pupils = self._pupils, []
        yield from classes.teachers(number, self.seed)
        was_here = [pupil for pupil in here if pupil.was_here]
        for homeroom, inside in _grouped(was_here, lambda pupil: pupil.homeroom_before).items():
            yield from self._past(homeroom, inside, number)
        for homeroom, inside in _grouped(here, lambda pupil: pupil.homeroom).items():
            yield from self._present(homeroom, inside, number)

    def _past(self, homeroom: str, inside: list[Pupil], wing: int) -> Iterator[NewRecord]:
        grade = inside[0].grade - 1
        for lesson in classes.lessons_of(homeroom, grade, tuple(inside), self.before, wing, self.seed):
            yield from self._class(lesson, homeroom)
            if lesson.subject:
                yield from gradebook.final_grades(lesson, self.school_id, self.seed)

    def _present(self, homeroom: str, inside: list[Pupil], wing: int) -> Iterator[NewRecord]:
        grade = inside[0].grade
        for lesson in classes.lessons_of(homeroom, grade, tuple(inside), self.year, wing, self.seed):
            yield from self._class(lesson, homeroom)
            make = gradebook.work_of if lesson.subject else registers.registers_of
            yield from make(lesson, self.school_id, self.seed, self.today)

    def _class(self, lesson: Lesson, homeroom: str) -> Iterator[NewRecord]:
        return classes.records_of(lesson, homeroom, self.school_id, self.seed)


def _grouped(some: list[Pupil], by: Callable[[Pupil], str]) -> dict[str, list[Pupil]]:
    found: dict[str, list[Pupil]] = {}
    for pupil in some:
        found.setdefault(by(pupil), []).append(pupil)
    return dict(sorted(found.items()))
