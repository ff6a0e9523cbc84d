"""Scopes that change, proposals for the registrar, reports of desks; sessions end with their password."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0001"
branch_labels = None
depends_on = None

_ADDED = (
    ("app_user", "session_number", sa.BigInteger(), "0"),
    ("refresh_token", "session_number", sa.BigInteger(), "0"),
    ("membership", "scope_version", sa.BigInteger(), "0"),
    ("feed", "addressee", sa.Text(), ""),
)


def upgrade() -> None:
    """Add what the rules S23 and S30 need."""
    for table, name, kind, default in _ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
    _proposals()
    _reports()


def downgrade() -> None:
    """Remove it again; proposals that nobody has decided are lost by this."""
    op.drop_table("desk_report")
    op.drop_table("proposal")
    for table, name, _kind, _default in reversed(_ADDED):
        op.drop_column(table, name)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _big(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False) for name in names]


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _proposals() -> None:
    decided = ("decided_by", "decided_by_id", "decided_at", "note")
    op.create_table(
        "proposal",
        *_text("school_id"),
        *_big("number"),
        *_text("owner", "op_id"),
        sa.Column("operation", sa.LargeBinary(), nullable=False),
        *_text("entity", "entity_id", "reason", "device", "request_id", "at", "state"),
        *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in decided),
        _refers("proposal", "owner", "app_user.id"),
        _refers("proposal", "school_id", "school.id"),
        sa.PrimaryKeyConstraint("school_id", "number", name=op.f("pk_proposal")),
        sa.UniqueConstraint("school_id", "owner", "op_id", name=op.f("uq_proposal_school_id_owner_op_id")),
    )


def _reports() -> None:
    op.create_table(
        "desk_report",
        *_text("school_id", "user_id", "device"),
        *_big("waiting", "parked", "conflicts", "oldest_seconds", "synced_seconds_ago"),
        sa.Column("recovers", sa.Integer(), nullable=False),
        *_text("outstanding", "version", "reported_at"),
        *_big("reported_at_seconds"),
        _refers("desk_report", "school_id", "school.id"),
        _refers("desk_report", "user_id", "app_user.id"),
        sa.PrimaryKeyConstraint("school_id", "user_id", "device", name=op.f("pk_desk_report")),
    )
