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
    "birth_place": QT_TRANSLATE_NOOP("fields", "Place of birth"),
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
    "mobile": QT_TRANSLATE_NOOP("fields", "Mobile phone"),
    "student_id": QT_TRANSLATE_NOOP("fields", "Student"),
    "contact_id": QT_TRANSLATE_NOOP("fields", "Contact"),
    "kept_id": QT_TRANSLATE_NOOP("fields", "Kept"),
    "merged_id": QT_TRANSLATE_NOOP("fields", "Merged into it"),
    "taken": QT_TRANSLATE_NOOP("fields", "Values taken"),
    "relationship": QT_TRANSLATE_NOOP("fields", "Relationship"),
    "custody": QT_TRANSLATE_NOOP("fields", "Has custody"),
    "lives_with": QT_TRANSLATE_NOOP("fields", "Lives with the student"),
    "priority": QT_TRANSLATE_NOOP("fields", "Called in this order"),
    "may_be_called": QT_TRANSLATE_NOOP("fields", "May be called"),
    "may_be_mailed": QT_TRANSLATE_NOOP("fields", "May get mail"),
    "staff_number": QT_TRANSLATE_NOOP("fields", "Staff number"),
    "user_name": QT_TRANSLATE_NOOP("fields", "Signs in as"),
    "medical": QT_TRANSLATE_NOOP("fields", "Health"),
    "support": QT_TRANSLATE_NOOP("fields", "Support"),
    "date": QT_TRANSLATE_NOOP("fields", "Date"),
    "kind": QT_TRANSLATE_NOOP("fields", "Kind"),
    "tone": QT_TRANSLATE_NOOP("fields", "Tone"),
    "text": QT_TRANSLATE_NOOP("fields", "Text"),
    "title": QT_TRANSLATE_NOOP("fields", "Title"),
    "type": QT_TRANSLATE_NOOP("fields", "Type"),
    "parent_id": QT_TRANSLATE_NOOP("fields", "Part of"),
    "start_date": QT_TRANSLATE_NOOP("fields", "From"),
    "end_date": QT_TRANSLATE_NOOP("fields", "Until"),
    "entry_opens": QT_TRANSLATE_NOOP("fields", "Entry opens"),
    "entry_closes": QT_TRANSLATE_NOOP("fields", "Entry closes"),
    "locked": QT_TRANSLATE_NOOP("fields", "Locked"),
    "course_code": QT_TRANSLATE_NOOP("fields", "Course code"),
    "subject": QT_TRANSLATE_NOOP("fields", "Subject"),
    "academic_session_id": QT_TRANSLATE_NOOP("fields", "Term"),
    "class_code": QT_TRANSLATE_NOOP("fields", "Class code"),
    "class_type": QT_TRANSLATE_NOOP("fields", "Kind of class"),
    "course_id": QT_TRANSLATE_NOOP("fields", "Course"),
    "location": QT_TRANSLATE_NOOP("fields", "Room"),
    "capacity": QT_TRANSLATE_NOOP("fields", "Places"),
    "periods": QT_TRANSLATE_NOOP("fields", "Periods"),
    "grade_scale_id": QT_TRANSLATE_NOOP("fields", "Grade scale"),
    "section_id": QT_TRANSLATE_NOOP("fields", "Class"),
    "staff_id": QT_TRANSLATE_NOOP("fields", "Teacher"),
    "is_primary": QT_TRANSLATE_NOOP("fields", "Main teacher"),
    "begin_date": QT_TRANSLATE_NOOP("fields", "From"),
    "school_year_id": QT_TRANSLATE_NOOP("fields", "School year"),
    "entry_date": QT_TRANSLATE_NOOP("fields", "Joined on"),
    "entry_type": QT_TRANSLATE_NOOP("fields", "How they joined"),
    "exit_date": QT_TRANSLATE_NOOP("fields", "Left on"),
    "exit_type": QT_TRANSLATE_NOOP("fields", "How they left"),
    "key": QT_TRANSLATE_NOOP("fields", "Code"),
    "counts_as": QT_TRANSLATE_NOOP("fields", "Counts as"),
    "late": QT_TRANSLATE_NOOP("fields", "Late"),
    "excused": QT_TRANSLATE_NOOP("fields", "Excused"),
    "teacher_may_use": QT_TRANSLATE_NOOP("fields", "Teachers may use it"),
    "needs_reason": QT_TRANSLATE_NOOP("fields", "Needs a reason"),
    "period": QT_TRANSLATE_NOOP("fields", "Period"),
    "teacher_code": QT_TRANSLATE_NOOP("fields", "Teacher's code"),
    "office_code": QT_TRANSLATE_NOOP("fields", "Office's code"),
    "minutes": QT_TRANSLATE_NOOP("fields", "Minutes missed"),
    "reason": QT_TRANSLATE_NOOP("fields", "Reason"),
    "taken_by": QT_TRANSLATE_NOOP("fields", "Taken by"),
    "minimum": QT_TRANSLATE_NOOP("fields", "Lowest mark"),
    "maximum": QT_TRANSLATE_NOOP("fields", "Highest mark"),
    "pass_mark": QT_TRANSLATE_NOOP("fields", "Pass mark"),
    "steps": QT_TRANSLATE_NOOP("fields", "Steps"),
    "weight": QT_TRANSLATE_NOOP("fields", "Weight"),
    "drop_lowest": QT_TRANSLATE_NOOP("fields", "Lowest results left out"),
    "category_id": QT_TRANSLATE_NOOP("fields", "Category"),
    "due_date": QT_TRANSLATE_NOOP("fields", "Due on"),
    "line_item_id": QT_TRANSLATE_NOOP("fields", "Work"),
    "score": QT_TRANSLATE_NOOP("fields", "Mark"),
    "text_score": QT_TRANSLATE_NOOP("fields", "Mark in words"),
    "score_status": QT_TRANSLATE_NOOP("fields", "State of the mark"),
    "missing": QT_TRANSLATE_NOOP("fields", "Missing"),
    "comment": QT_TRANSLATE_NOOP("fields", "Comment"),
    "override": QT_TRANSLATE_NOOP("fields", "Set by hand"),
}

