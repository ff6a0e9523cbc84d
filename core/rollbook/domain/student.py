"""A student: the person and what the school keeps about them. Field names are OneRoster's in snake case."""

from dataclasses import dataclass

from rollbook.domain.entity import FieldType, RuleBreach, Values, attribute, describe
from rollbook.domain.words import SOURCE

SEXES = ("female", "male", "other", "unspecified")


@dataclass(frozen=True, slots=True)
class Student:
    """A student of one school. Every value may be unknown (``None``) but for a name."""

    family_name: str | None = attribute(searched=True, section="name")
    given_name: str | None = attribute(searched=True, section="name")
    middle_name: str | None = attribute(searched=True, section="name")
    preferred_given_name: str | None = attribute(searched=True, section="name")
    preferred_family_name: str | None = attribute(searched=True, section="name")
    native_name: str | None = attribute(searched=True, section="name")
    birth_date: str | None = attribute(type=FieldType.DATE, listed=True, section="person")
    birth_place: str | None = attribute(limit=120, section="person")
    sex: str | None = attribute(type=FieldType.CHOICE, choices=SEXES, section="person")
    pronouns: str | None = attribute(limit=40, section="person")
    nationality: str | None = attribute(limit=60, section="person")
    home_language: str | None = attribute(limit=60, section="person")
    photo: str | None = attribute(type=FieldType.FILE, section="person")
    student_number: str | None = attribute(
        limit=40, searched=True, unique=True, listed=True, numbered=True, section="school"
    )
    national_id: str | None = attribute(limit=40, section="school")
    grade_level: str | None = attribute(limit=20, listed=True, section="school")
    homeroom: str | None = attribute(limit=40, listed=True, section="school")
    phone: str | None = attribute(
        type=FieldType.PHONE, limit=60, searched=True, listed=True, section="contact"
    )
    email: str | None = attribute(type=FieldType.EMAIL, limit=254, section="contact")
    address: str | None = attribute(type=FieldType.LONG_TEXT, limit=500, section="contact")
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


def has_a_name(values: Values) -> tuple[RuleBreach, ...]:
    """A person has at least one of family, given or native name; one word is enough (D7)."""
    if any(values.get(name) for name in ("family_name", "given_name", "native_name")):
        return ()
    return (
        RuleBreach(
            "family_name", "name-missing", "A name is missing.", "Enter a family name or a given name."
        ),
    )


STUDENT = describe(
    "student",
    Student,
    plural="students",
    area="students",
    rules=(has_a_name,),
    natural_keys=(SOURCE,),
    person=True,
)
