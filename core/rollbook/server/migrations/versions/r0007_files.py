"""Photos and files (S31).

Revision ID: 0007
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A student's photo, and the chunks of all files."""
    op.add_column("student", sa.Column("photo", sa.Text(), nullable=True))
    op.create_table(
        "file_chunk",
        sa.Column("school_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("unreferenced_since_seconds", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_file_chunk_school_id")),
        sa.PrimaryKeyConstraint("school_id", "sha256", name=op.f("pk_file_chunk")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("file_chunk")
    op.drop_column("student", "photo")