SECTIONS: dict[str, str] = {
    "main": QT_TRANSLATE_NOOP("sections", "Record"),
    "name": QT_TRANSLATE_NOOP("sections", "Name"),
    "person": QT_TRANSLATE_NOOP("sections", "Person"),
    "school": QT_TRANSLATE_NOOP("sections", "At school"),
    "contact": QT_TRANSLATE_NOOP("sections", "Contact"),
    "source": QT_TRANSLATE_NOOP("sections", "Where it came from"),
}

_YES_OR_NO = {
    "yes": QT_TRANSLATE_NOOP("choices", "Yes"),
    "no": QT_TRANSLATE_NOOP("choices", "No"),
}
CHOICES: dict[str, dict[str, str]] = {
    "sex": {
        "female": QT_TRANSLATE_NOOP("choices", "Female"),
        "male": QT_TRANSLATE_NOOP("choices", "Male"),
        "other": QT_TRANSLATE_NOOP("choices", "Other"),
        "unspecified": QT_TRANSLATE_NOOP("choices", "Not specified"),
    },
    "relationship": {
        "mother": QT_TRANSLATE_NOOP("choices", "Mother"),
        "father": QT_TRANSLATE_NOOP("choices", "Father"),
        "parent": QT_TRANSLATE_NOOP("choices", "Parent"),
        "guardian": QT_TRANSLATE_NOOP("choices", "Guardian"),
        "grandparent": QT_TRANSLATE_NOOP("choices", "Grandparent"),
        "aunt": QT_TRANSLATE_NOOP("choices", "Aunt"),
        "uncle": QT_TRANSLATE_NOOP("choices", "Uncle"),
        "sibling": QT_TRANSLATE_NOOP("choices", "Brother or sister"),
        "relative": QT_TRANSLATE_NOOP("choices", "Relative"),
        "foster_parent": QT_TRANSLATE_NOOP("choices", "Foster parent"),
        "other": QT_TRANSLATE_NOOP("choices", "Other"),
    },
    "kind": {
        "general": QT_TRANSLATE_NOOP("choices", "General"),
        "behaviour": QT_TRANSLATE_NOOP("choices", "Behaviour"),
        "learning": QT_TRANSLATE_NOOP("choices", "Learning"),
        "meeting": QT_TRANSLATE_NOOP("choices", "Meeting"),
        "attendance": QT_TRANSLATE_NOOP("choices", "Attendance"),
        "numeric": QT_TRANSLATE_NOOP("choices", "Numbers"),
        "percent": QT_TRANSLATE_NOOP("choices", "Per cent"),
        "letters": QT_TRANSLATE_NOOP("choices", "Letters"),
    },
    "tone": {
        "positive": QT_TRANSLATE_NOOP("choices", "Positive"),
        "concern": QT_TRANSLATE_NOOP("choices", "Concern"),
        "neutral": QT_TRANSLATE_NOOP("choices", "Neutral"),
    },
    "type": {
        "school_year": QT_TRANSLATE_NOOP("choices", "School year"),
        "semester": QT_TRANSLATE_NOOP("choices", "Semester"),
        "term": QT_TRANSLATE_NOOP("choices", "Term"),
        "grading_period": QT_TRANSLATE_NOOP("choices", "Grading period"),
    },
    "class_type": {
        "homeroom": QT_TRANSLATE_NOOP("choices", "Homeroom"),
        "scheduled": QT_TRANSLATE_NOOP("choices", "By timetable"),
    },
    "entry_type": {
        "new": QT_TRANSLATE_NOOP("choices", "New"),
        "transfer": QT_TRANSLATE_NOOP("choices", "From another school"),
        "re_entry": QT_TRANSLATE_NOOP("choices", "Came back"),
        "next_year": QT_TRANSLATE_NOOP("choices", "Moved up"),
        "other": QT_TRANSLATE_NOOP("choices", "Other"),
    },
    "exit_type": {
        "completed": QT_TRANSLATE_NOOP("choices", "Completed"),
        "graduated": QT_TRANSLATE_NOOP("choices", "Graduated"),
        "transferred": QT_TRANSLATE_NOOP("choices", "To another school"),
        "withdrawn": QT_TRANSLATE_NOOP("choices", "Withdrawn"),
        "dropout": QT_TRANSLATE_NOOP("choices", "Dropped out"),
        "expelled": QT_TRANSLATE_NOOP("choices", "Expelled"),
        "no_show": QT_TRANSLATE_NOOP("choices", "Never came"),
        "end_of_year": QT_TRANSLATE_NOOP("choices", "End of the year"),
        "died": QT_TRANSLATE_NOOP("choices", "Died"),
        "other": QT_TRANSLATE_NOOP("choices", "Other"),
    },
    "counts_as": {
        "present": QT_TRANSLATE_NOOP("choices", "Present"),
        "absent": QT_TRANSLATE_NOOP("choices", "Absent"),
        "partial": QT_TRANSLATE_NOOP("choices", "Partly present"),
        "not_expected": QT_TRANSLATE_NOOP("choices", "Not expected"),
    },
    "score_status": {
        "exempt": QT_TRANSLATE_NOOP("choices", "Exempt"),
        "not_submitted": QT_TRANSLATE_NOOP("choices", "Not handed in"),
        "submitted": QT_TRANSLATE_NOOP("choices", "Handed in"),
        "partially_graded": QT_TRANSLATE_NOOP("choices", "Partly marked"),
        "fully_graded": QT_TRANSLATE_NOOP("choices", "Marked"),
    },
    "custody": _YES_OR_NO,
    "lives_with": _YES_OR_NO,
    "may_be_called": _YES_OR_NO,
    "may_be_mailed": _YES_OR_NO,
    "locked": _YES_OR_NO,
    "is_primary": _YES_OR_NO,
    "late": _YES_OR_NO,
    "excused": _YES_OR_NO,
    "teacher_may_use": _YES_OR_NO,
    "needs_reason": _YES_OR_NO,
    "missing": _YES_OR_NO,
    "override": _YES_OR_NO,
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
