"""The school's whole domain: calendar, people, classes, registers, grades. Frozen as of this revision.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Fields by table, in order; ``:int`` is a whole number, all others are text.
_TABLES = {
    "academic_session": (
        "title type parent_id start_date end_date entry_opens entry_closes locked source_system sourced_id"
    ),
    "attendance_code": ("key title counts_as late excused teacher_may_use needs_reason"),
    "grade_scale": ("title kind minimum maximum pass_mark steps source_system sourced_id"),
    "course": ("title course_code subject grade_level academic_session_id source_system sourced_id"),
    "staff": (
        "family_name given_name native_name staff_number email phone user_name source_system sourced_id"
    ),
    "section": (
        "title class_code class_type course_id academic_session_id grade_level location "
        "capacity:int periods grade_scale_id source_system sourced_id"
    ),
    "section_teacher": ("section_id staff_id is_primary"),
    "contact": (
        "family_name given_name native_name phone mobile email address home_language source_system sourced_id"
    ),
    "student_contact": (
        "student_id contact_id relationship custody lives_with priority:int may_be_called may_be_mailed"
    ),
    "enrolment": (
        "student_id school_year_id grade_level entry_date entry_type exit_date exit_type "
        "source_system sourced_id"
    ),
    "care": ("student_id medical support"),
    "section_enrolment": ("section_id student_id begin_date end_date source_system sourced_id"),
    "category": ("section_id title weight drop_lowest:int source_system sourced_id"),
    "line_item": (
        "section_id title category_id academic_session_id due_date maximum weight grade_scale_id "
        "source_system sourced_id"
    ),
    "note": ("student_id date kind tone text"),
    "register_taken": ("section_id date period taken_by"),
    "attendance_mark": ("section_id student_id date period teacher_code office_code minutes:int reason"),
    "result": (
        "line_item_id student_id score text_score score_status late missing comment source_system sourced_id"
    ),
    "final_grade": ("section_id student_id academic_session_id score text_score override reason"),
}
# Whether a value is held once, the table, and the columns of the index behind the school.
_INDEXES = [
    line.split()
    for line in """
plain academic_session source_system sourced_id
plain attendance_code key
unique attendance_code key
plain grade_scale source_system sourced_id
plain course source_system sourced_id
plain staff source_system sourced_id
unique staff staff_number
plain section academic_session_id
plain section source_system sourced_id
plain section_teacher section_id staff_id
plain section_teacher staff_id
plain contact source_system sourced_id
plain student_contact student_id contact_id
plain enrolment school_year_id
plain enrolment student_id entry_date
plain care student_id
plain section_enrolment section_id student_id
plain section_enrolment student_id
plain category section_id
plain category source_system sourced_id
plain line_item section_id
plain line_item source_system sourced_id
plain note student_id
plain register_taken section_id date period
plain attendance_mark section_id student_id date period
plain attendance_mark student_id
plain result line_item_id student_id
plain result student_id
plain final_grade section_id student_id academic_session_id
plain final_grade student_id
""".strip().splitlines()
]


def upgrade() -> None:
    """Make the tables."""
    for name, fields in _TABLES.items():
        _make(name, fields.split())
    for kind, table, *columns in _INDEXES:
        _index(table, columns, unique=kind == "unique")


def downgrade() -> None:
    """Remove them with all that is in them."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _make(name: str, fields: list[str]) -> None:
    op.create_table(
        name,
        _text("school_id"),
        _text("id"),
        sa.Column("version", sa.BigInteger(), nullable=False, autoincrement=False),
        *(_field(field) for field in fields),
        *(_text(trace) for trace in ("created_at", "created_by", "updated_at", "updated_by")),
        sa.Column("deleted_at", sa.Text()),
        sa.Column("seal", sa.Text(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{name}_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f(f"pk_{name}")),
    )


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=False)


def _field(field: str) -> "sa.Column[object]":
    name, _, kind = field.partition(":")
    return sa.Column(name, sa.BigInteger() if kind else sa.Text(), nullable=True)


def _index(table: str, columns: list[str], *, unique: bool) -> None:
    live = sa.text(f"deleted_at IS NULL AND {columns[0]} IS NOT NULL") if unique else None
    plain = "_".join(("ix", table, "school_id", *columns))[:60].rstrip("_")
    op.create_index(
        f"uq_{table}_{columns[0]}" if unique else plain,
        table,
        ["school_id", *columns],
        unique=unique,
        sqlite_where=live,
        postgresql_where=live,
    )
