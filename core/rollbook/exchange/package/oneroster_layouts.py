"""OneRoster 1.1 and 1.2: its files as records here (D11). Facts of the standard's CSV binding."""

from rollbook.exchange.package.layout import FILLED, MORE, YES_NO_WORDS, Columns, Format, Layout, UsedBy

STUDENT_ROLES = frozenset({"student"})
CONTACT_ROLES = frozenset({"parent", "guardian", "relative"})
STAFF_ROLES = frozenset(
    {
        "teacher", "aide", "administrator", "counselor", "principal", "proctor", "districtadministrator",
        "siteadministrator", "systemadministrator",
    }
)  # fmt: skip
TEACHING_ROLES = STAFF_ROLES
SESSION_TYPES = {
    "schoolYear": "school_year",
    "semester": "semester",
    "term": "term",
    "gradingPeriod": "grading_period",
}
SCORE_STATUSES = {
    "exempt": "exempt",
    "fully graded": "fully_graded",
    "not submitted": "not_submitted",
    "partially graded": "partially_graded",
    "submitted": "submitted",
}
_NAMES: Columns = (("givenName", "given_name"), ("familyName", "family_name"))


def more(*fields: str) -> Columns:
    """The columns of fields that OneRoster has no place for."""
    return tuple((MORE + name, name) for name in fields)


SESSIONS = Layout(
    "academicSessions",
    "academic_session",
    (
        ("title", "title"), ("type", "type"), ("startDate", "start_date"), ("endDate", "end_date"),
        ("parentSourcedId", "parent_id"), *more("entry_opens", "entry_closes", "locked"),
    ),
    words={"type": SESSION_TYPES},
)  # fmt: skip
COURSES = Layout(
    "courses",
    "course",
    (
        ("schoolYearSourcedId", "academic_session_id"), ("title", "title"), ("courseCode", "course_code"),
        ("grades", "grade_level"), ("subjects", "subject"),
    ),
)  # fmt: skip
CLASSES = Layout(
    "classes",
    "section",
    (
        ("title", "title"), ("grades", "grade_level"), ("courseSourcedId", "course_id"),
        ("classCode", "class_code"), ("classType", "class_type"), ("location", "location"),
        ("termSourcedIds", "academic_session_id"), ("periods", "periods"), *more("capacity"),
    ),
)  # fmt: skip
STUDENTS = Layout(
    "users",
    "student",
    (
        *_NAMES, ("middleName", "middle_name"), ("preferredGivenName", "preferred_given_name"),
        ("preferredFamilyName", "preferred_family_name"), ("identifier", "student_number"),
        ("email", "email"), ("phone", "phone"), ("sms", "phone"), ("grades", "grade_level"),
        ("pronouns", "pronouns"),
        *more("native_name", "nationality", "home_language", "national_id", "homeroom", "address"),
    ),
    roles=STUDENT_ROLES,
)  # fmt: skip
CONTACTS = Layout(
    "users",
    "contact",
    (
        *_NAMES, ("email", "email"), ("phone", "phone"), ("sms", "mobile"),
        *more("native_name", "address", "home_language"),
    ),
    roles=CONTACT_ROLES,
)  # fmt: skip
STAFF = Layout(
    "users",
    "staff",
    (
        *_NAMES, ("identifier", "staff_number"), ("email", "email"), ("phone", "phone"), ("sms", "phone"),
        ("username", "user_name"), *more("native_name"),
    ),
    roles=STAFF_ROLES,
)  # fmt: skip
GUARDIANS = Layout(
    "users",
    "student_contact",
    (("sourcedId", "student_id"), ("agentSourcedIds", "contact_id")),
    key=(),
    roles=STUDENT_ROLES,
    each_of="agentSourcedIds",
    only_new=frozenset({"relationship"}),
    role_gives=("contact_id", "relationship"),
)
WARDS = Layout(
    "users",
    "student_contact",
    (("sourcedId", "contact_id"), ("agentSourcedIds", "student_id")),
    key=(),
    roles=CONTACT_ROLES,
    each_of="agentSourcedIds",
    only_new=frozenset({"relationship"}),
    role_gives=("contact_id", "relationship"),
)
DEMOGRAPHICS = Layout(
    "demographics",
    "student",
    (("birthDate", "birth_date"), ("sex", "sex"), ("cityOfBirth", "birth_place")),
    supplements=True,
)
SPELLS = Layout(
    "roles",
    "enrolment",
    (
        ("userSourcedId", "student_id"), ("beginDate", "entry_date"), ("endDate", "exit_date"),
        *more("school_year_id", "grade_level", "entry_type", "exit_type"),
    ),
    roles=STUDENT_ROLES,
    needs="beginDate",
)  # fmt: skip
MEMBERS = Layout(
    "enrollments",
    "section_enrolment",
    (
        ("classSourcedId", "section_id"), ("userSourcedId", "student_id"), ("beginDate", "begin_date"),
        ("endDate", "end_date"),
    ),
    roles=STUDENT_ROLES,
)  # fmt: skip
TEACHERS = Layout(
    "enrollments",
    "section_teacher",
    (("classSourcedId", "section_id"), ("userSourcedId", "staff_id"), ("primary", "is_primary")),
    words={"is_primary": YES_NO_WORDS},
    roles=TEACHING_ROLES,
)
CATEGORIES = Layout(
    "categories",
    "category",
    (("title", "title"), ("weight", "weight"), *more("drop_lowest", "section_id")),
    used_by=UsedBy("lineItems", "categorySourcedId", "classSourcedId", "section_id"),
)
_ITEM: Columns = (
    ("title", "title"), ("classSourcedId", "section_id"), ("categorySourcedId", "category_id"),
    ("dueDate", "due_date"), ("resultValueMax", "maximum"), *more("weight"),
)  # fmt: skip
LINE_ITEMS = Layout(
    "lineItems",
    "line_item",
    (
        *_ITEM, ("academicSessionSourcedId", "academic_session_id"),
        ("gradingPeriodSourcedId", "academic_session_id"),
    ),
    within={"category_id": "section_id"},
)  # fmt: skip
RESULTS = Layout(
    "results",
    "result",
    (
        ("lineItemSourcedId", "line_item_id"), ("studentSourcedId", "student_id"), ("score", "score"),
        ("textScore", "text_score"), ("scoreStatus", "score_status"), ("comment", "comment"),
        ("late", "late"), ("missing", "missing"),
    ),
    words={"score_status": SCORE_STATUSES, "late": YES_NO_WORDS, "missing": YES_NO_WORDS},
)  # fmt: skip

ONEROSTER = Format(
    "OneRoster",
    "oneroster",
    (
        SESSIONS, COURSES, CLASSES, STUDENTS, CONTACTS, STAFF, GUARDIANS, WARDS, DEMOGRAPHICS, SPELLS,
        MEMBERS, TEACHERS, CATEGORIES, LINE_ITEMS, RESULTS,
    ),
    school_columns=("orgSourcedIds", "orgSourcedId", "schoolSourcedId"),
    roles="roles",
    derived=frozenset(
        {
            "sourcedId", "status", "dateLastModified", "role", "roleType", "orgSourcedIds", "orgSourcedId",
            "schoolSourcedId", "primaryOrgSourcedId", "agentSourcedIds", "schoolYear", "enabledUser",
            "userSourcedId", "userProfileSourcedId", "classSourcedId", "resultValueMin", FILLED,
        }
    ),
)  # fmt: skip
