"""Courses, the sections in which they are held, who teaches them and who is in them."""

from dataclasses import dataclass

from rollbook.domain.calendar import in_order
from rollbook.domain.entity import FieldType, attribute, describe, reference
from rollbook.domain.words import SOURCE, YES_NO

SECTION_TYPES = ("homeroom", "scheduled")
ENTRY_TYPES = ("new", "transfer", "re_entry", "next_year", "other")
EXIT_TYPES = (
    "completed",
    "graduated",
    "transferred",
    "withdrawn",
    "dropout",
    "expelled",
    "no_show",
    "end_of_year",
    "died",
    "other",
)


@dataclass(frozen=True, slots=True)
class Course:
    """What is taught. A section of it is held for certain students at certain times."""

    title: str | None = attribute(required=True, searched=True, listed=True)
    course_code: str | None = attribute(limit=40, searched=True, listed=True)
    subject: str | None = attribute(limit=100, searched=True, listed=True)
    grade_level: str | None = attribute(limit=20, listed=True)
    academic_session_id: str | None = reference("academic_session")
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


@dataclass(frozen=True, slots=True)
class Section:
    """A class: those who are taught together. ``periods`` are those of the day, separated by commas."""

    title: str | None = attribute(required=True, searched=True, listed=True)
    class_code: str | None = attribute(limit=40, searched=True, listed=True)
    class_type: str | None = attribute(type=FieldType.CHOICE, choices=SECTION_TYPES, listed=True)
    course_id: str | None = reference("course")
    academic_session_id: str | None = reference("academic_session", listed=True)
    grade_level: str | None = attribute(limit=20, listed=True)
    location: str | None = attribute(limit=60)
    capacity: int | None = attribute(type=FieldType.INTEGER, at_least=0)
    periods: str | None = attribute(limit=100)
    grade_scale_id: str | None = reference("grade_scale")
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


@dataclass(frozen=True, slots=True)
class SectionTeacher:
    """Who teaches a section."""

    section_id: str | None = reference("section", required=True, listed=True)
    staff_id: str | None = reference("staff", required=True, listed=True)
    is_primary: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)


@dataclass(frozen=True, slots=True)
class SectionEnrolment:
    """That a student is in a section, from a day to a day. It is ended, never deleted."""

    section_id: str | None = reference("section", required=True, listed=True)
    student_id: str | None = reference("student", about=True, required=True, listed=True)
    begin_date: str | None = attribute(type=FieldType.DATE, group="span")
    end_date: str | None = attribute(type=FieldType.DATE, group="span")
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A stretch in which a student belongs to the school. Who comes back gets another one.

    Whether they are pre-registered, current or have left follows from the dates:
    :func:`rollbook.domain.enrolment_status.status_on`.
    """

    student_id: str | None = reference("student", about=True, required=True, listed=True)
    school_year_id: str | None = reference("academic_session", listed=True)
    grade_level: str | None = attribute(limit=20, listed=True)
    entry_date: str | None = attribute(type=FieldType.DATE, required=True, listed=True, group="stay")
    entry_type: str | None = attribute(type=FieldType.CHOICE, choices=ENTRY_TYPES)
    exit_date: str | None = attribute(type=FieldType.DATE, group="stay")
    exit_type: str | None = attribute(type=FieldType.CHOICE, choices=EXIT_TYPES, group="stay")
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


COURSE = describe("course", Course, plural="courses", area="set_up", natural_keys=(SOURCE,))
SECTION = describe("section", Section, plural="sections", area="classes", natural_keys=(SOURCE,))
SECTION_TEACHER = describe(
    "section_teacher",
    SectionTeacher,
    plural="section-teachers",
    area="classes",
    natural_keys=(("section_id", "staff_id"),),
    called=("staff_id", "section_id"),
)
SECTION_ENROLMENT = describe(
    "section_enrolment",
    SectionEnrolment,
    plural="section-enrolments",
    area="classes",
    rules=(in_order("begin_date", "end_date"),),
    natural_keys=(("section_id", "student_id"),),
    called=("student_id", "section_id"),
)
ENROLMENT = describe(
    "enrolment",
    Enrolment,
    plural="enrolments",
    area="students",
    rules=(in_order("entry_date", "exit_date"),),
    natural_keys=(("student_id", "entry_date"),),
    called=("student_id", "entry_date"),
)
