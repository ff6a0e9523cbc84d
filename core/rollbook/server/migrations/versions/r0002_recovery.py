"""What desks give back after the server was put back (S22): seals of versions, and who gave back what."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Seals, and the tables of a recovery."""
    for table in ("student", "history"):
        op.add_column(table, sa.Column("seal", sa.Text(), nullable=False, server_default=""))
    op.add_column("history", sa.Column("recovered_by", sa.Text(), nullable=True))
    _recovery()
    _given_back()


def downgrade() -> None:
    """Without them, as before."""
    op.drop_table("given_back")
    op.drop_table("recovery")
    op.drop_column("history", "recovered_by")
    for table in ("history", "student"):
        op.drop_column(table, "seal")


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _school(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{table}_school_id"))


def _recovery() -> None:
    op.create_table(
        "recovery",
        *_text("school_id", "id", "begun_at", "begun_by"),
        *_text("ended_at", "ended_by", nullable=True),
        sa.Column("ended_head", sa.BigInteger(), nullable=True),
        _school("recovery"),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_recovery")),
    )


def _given_back() -> None:
    op.create_table(
        "given_back",
        *_text("school_id", "seal", "entity", "entity_id"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_text("before", "payload"),
        sa.Column("operation", sa.LargeBinary(), nullable=True),
        *_text("state", "user_id", "user_name", "device", "at"),
        _school("given_back"),
        sa.PrimaryKeyConstraint("school_id", "seal", name=op.f("pk_given_back")),
    )
    op.create_index("ix_given_back_record", "given_back", ["school_id", "entity", "entity_id", "version"])
