"""The first tables. Frozen: it says what release 0.1 made, whatever the descriptions say later."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STUDENT = (
    "family_name",
    "given_name",
    "middle_name",
    "preferred_given_name",
    "preferred_family_name",
    "native_name",
    "birth_date",
    "sex",
    "pronouns",
    "nationality",
    "home_language",
    "student_number",
    "national_id",
    "grade_level",
    "homeroom",
    "phone",
    "email",
    "address",
    "source_system",
    "sourced_id",
)


def upgrade() -> None:
    """Make every table."""
    _installation_and_users()
    _schools()
    _tokens()
    _feed()
    _receipts_and_history()
    _students()


def downgrade() -> None:
    """Remove every table."""
    for name in (
        "student",
        "history",
        "receipt",
        "feed",
        "school_feed",
        "refresh_token",
        "sign_in_failure",
        "membership",
        "school",
        "app_user",
        "installation",
    ):
        op.drop_table(name)


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _big(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable, autoincrement=False) for name in names]


def _bytes(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _traces() -> list[sa.Column[Any]]:
    made = _text("created_at", "created_by", "updated_at", "updated_by")
    return [*made, *_text("deleted_at", nullable=True)]


def _installation_and_users() -> None:
    op.create_table(
        "installation", *_text("id"), *_bytes("secret"), *_text("created_at"), _key("installation", "id")
    )
    op.create_table(
        "app_user",
        *_text("id", "name", "folded_name", "password_hash", "created_at"),
        *_text("disabled_at", nullable=True),
        _key("app_user", "id"),
        sa.UniqueConstraint("folded_name", name=op.f("uq_app_user_folded_name")),
    )


def _schools() -> None:
    op.create_table(
        "school",
        *_text("id"),
        *_big("version"),
        *_text("name", "time_zone", "language", nullable=True),
        *_traces(),
        _key("school", "id"),
    )
    op.create_table(
        "membership",
        *_text("user_id", "school_id", "role"),
        sa.Column("position", sa.Integer(), nullable=False),
        _refers("membership", "school_id", "school.id"),
        _refers("membership", "user_id", "app_user.id"),
        _key("membership", "user_id", "school_id"),
    )


def _tokens() -> None:
    op.create_table(
        "sign_in_failure", *_text("id", "key"), *_big("at_seconds"), _key("sign_in_failure", "id")
    )
    op.create_index("ix_sign_in_failure_key_at_seconds", "sign_in_failure", ["key", "at_seconds"])
    op.create_table(
        "refresh_token",
        *_bytes("hash"),
        *_text("user_id", "family", "device"),
        *_big("expires_at_seconds"),
        *_big("used_at_seconds", "revoked_at_seconds", nullable=True),
        _refers("refresh_token", "user_id", "app_user.id"),
        _key("refresh_token", "hash"),
    )
    op.create_index(op.f("ix_refresh_token_family"), "refresh_token", ["family"])


def _feed() -> None:
    op.create_table(
        "school_feed",
        *_text("school_id"),
        *_big("head"),
        _refers("school_feed", "school_id", "school.id"),
        _key("school_feed", "school_id"),
    )
    op.create_table(
        "feed",
        *_text("school_id"),
        *_big("position"),
        *_text("mark", "entity", "entity_id"),
        *_big("version"),
        *_text("payload", "at", "op_id"),
        _refers("feed", "school_id", "school.id"),
        _key("feed", "school_id", "position"),
    )


def _receipts_and_history() -> None:
    op.create_table(
        "receipt",
        *_text("school_id", "owner", "op_id"),
        *_bytes("digest"),
        *_text("entity", "entity_id", "outcome"),
        *_big("version", "position"),
        *_text("merged_fields", "at"),
        _refers("receipt", "owner", "app_user.id"),
        _refers("receipt", "school_id", "school.id"),
        _key("receipt", "school_id", "owner", "op_id"),
    )
    op.create_table(
        "history",
        *_text("school_id", "entity", "entity_id"),
        *_big("version"),
        *_text("kind", "changes", "by", "by_id", "device"),
        *_big("sequence"),
        *_text("op_id", "request_id", "at"),
        _refers("history", "school_id", "school.id"),
        _key("history", "school_id", "entity", "entity_id", "version"),
    )


def _students() -> None:
    op.create_table(
        "student",
        *_text("school_id", "id"),
        *_big("version"),
        *_text(*_STUDENT, nullable=True),
        *_traces(),
        _refers("student", "school_id", "school.id"),
        _key("student", "school_id", "id"),
    )
    live = sa.text("deleted_at IS NULL AND student_number IS NOT NULL")
    op.create_index(
        "uq_student_student_number",
        "student",
        ["school_id", "student_number"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
