"""Blocks of numbers, aliases, and records found by their natural key (S16, D4).

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the index by which a natural key is found."""
    op.create_index(
        op.f("ix_student_school_id_source_system_sourced_id"),
        "student",
        ["school_id", "source_system", "sourced_id"],
    )
    op.create_table(
        "alias",
        *_text("school_id", "entity", "alias_id", "record_id", "by", "at", "op_id"),
        _refers("alias", "school_id", "school.id"),
        sa.PrimaryKeyConstraint("school_id", "entity", "alias_id", name=op.f("pk_alias")),
    )
    op.create_table(
        "number_series",
        *_text("school_id", "entity", "field"),
        sa.Column("next", sa.BigInteger(), nullable=False),
        _refers("number_series", "school_id", "school.id"),
        sa.PrimaryKeyConstraint("school_id", "entity", "field", name=op.f("pk_number_series")),
    )
    op.create_table(
        "number_hold",
        *_text("school_id", "since"),
        _refers("number_hold", "school_id", "school.id"),
        sa.PrimaryKeyConstraint("school_id", name=op.f("pk_number_hold")),
    )
    op.create_table(
        "number_block",
        *_text("school_id", "id", "entity", "field", "prefix"),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        *_text("device", "owner", "at"),
        _refers("number_block", "school_id", "school.id"),
        _refers("number_block", "owner", "app_user.id"),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_number_block")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("number_block")
    op.drop_table("number_hold")
    op.drop_table("number_series")
    op.drop_table("alias")
    op.drop_index(op.f("ix_student_school_id_source_system_sourced_id"), "student")


def _text(*names: str) -> list["sa.Column[str]"]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))
