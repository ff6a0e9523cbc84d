"""That a backup was put back, until a computer notices what was lost (S22).

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table, where ``restore`` has not made it in the backup of an earlier release."""
    if sa.inspect(op.get_bind()).has_table("put_back"):
        return
    op.create_table(
        "put_back",
        sa.Column("school_id", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("at_seconds", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_put_back_school_id")),
        sa.PrimaryKeyConstraint("school_id", name=op.f("pk_put_back")),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("put_back")
