"""Sums of each table's versions (S21), and how far back feed and receipts go (S7)."""

from hashlib import blake2b

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0007"
branch_labels = None
depends_on = None

_MASK = 2**62 - 1


def upgrade() -> None:
    """Add both, and the sums of the records that are there."""
    for name in ("receipt_horizon", "feed_horizon"):
        op.add_column("school_feed", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "feed_day",
        sa.Column("school_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_feed_day_school_id")),
        sa.PrimaryKeyConstraint("school_id", "number", name=op.f("pk_feed_day")),
    )
    op.create_table(
        "school_sum",
        sa.Column("school_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("sum", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_school_sum_school_id")),
        sa.PrimaryKeyConstraint("school_id", "entity", name=op.f("pk_school_sum")),
    )
    _count("school", "SELECT id, id, version FROM school")
    _count("student", "SELECT school_id, id, version FROM student")


def downgrade() -> None:
    """Without them, as before."""
    op.drop_table("school_sum")
    op.drop_table("feed_day")
    for name in ("feed_horizon", "receipt_horizon"):
        op.drop_column("school_feed", name)


def _count(entity: str, query: str) -> None:
    connection = op.get_bind()
    found: dict[str, list[int]] = {}
    for school_id, record_id, version in connection.execute(sa.text(query)):
        digest = blake2b(f"{record_id} {version}".encode(), digest_size=8).digest()
        kept = found.setdefault(school_id, [0, 0])
        kept[0] += 1
        kept[1] = (kept[1] + int.from_bytes(digest, "big")) & _MASK
    for school_id, (rows, total) in found.items():
        connection.execute(
            sa.text(
                "INSERT INTO school_sum (school_id, entity, rows, sum) VALUES (:id, :entity, :rows, :sum)"
            ),
            {"id": school_id, "entity": entity, "rows": rows, "sum": total},
        )
