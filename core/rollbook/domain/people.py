"""People beside the students: contacts, who they are to a student, staff, and what is kept apart (D3)."""

from dataclasses import dataclass

from rollbook.domain.entity import FieldType, attribute, describe, reference
from rollbook.domain.student import has_a_name
from rollbook.domain.words import SOURCE, YES_NO

RELATIONSHIPS = (
    "mother",
    "father",
    "parent",
    "guardian",
    "grandparent",
    "aunt",
    "uncle",
    "sibling",
    "relative",
    "foster_parent",
    "other",
)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to be asked or told about a student: a person, once for all their children."""

    family_name: str | None = attribute(searched=True, section="name")
    given_name: str | None = attribute(searched=True, section="name")
    native_name: str | None = attribute(searched=True, section="name")
    phone: str | None = attribute(
        type=FieldType.PHONE, limit=60, searched=True, listed=True, section="contact"
    )
    mobile: str | None = attribute(type=FieldType.PHONE, limit=60, searched=True, section="contact")
    email: str | None = attribute(type=FieldType.EMAIL, limit=254, searched=True, section="contact")
    address: str | None = attribute(type=FieldType.LONG_TEXT, limit=500, section="contact")
    home_language: str | None = attribute(limit=60, section="contact")
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


@dataclass(frozen=True, slots=True)
class StudentContact:
    """Who a contact is to a student, and what they may do. ``priority`` 1 is called first."""

    student_id: str | None = reference("student", about=True, required=True)
    contact_id: str | None = reference("contact", about=True, required=True)
    relationship: str | None = attribute(type=FieldType.CHOICE, choices=RELATIONSHIPS)
    custody: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)
    lives_with: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)
    priority: int | None = attribute(type=FieldType.INTEGER, at_least=1)
    may_be_called: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)
    may_be_mailed: str | None = attribute(type=FieldType.CHOICE, choices=YES_NO)


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of the staff. ``user_name`` is the name of the account that they sign in with."""

    family_name: str | None = attribute(searched=True, section="name")
    given_name: str | None = attribute(searched=True, section="name")
    native_name: str | None = attribute(searched=True, section="name")
    staff_number: str | None = attribute(limit=40, searched=True, unique=True, listed=True)
    email: str | None = attribute(type=FieldType.EMAIL, limit=254)
    phone: str | None = attribute(type=FieldType.PHONE, limit=60)
    user_name: str | None = attribute(limit=100)
    source_system: str | None = attribute(limit=60, section="source")
    sourced_id: str | None = attribute(limit=100, section="source")


@dataclass(frozen=True, slots=True)
class Care:
    """What few may see of a student: health and support. One for each student."""

    student_id: str | None = reference("student", about=True, required=True)
    medical: str | None = attribute(type=FieldType.LONG_TEXT, limit=4000)
    support: str | None = attribute(type=FieldType.LONG_TEXT, limit=4000)


NOTE_KINDS = ("general", "behaviour", "learning", "meeting", "attendance")
NOTE_TONES = ("positive", "concern", "neutral")


@dataclass(frozen=True, slots=True)
class Note:
    """A note about a student."""

    student_id: str | None = reference("student", about=True, required=True, listed=True)
    date: str | None = attribute(type=FieldType.DATE, listed=True)
    kind: str | None = attribute(type=FieldType.CHOICE, choices=NOTE_KINDS)
    tone: str | None = attribute(type=FieldType.CHOICE, choices=NOTE_TONES)
    text: str | None = attribute(type=FieldType.LONG_TEXT, limit=4000, required=True)


CONTACT = describe(
    "contact",
    Contact,
    plural="contacts",
    area="students",
    rules=(has_a_name,),
    natural_keys=(SOURCE,),
    person=True,
    kept_for="student",
)
STUDENT_CONTACT = describe(
    "student_contact",
    StudentContact,
    plural="student-contacts",
    area="students",
    natural_keys=(("student_id", "contact_id"),),
    called=("contact_id", "student_id"),
)
STAFF = describe("staff", Staff, plural="staff", area="set_up", rules=(has_a_name,), natural_keys=(SOURCE,))
CARE = describe(
    "care",
    Care,
    plural="care",
    area="care",
    natural_keys=(("student_id",),),
    called=("student_id",),
)
NOTE = describe("note", Note, plural="notes", area="marks", called=("student_id", "date"))
