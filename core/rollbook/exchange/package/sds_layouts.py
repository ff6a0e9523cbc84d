"""School Data Sync: its files of version 1, and of 2.1, as records here (D8)."""

from dataclasses import replace

from rollbook.exchange.package import oneroster_layouts as oneroster
from rollbook.exchange.package.layout import YES_NO_WORDS, Columns, Format, Layout

_NAMES: Columns = (("First Name", "given_name"), ("Last Name", "family_name"))
_ID = ("SIS ID",)
_RELATIONSHIPS = {
    "Parent": "parent", "Relative": "relative", "Guardian": "guardian", "Other": "other", "Aide": "other",
    "Doctor": "other", "Child": "other", "Administrator": "other",
}  # fmt: skip

SDS_V1 = Format(
    "School Data Sync",
    "sds",
    (
        Layout(
            "Section",
            "academic_session",
            (("Term Name", "title"), ("Term StartDate", "start_date"), ("Term EndDate", "end_date")),
            key=("Term SIS ID",),
            embedded=True,
            given={"type": "term"},
        ),
        Layout(
            "Section",
            "course",
            (("Course Name", "title"), ("Course Number", "course_code"), ("Course Subject", "subject")),
            key=("Course SIS ID",),
            embedded=True,
        ),
        Layout(
            "Section",
            "section",
            (
                ("Section Name", "title"), ("Section Number", "class_code"), ("Course SIS ID", "course_id"),
                ("Term SIS ID", "academic_session_id"), ("Periods", "periods"),
            ),
            key=_ID,
        ),
        Layout(
            "Student",
            "student",
            (
                *_NAMES, ("Middle Name", "middle_name"), ("Secondary Email", "email"),
                ("Student Number", "student_number"), ("Grade", "grade_level"), ("Birthdate", "birth_date"),
                ("State ID", "national_id"),
            ),
            key=_ID,
        ),
        Layout(
            "Teacher",
            "staff",
            (
                *_NAMES, ("Teacher Number", "staff_number"), ("Secondary Email", "email"),
                ("Username", "user_name"),
            ),
            key=_ID,
        ),
        Layout(
            "User",
            "contact",
            (*_NAMES, ("Email", "email"), ("Phone", "phone")),
            key=("Email",),
        ),
        Layout(
            "GuardianRelationship",
            "student_contact",
            (("SIS ID", "student_id"), ("Email", "contact_id"), ("Role", "relationship")),
            key=(),
            words={"relationship": _RELATIONSHIPS},
        ),
        Layout(
            "StudentEnrollment",
            "section_enrolment",
            (("Section SIS ID", "section_id"), ("SIS ID", "student_id")),
            key=("Section SIS ID", "SIS ID"),
        ),
        Layout(
            "TeacherRoster",
            "section_teacher",
            (("Section SIS ID", "section_id"), ("SIS ID", "staff_id")),
            key=(),
        ),
    ),
    schools="School",
    school_name="Name",
    school_key="SIS ID",
    school_columns=("School SIS ID",),
    derived=frozenset({"SIS ID", "School SIS ID", "Status", "Role"}),
    month_first=True,
)  # fmt: skip

SDS_V21 = Format(
    "School Data Sync 2.1",
    "sds",
    (
        oneroster.SESSIONS,
        replace(
            oneroster.COURSES,
            columns=(
                ("title", "title"), ("code", "course_code"), ("grade", "grade_level"), ("subject", "subject"),
                ("schoolYearSourcedId", "academic_session_id"),
            ),
        ),
        replace(
            oneroster.CLASSES,
            columns=(
                ("title", "title"), ("code", "class_code"), ("courseSourcedId", "course_id"),
                ("sessionSourcedIds", "academic_session_id"),
            ),
        ),
        oneroster.STUDENTS,
        oneroster.CONTACTS,
        oneroster.STAFF,
        Layout(
            "relationships",
            "student_contact",
            (
                ("userSourcedId", "student_id"), ("relationshipUserSourcedId", "contact_id"),
                ("relationshipRole", "relationship"),
            ),
            key=(),
            words={"relationship": {"parent": "parent", "guardian": "guardian", "relative": "relative"}},
        ),
        oneroster.DEMOGRAPHICS,
        replace(
            oneroster.MEMBERS,
            columns=(("classSourcedId", "section_id"), ("userSourcedId", "student_id")),
            key=("classSourcedId", "userSourcedId"),
        ),
        replace(
            oneroster.TEACHERS,
            columns=(
                ("classSourcedId", "section_id"), ("userSourcedId", "staff_id"), ("isPrimary", "is_primary"),
            ),
            key=(),
            words={"is_primary": YES_NO_WORDS},
        ),
    ),
    school_columns=("orgSourcedId",),
    roles="roles",
    derived=oneroster.ONEROSTER.derived,
)  # fmt: skip
