"""Proposals are found by their state: each pull of who decides them counts those that are open (S23).

Revision ID: 0008
Revises: 0003
"""

from alembic import op

revision = "0008"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The index."""
    op.create_index("ix_proposal_state", "proposal", ["school_id", "state"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_proposal_state", "proposal")
