"""What is asked of a turn-over, and what it would do. Plain immutable values."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rollbook.client.values import Edit, Saved


class Choice(StrEnum):
    """What is decided for a student instead of the rule."""

    PROMOTE = "promote"
    REPEAT = "repeat"
    SKIP = "skip"  # a grade: two up
    GRADE = "grade"  # the one that is named
    GRADUATE = "graduate"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class StudentException:
    """What is decided for one student. ``grade_level`` is for :attr:`Choice.GRADE`; ``homeroom`` instead of
    the one that follows from the old; ``exit_type`` says how who leaves does."""

    student_id: str
    choice: Choice
    grade_level: str | None = None
    homeroom: str | None = None
    exit_type: str | None = None


@dataclass(frozen=True, slots=True)
class TurnOver:
    """What is asked. ``from_year`` and ``to_year`` are a school year's id or title.

    A ``to_year`` that is not there is made: by default a year after the old one, else from ``starts`` to
    ``ends`` (ISO dates). ``grades`` is their order, the lowest first; empty where their names tell it.
    ``next_courses`` maps a course's id to that of the course that follows it. ``without_enrolment``: who has
    no enrolment at all is at the school, too.
    """

    from_year: str
    to_year: str
    starts: str | None = None
    ends: str | None = None
    grades: tuple[str, ...] = ()
    exceptions: tuple[StudentException, ...] = ()
    next_courses: Mapping[str, str] = field(default_factory=dict)
    new_sections: bool = True
    keep_teachers: bool = True
    without_enrolment: bool = False


class Outcome(StrEnum):
    """What becomes of a student."""

    PROMOTED = "promoted"
    REPEATS = "repeats"
    MOVED = "moved"  # into a grade that somebody chose
    GRADUATES = "graduates"
    LEAVES = "leaves"
    ALREADY = "already"  # enrolled in the new year, or later
    LEFT = "left"  # by the end of the old year
    UNCLEAR = "unclear"


MOVING = (Outcome.PROMOTED, Outcome.REPEATS, Outcome.MOVED, Outcome.GRADUATES, Outcome.LEAVES)
"""The outcomes for which something is stored."""


@dataclass(frozen=True, slots=True)
class StudentOutcome:
    """One student's outcome; ``why`` says in words what is unclear, or how they are there or gone already.

    ``edits`` are what is stored for it.
    """

    student_id: str
    label: str
    student_number: str | None
    outcome: Outcome
    grade: str | None
    homeroom: str | None
    new_grade: str | None = None
    new_homeroom: str | None = None
    why: str = ""
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class YearToCome:
    """The new school year. ``is_new``: it is made by the same run, with ``terms`` copied from the old one."""

    id: str
    title: str
    starts: str
    ends: str
    is_new: bool
    terms: int = 0


@dataclass(frozen=True, slots=True)
class SectionToCome:
    """A class of the new year. ``is_here``: somebody has entered it already. ``members`` are placed in it."""

    id: str
    title: str
    grade_level: str | None
    is_here: bool
    members: int
    capacity: int | None


@dataclass(frozen=True, slots=True)
class TurnOverPlan:
    """What a turn-over would do. Nothing is stored yet.

    ``grades`` is the order that holds. ``notes`` are sentences for people. ``first`` are the edits that come
    before those of the students.
    """

    asked: TurnOver
    old_title: str
    new_year: YearToCome
    grades: tuple[str, ...]
    students: tuple[StudentOutcome, ...]
    sections: tuple[SectionToCome, ...]
    notes: tuple[str, ...]
    first: tuple[Edit, ...] = field(repr=False, default=())

    @property
    def counts(self) -> dict[str, int]:
        """How many students there are of each outcome."""
        found = Counter(each.outcome for each in self.students)
        return {outcome.value: found[outcome] for outcome in Outcome}

    @property
    def unclear(self) -> tuple[StudentOutcome, ...]:
        """The students for whom a person must decide."""
        return tuple(each for each in self.students if each.outcome is Outcome.UNCLEAR)

    @property
    def moving(self) -> tuple[StudentOutcome, ...]:
        """The students for whom something would be stored."""
        return tuple(each for each in self.students if each.outcome in MOVING)


@dataclass(frozen=True, slots=True)
class TurnedOver:
    """What was stored, under one run id; ``run`` is ``None`` where that is nothing.

    ``left_out`` are students who changed after the plan was made, as they are now.
    """

    run: str | None
    saved: tuple[Saved, ...]
    left_out: tuple[StudentOutcome, ...]
