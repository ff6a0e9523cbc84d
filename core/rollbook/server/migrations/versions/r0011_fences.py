"""How often a computer has given up waiting for an answer (S7).

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table."""
    op.create_table(
        "desk_fence",
        sa.Column("school_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["app_user.id"], name=op.f("fk_desk_fence_owner")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_desk_fence_school_id")),
        sa.PrimaryKeyConstraint("school_id", "owner", "device", name=op.f("pk_desk_fence")),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("desk_fence")
