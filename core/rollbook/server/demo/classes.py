"""The made-up classes: courses, teachers, a homeroom and its lessons, and who is in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from rollbook.domain.default_set_up import default_scale_id
from rollbook.domain.ids import natural_id
from rollbook.server.demo.chance import chance_of, made_up_id
from rollbook.server.demo.names import names_of
from rollbook.server.demo.origins import ORIGINS
from rollbook.server.demo.pupils import Pupil
from rollbook.server.demo.year import Year
from rollbook.server.sync.new_records import NewRecord

SUBJECTS = ("Language", "Mathematics", "History", "Science")
GRADES = range(1, 13)
TEACHERS_OF_A_WING = 30
_LETTERS_UNTIL, _PERCENT_UNTIL = 2, 6
_ROOMS = 60
THE_TEACHER = "teacher"
"""The account of the made-up school that belongs to its first teacher."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A section of a year with those who are or were in it. ``subject`` is empty for a homeroom."""

    id: str
    year: Year
    grade: int
    subject: str
    teacher_id: str
    pupils: tuple[Pupil, ...]


def courses(seed: int) -> Iterator[NewRecord]:
    """What is taught in each grade, whatever the year."""
    for grade in GRADES:
        for subject in SUBJECTS:
            values = {
                "title": f"{subject} {grade}",
                "course_code": f"{subject[:3].upper()}{grade:02d}",
                "subject": subject,
                "grade_level": str(grade),
            }
            yield "course", _course_id(seed, subject, grade), values


def teachers(wing: int, seed: int) -> Iterator[NewRecord]:
    """Those who teach in a wing."""
    for number in range(TEACHERS_OF_A_WING):
        chance = chance_of(seed, "teacher", wing, number)
        sex, stock = chance.choice(("female", "male")), names_of(ORIGINS[0])
        given, surname = chance.choice(stock.forenames(sex)), chance.choice(stock.surnames).of(sex)
        values = {
            "given_name": given.native,
            "family_name": surname.native,
            "staff_number": f"T{wing * TEACHERS_OF_A_WING + number + 1:04d}",
            "email": f"teacher{wing * TEACHERS_OF_A_WING + number + 1}@example.org",
        }
        if wing == number == 0:
            values["user_name"] = THE_TEACHER
        yield "staff", _teacher_id(seed, wing, number), values


def lessons_of(
    homeroom: str, grade: int, pupils: tuple[Pupil, ...], year: Year, wing: int, seed: int
) -> list[Lesson]:
    """The homeroom and its lessons in each subject."""
    chance = chance_of(seed, "lessons", year.autumn, homeroom)
    first = chance.randrange(TEACHERS_OF_A_WING)
    if homeroom == f"{GRADES[0]}A":
        first = 0
    return [
        Lesson(
            made_up_id("section", seed, year.autumn, homeroom, subject),
            year,
            grade,
            subject,
            _teacher_id(seed, wing, (first + number) % TEACHERS_OF_A_WING),
            pupils,
        )
        for number, subject in enumerate(("", *SUBJECTS))
    ]


def records_of(lesson: Lesson, homeroom: str, school_id: str, seed: int) -> Iterator[NewRecord]:
    """The section, its teacher, and who is in it."""
    yield "section", lesson.id, _section(lesson, homeroom, school_id, seed)
    taught = natural_id("section_teacher", school_id, lesson.id, lesson.teacher_id)
    named = {"section_id": lesson.id, "staff_id": lesson.teacher_id, "is_primary": "yes"}
    yield "section_teacher", taught, named
    for pupil in lesson.pupils:
        begin, end = span_in(pupil, lesson)
        values = {
            "section_id": lesson.id,
            "student_id": pupil.id,
            "begin_date": begin.isoformat(),
            "end_date": end.isoformat(),
        }
        yield "section_enrolment", natural_id("section_enrolment", school_id, lesson.id, pupil.id), values


def span_in(pupil: Pupil, lesson: Lesson) -> tuple[date, date]:
    """From when to when the pupil is in it."""
    this_year = pupil.grade == lesson.grade
    begin = pupil.since if this_year else lesson.year.first_day
    end = pupil.until if this_year and pupil.until else lesson.year.last_day
    return begin, end


def scale_of(grade: int) -> str:
    """How grades are written in a grade: the scale's id in Rollbook's own words."""
    if grade <= _LETTERS_UNTIL:
        return "letters"
    return "percent" if grade <= _PERCENT_UNTIL else "numeric-20"


def _section(lesson: Lesson, homeroom: str, school_id: str, seed: int) -> dict[str, object]:
    chance = chance_of(seed, "room", homeroom)
    values: dict[str, object] = {
        "title": f"{lesson.subject} {homeroom}" if lesson.subject else homeroom,
        "class_code": f"{homeroom}-{lesson.subject[:3].upper()}" if lesson.subject else homeroom,
        "class_type": "scheduled" if lesson.subject else "homeroom",
        "academic_session_id": lesson.year.id,
        "grade_level": str(lesson.grade),
        "location": f"{chance.choice('ABC')}{chance.randint(1, _ROOMS):02d}",
        "capacity": 28,
        "grade_scale_id": default_scale_id(school_id, scale_of(lesson.grade)),
    }
    if lesson.subject:
        values["course_id"] = _course_id(seed, lesson.subject, lesson.grade)
    return values


def _course_id(seed: int, subject: str, grade: int) -> str:
    return made_up_id("course", seed, subject, grade)


def _teacher_id(seed: int, wing: int, number: int) -> str:
    return made_up_id("staff", seed, wing, number)
