"""Sessions end with their password."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Number the sessions: with a new password the number goes up, and older tokens end."""
    for table in ("app_user", "refresh_token"):
        op.add_column(table, sa.Column("session_number", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Tokens are as good as their time again."""
    for table in ("app_user", "refresh_token"):
        op.drop_column(table, "session_number")
