"""What fields, sections and choices are called on the screen. Keyed by the names of the domain (H1)."""

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:
    """Mark ``text`` for the translators; it is translated where it is shown. Qt's own is not typed."""
    return text


FIELDS: dict[str, str] = {
    "family_name": QT_TRANSLATE_NOOP("fields", "Family name"),
    "given_name": QT_TRANSLATE_NOOP("fields", "Given name"),
    "middle_name": QT_TRANSLATE_NOOP("fields", "Middle name"),
    "preferred_given_name": QT_TRANSLATE_NOOP("fields", "Preferred given name"),
    "preferred_family_name": QT_TRANSLATE_NOOP("fields", "Preferred family name"),
    "native_name": QT_TRANSLATE_NOOP("fields", "Name in its own script"),
    "birth_date": QT_TRANSLATE_NOOP("fields", "Date of birth"),
    "sex": QT_TRANSLATE_NOOP("fields", "Sex"),
    "pronouns": QT_TRANSLATE_NOOP("fields", "Pronouns"),
    "nationality": QT_TRANSLATE_NOOP("fields", "Nationality"),
    "home_language": QT_TRANSLATE_NOOP("fields", "Language at home"),
    "photo": QT_TRANSLATE_NOOP("fields", "Photo"),
    "student_number": QT_TRANSLATE_NOOP("fields", "Student number"),
    "national_id": QT_TRANSLATE_NOOP("fields", "National ID"),
    "grade_level": QT_TRANSLATE_NOOP("fields", "Grade"),
    "homeroom": QT_TRANSLATE_NOOP("fields", "Class"),
    "phone": QT_TRANSLATE_NOOP("fields", "Phone"),
    "email": QT_TRANSLATE_NOOP("fields", "E-mail"),
    "address": QT_TRANSLATE_NOOP("fields", "Address"),
    "source_system": QT_TRANSLATE_NOOP("fields", "Imported from"),
    "sourced_id": QT_TRANSLATE_NOOP("fields", "ID there"),
    "name": QT_TRANSLATE_NOOP("fields", "Name"),
    "time_zone": QT_TRANSLATE_NOOP("fields", "Time zone"),
    "language": QT_TRANSLATE_NOOP("fields", "Language"),
}

SECTIONS: dict[str, str] = {
    "main": QT_TRANSLATE_NOOP("sections", "Record"),
    "name": QT_TRANSLATE_NOOP("sections", "Name"),
    "person": QT_TRANSLATE_NOOP("sections", "Person"),
    "school": QT_TRANSLATE_NOOP("sections", "At school"),
    "contact": QT_TRANSLATE_NOOP("sections", "Contact"),
    "source": QT_TRANSLATE_NOOP("sections", "Where it came from"),
}

CHOICES: dict[str, dict[str, str]] = {
    "sex": {
        "female": QT_TRANSLATE_NOOP("choices", "Female"),
        "male": QT_TRANSLATE_NOOP("choices", "Male"),
        "other": QT_TRANSLATE_NOOP("choices", "Other"),
        "unspecified": QT_TRANSLATE_NOOP("choices", "Not specified"),
    },
}

MARKS: dict[str, str] = {
    "waiting": QT_TRANSLATE_NOOP("marks", "Waiting"),
    "parked": QT_TRANSLATE_NOOP("marks", "Needs you"),
    "conflict": QT_TRANSLATE_NOOP("marks", "Conflict"),
}

ENTRY_STATES: dict[str, str] = {
    "queued": QT_TRANSLATE_NOOP("states", "Waiting to be sent"),
    "sending": QT_TRANSLATE_NOOP("states", "Being sent"),
    "unknown": QT_TRANSLATE_NOOP("states", "Sent; the answer was cut off"),
    "failed": QT_TRANSLATE_NOOP("states", "Failed for now; tried again by itself"),
    "parked": QT_TRANSLATE_NOOP("states", "Refused by the school; needs you"),
    "conflict": QT_TRANSLATE_NOOP("states", "In conflict with the school; needs you"),
    "giving_back": QT_TRANSLATE_NOOP("states", "The school lost it and gets it back"),
    "handed_over": QT_TRANSLATE_NOOP("states", "Handed to the registrar, who decides"),
    "declined": QT_TRANSLATE_NOOP("states", "Declined by the registrar"),
    "applied": QT_TRANSLATE_NOOP("states", "Saved at the school"),
}

ROLES: dict[str, str] = {
    "administrator": QT_TRANSLATE_NOOP("roles", "Administrator"),
    "registrar": QT_TRANSLATE_NOOP("roles", "Registrar"),
    "teacher": QT_TRANSLATE_NOOP("roles", "Teacher"),
    "viewer": QT_TRANSLATE_NOOP("roles", "Viewer"),
    "support": QT_TRANSLATE_NOOP("roles", "Support"),
}


def field_label(name: str) -> str:
    """The label of a field."""
    return translate("fields", FIELDS[name]) if name in FIELDS else name


def section_label(name: str) -> str:
    """The heading of a section of a form."""
    return translate("sections", SECTIONS[name]) if name in SECTIONS else name


def choice_label(field: str, value: str) -> str:
    """What a value of a choice is called; the empty one stands for not known."""
    if not value:
        return translate("choices", "Not given")
    words = CHOICES.get(field, {}).get(value)
    return translate("choices", words) if words else value


def mark_label(mark: str) -> str:
    """The text of a record's mark (W5)."""
    return translate("marks", MARKS[mark]) if mark in MARKS else ""


def state_label(state: str) -> str:
    """The state of an entry in plain words (W6)."""
    return translate("states", ENTRY_STATES[state]) if state in ENTRY_STATES else state


def role_label(role: str) -> str:
    """What a role is called."""
    return translate("roles", ROLES[role]) if role in ROLES else role


def value_text(field: str, value: object) -> str:
    """A value as people read it."""
    if value in (None, ""):
        return translate("values", "nothing")
    return choice_label(field, str(value)) if field in CHOICES else str(value)
