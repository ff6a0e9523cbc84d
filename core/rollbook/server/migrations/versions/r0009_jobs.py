"""Long work, and what came of it (R11).

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TEXTS = ("key", "kind", "parameters", "scopes", "owner", "request_id", "asked_at", "state")
_EMPTY = ("ended_at", "error", "media_type", "file_name")
_COUNTS = ("done", "total")


def upgrade() -> None:
    """The table."""
    op.create_table(
        "job",
        sa.Column("school_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("worker", sa.Text(), nullable=False, server_default=""),
        sa.Column("lease_until_seconds", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        *(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0") for name in _COUNTS),
        *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in _EMPTY),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["app_user.id"], name=op.f("fk_job_owner")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_job_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_job")),
        sa.UniqueConstraint("school_id", "key", name=op.f("uq_job_school_id_key")),
    )
    op.create_index("ix_job_state", "job", ["state", "asked_at"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_job_state", "job")
    op.drop_table("job")
