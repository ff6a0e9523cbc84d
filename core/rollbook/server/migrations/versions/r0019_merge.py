"""That two records are one person's.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table, empty: nobody is merged yet."""
    needed = ("created_at", "created_by", "updated_at", "updated_by")
    op.create_table(
        "merge",
        sa.Column("school_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, autoincrement=False),
        *(sa.Column(name, sa.Text()) for name in ("kept_id", "merged_id", "taken")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in needed),
        sa.Column("deleted_at", sa.Text()),
        sa.Column("seal", sa.Text(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_merge_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_merge")),
    )
    for name in ("kept_id", "merged_id"):
        op.create_index(f"ix_merge_school_id_{name}", "merge", ["school_id", name])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("merge")
