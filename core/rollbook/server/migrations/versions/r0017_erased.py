"""Records that were erased on request (D3).

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table."""
    op.create_table(
        "erased",
        sa.Column("school_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("person", sa.Integer(), nullable=False),
        sa.Column("scrubbed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_erased_school_id")),
        sa.PrimaryKeyConstraint("school_id", "record_id", name=op.f("pk_erased")),
    )
    op.create_index("ix_erased_scrubbed", "erased", ["scrubbed"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_erased_scrubbed", "erased")
    op.drop_table("erased")
