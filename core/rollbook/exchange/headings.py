"""What the headings of student files mean, in the words that real files use (D8, D11).

A field's own name always serves: folded, ``given_name``, ``givenName`` and ``Given Name`` are one.
"""

import unicodedata
from enum import StrEnum

from rollbook.domain.entity import FieldType
from rollbook.domain.student import STUDENT


class Aside(StrEnum):
    """What a column may hold that is no field of a student but says something about the row."""

    SCHOOL = "school"
    ROLE = "role"
    STATUS = "status"


IMPORTED = tuple(spec.name for spec in STUDENT.fields if spec.type is not FieldType.FILE)
"""The fields that a column of text can give."""

REASON_HEADING = "Rollbook: problem"
"""The heading of the column that :func:`bad_rows_file` adds; left out when such a file comes back."""

_OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "family_name": ("Last Name", "Surname", "Family", "Legal Last Name", "Επώνυμο", "Επίθετο"),
    "given_name": ("First Name", "Given", "Forename", "Legal First Name", "Όνομα"),
    "middle_name": ("Middle Names", "Second Name", "Μεσαίο όνομα"),
    "preferred_given_name": (
        "Preferred First Name", "Preferred Name", "Nickname", "Known As", "Υποκοριστικό",
    ),
    "preferred_family_name": ("Preferred Last Name",),
    "native_name": ("Name in native script", "Local Name", "Όνομα στη μητρική γλώσσα"),
    "birth_date": (
        "Birthdate", "Date of Birth", "DOB", "Birthday",
        "Ημερομηνία γέννησης", "Ημ. γέννησης", "Ημ/νία γέννησης",
    ),
    "birth_place": ("Birthplace", "Place of Birth", "Τόπος γέννησης"),
    "sex": ("Gender", "Φύλο"),
    "nationality": ("Citizenship", "Υπηκοότητα", "Ιθαγένεια"),
    "home_language": ("Native Language", "Language Spoken at Home", "Μητρική γλώσσα", "Γλώσσα"),
    "student_number": (
        "Student No", "Student ID", "Pupil Number", "Admission Number", "identifier", "Local ID",
        "Αριθμός μητρώου", "Αρ. μητρώου", "Αριθμός μαθητολογίου", "Α.Μ.",
    ),
    "national_id": (
        "State ID", "National ID Number", "Identity Card", "ΑΜΚΑ", "Αριθμός ταυτότητας", "Α.Δ.Τ.",
    ),
    "grade_level": ("Grade", "Grades", "Year Group", "Τάξη"),
    "homeroom": ("Home Room", "Form", "Class", "Registration Group", "Τμήμα"),
    "phone": (
        "Telephone", "Phone Number", "Mobile", "Mobile Phone", "Cell Phone", "sms", "Τηλέφωνο", "Κινητό",
        "Κινητό τηλέφωνο", "Τηλ.",
    ),
    "email": (
        "E-mail", "Email Address", "Secondary Email", "Ηλεκτρονικό ταχυδρομείο", "Ηλ. ταχυδρομείο",
    ),
    "address": ("Home Address", "Street Address", "Διεύθυνση", "Διεύθυνση κατοικίας"),
    "source_system": (),
    "sourced_id": ("SIS ID",),
}  # fmt: skip

_ASIDES: dict[Aside, tuple[str, ...]] = {
    Aside.SCHOOL: ("School SIS ID", "School ID", "orgSourcedIds", "primaryOrgSourcedId", "School", "Σχολείο"),
    Aside.ROLE: ("Role", "User Role", "Ρόλος"),
    Aside.STATUS: ("Status", "Κατάσταση"),
}

_LEFT_OUT = (
    "Username", "User Name", "Login", "enabledUser", "dateLastModified", "userIds", "userMasterIdentifier",
    "agentSourcedIds", "Graduation Year", "A/A", "Α/Α", REASON_HEADING,
)  # fmt: skip

_WHOLE_NAMES = ("Name", "Full Name", "Student Name", "Student", "Ονοματεπώνυμο", "Μαθητής")
_SECRET_PARTS = ("password", "passwd", "passphrase", "passwort", "συνθηματικ", "κωδικοσπροσβασησ")
_SECRET_WHOLE = ("pwd", "pass", "pin")


def folded(heading: str) -> str:
    """A heading without case, accents, spaces and signs, as headings are compared."""
    parts = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(char for char in parts if char.isalnum())


def is_secret(heading: str) -> bool:
    """Whether the column holds passwords, which are never stored nor shown (D10)."""
    key = folded(heading)
    return key in _SECRET_WHOLE or any(part in key for part in _SECRET_PARTS)


def is_left_out(heading: str) -> bool:
    """Whether the column is known, and known to hold nothing that Rollbook keeps."""
    return folded(heading) in _LEFT_OUT_KEYS


def is_whole_name(heading: str) -> bool:
    """Whether the column holds given and family name together, which nothing can part safely."""
    return folded(heading) in _WHOLE_NAME_KEYS


def meaning(heading: str) -> tuple[str, int] | None:
    """The field or aside that a heading names, and its rank: 0 the field's own name, larger is less exact."""
    return _MEANINGS.get(folded(heading))


def _meanings() -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for name in IMPORTED:
        for rank, heading in enumerate((name, *_OTHER_NAMES.get(name, ()))):
            found.setdefault(folded(heading), (name, rank))
    for aside, headings in _ASIDES.items():
        for rank, heading in enumerate(headings):
            found.setdefault(folded(heading), (aside, rank))
    return found


_MEANINGS = _meanings()
_LEFT_OUT_KEYS = frozenset(folded(heading) for heading in _LEFT_OUT)
_WHOLE_NAME_KEYS = frozenset(folded(heading) for heading in _WHOLE_NAMES)
