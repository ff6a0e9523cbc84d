"""The words by which records are found, those of the records that are there among them.

Revision ID: 0018
Revises: 0017
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

from rollbook.schema.search_text import searched_words, sorted_by

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_IN_ONE_STATEMENT = 5_000
_LONGEST_WORD = 60
_SORTED_BY = ("family_name", "native_name", "name", "title", "given_name")
_PERSON = ("family_name", "given_name", "native_name")
_SEARCHED: dict[str, tuple[str, ...]] = {
    "academic_session": ("title",),
    "attendance_code": ("key", "title"),
    "grade_scale": ("title",),
    "course": ("title", "course_code", "subject"),
    "staff": (*_PERSON, "staff_number"),
    "section": ("title", "class_code"),
    "student": (
        *("family_name", "given_name", "middle_name", "preferred_given_name", "preferred_family_name"),
        *("native_name", "student_number", "phone"),
    ),
    "contact": (*_PERSON, "phone", "mobile", "email"),
    "category": ("title",),
    "line_item": ("title",),
}


def upgrade() -> None:
    """The table, and its rows."""
    kept = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    table = op.create_table(
        "search_word",
        sa.Column("school_id", sa.Text(), nullable=False),
        sa.Column("word", kept, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("sort_name", kept, nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_search_word_school_id")),
        sa.PrimaryKeyConstraint("school_id", "word", "entity", "record_id", name=op.f("pk_search_word")),
    )
    for name, searched in _SEARCHED.items():
        rows = _rows(name, searched)
        while part := list(islice(rows, _IN_ONE_STATEMENT)):
            op.bulk_insert(table, part)
    op.create_index("ix_search_word_record", "search_word", ["school_id", "record_id"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_search_word_record", "search_word")
    op.drop_table("search_word")


def _rows(name: str, searched: Sequence[str]) -> Iterator[dict[str, Any]]:
    table = sa.table(name, *(sa.column(each) for each in ("school_id", "id", "deleted_at", *searched)))
    for row in op.get_bind().execute(sa.select(table).where(table.c.deleted_at.is_(None))).mappings().all():
        sort = sorted_by(*(row.get(each) for each in _SORTED_BY))
        words = searched_words(row[each] for each in searched).split()
        for word in sorted({each[:_LONGEST_WORD] for each in words}):
            yield {
                "school_id": row["school_id"],
                "word": word,
                "entity": name,
                "record_id": row["id"],
                "sort_name": sort,
            }
