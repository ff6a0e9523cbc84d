"""Where a student was born.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column that is empty in what was entered before."""
    op.add_column("student", sa.Column("birth_place", sa.Text()))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("student", "birth_place")
