"""The server's tables. Those of an entity are derived from its description (H1)."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.schema.columns import value_columns

TO_ALL = ""
"""The addressee of what is for every user who may see it."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# Times are ISO 8601 text in UTC, for people; nothing is ordered by them (S29). Durations that security
# needs (tokens, throttling) are kept as seconds since 1970 in *_seconds columns.

installation = Table(
    "installation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
)
app_user = Table(
    "app_user",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("disabled_at", Text),
    # Goes up with each new password; a token that carries another number has ended.
    Column("session_number", BigInteger, nullable=False, server_default="0"),
)
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("at_seconds", BigInteger, nullable=False),
    Index("ix_sign_in_failure_key_at_seconds", "key", "at_seconds"),
)
refresh_token = Table(
    "refresh_token",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("user_id", Text, ForeignKey("app_user.id"), nullable=False),
    Column("family", Text, nullable=False, index=True),
    Column("device", Text, nullable=False),
    Column("expires_at_seconds", BigInteger, nullable=False),
    Column("used_at_seconds", BigInteger),
    Column("revoked_at_seconds", BigInteger),
    Column("session_number", BigInteger, nullable=False, server_default="0"),
)


def _record_table(entity: EntityType, *keys: Column[Any]) -> Table:
    return Table(
        entity.name,
        metadata,
        *keys,
        Column("version", BigInteger, nullable=False),
        *value_columns(entity),
        Column("created_at", Text, nullable=False),
        Column("created_by", Text, nullable=False),
        Column("updated_at", Text, nullable=False),
        Column("updated_by", Text, nullable=False),
        Column("deleted_at", Text),
    )


def _of_a_school(entity: EntityType) -> Table:
    table = _record_table(
        entity,
        Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
        Column("id", Text, primary_key=True),
    )
    table.append_column(Column("seal", Text, nullable=False, server_default=""))
    for spec in entity.fields:
        if spec.unique:
            _unique_while_live(table, spec.name)
    for key in entity.natural_keys:
        Index(_index_name(table, key), table.c.school_id, *(table.c[name] for name in key))
    for spec in entity.references:
        if spec.listed and not any(key[0] == spec.name for key in entity.natural_keys):
            Index(_index_name(table, (spec.name,)), table.c.school_id, table.c[spec.name])
    return table


def _index_name(table: Table, names: tuple[str, ...]) -> str:
    """The same on both databases: PostgreSQL takes 63 letters at most."""
    return "_".join(("ix", table.name, "school_id", *names))[:60].rstrip("_")


def _unique_while_live(table: Table, name: str) -> None:
    live = (table.c.deleted_at.is_(None)) & (table.c[name].is_not(None))
    Index(
        f"uq_{table.name}_{name}",
        table.c.school_id,
        table.c[name],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


school = _record_table(ENTITIES["school"], Column("id", Text, primary_key=True))
record_tables: dict[str, Table] = {
    entity.name: _of_a_school(entity) for entity in ENTITIES.values() if entity.writable
}
student = record_tables["student"]

membership = Table(
    "membership",
    metadata,
    Column("user_id", Text, ForeignKey("app_user.id"), primary_key=True),
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("role", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("scope_version", BigInteger, nullable=False, server_default="0"),  # changes of it so far (S23)
)
school_feed = Table(
    "school_feed",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("head", BigInteger, nullable=False),
    # What lies below is gone (S7): receipts, and changes.
    Column("receipt_horizon", BigInteger, nullable=False, server_default="0"),
    Column("feed_horizon", BigInteger, nullable=False, server_default="0"),
)
feed_day = Table(
    "feed_day",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Text, nullable=False),
    Column("position", BigInteger, nullable=False),  # the head, when the day was written down
)
school_sum = Table(
    "school_sum",  # changed only while the school's counter is held (S21)
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("sum", BigInteger, nullable=False),
)
feed = Table(
    "feed",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("mark", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("op_id", Text, nullable=False),
    Column("addressee", Text, nullable=False, server_default=TO_ALL),  # the user whom alone it is for
)
receipt = Table(
    "receipt",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("owner", Text, ForeignKey("app_user.id"), primary_key=True),
    Column("op_id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("entity", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("merged_fields", Text, nullable=False),
    Column("at", Text, nullable=False),
)
alias = Table(
    "alias",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("alias_id", Text, primary_key=True),
    Column("record_id", Text, nullable=False),  # the record that is meant (D4)
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("op_id", Text, nullable=False),
)
_WORDS = Text().with_variant(Text(collation="C"), "postgresql")  # a range of beginnings is one of bytes
search_word = Table(
    "search_word",  # what live records are found by (D5); written with the record
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("word", _WORDS, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("sort_name", _WORDS, nullable=False),
    Index("ix_search_word_record", "school_id", "record_id"),
)
file_chunk = Table(
    "file_chunk",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("unreferenced_since_seconds", BigInteger),
)
number_series = Table(
    "number_series",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("next", BigInteger, nullable=False),  # the lowest that was never handed out
)
number_hold = Table(
    "number_hold",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("since", Text, nullable=False),
)
number_block = Table(
    "number_block",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digits", Integer, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("device", Text, nullable=False),
    Column("owner", Text, ForeignKey("app_user.id"), nullable=False),
    Column("at", Text, nullable=False),
)
history = Table(
    "history",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("entity_id", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("by_id", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("op_id", "request_id", "at")),
    Column("seal", Text, nullable=False, server_default=""),
    Column("recovered_by", Text),  # whose computer gave it back, after the server was put back (S22)
)
recovery = Table(
    "recovery",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("begun_at", Text, nullable=False),
    Column("begun_by", Text, nullable=False),
    Column("ended_at", Text),
    Column("ended_by", Text),
    Column("ended_head", BigInteger),
)
given_back = Table(
    "given_back",
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("seal", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("before", Text, nullable=False),  # the seal of the nearest earlier version that the desk knew
    Column("payload", Text, nullable=False),  # the version, an encoded contract.feed.Change
    Column("operation", LargeBinary),  # the bytes of its operation, where its owner gave it back
    Column("state", Text, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("user_id", "user_name", "device", "at")),
    Index("ix_given_back_record", "school_id", "entity", "entity_id", "version"),
)
proposal = Table(
    "proposal",  # entries of users who may not write any more, for a registrar to decide (S23)
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("owner", Text, ForeignKey("app_user.id"), nullable=False),
    Column("op_id", Text, nullable=False),
    Column("operation", LargeBinary, nullable=False),  # the frozen bytes, as the desk would have sent them
    Column("entity", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("reason", "device", "request_id", "at", "state")),
    *(
        Column(name, Text, nullable=False, server_default="")
        for name in ("decided_by", "decided_by_id", "decided_at", "note")
    ),
    UniqueConstraint("school_id", "owner", "op_id"),
    Index("ix_proposal_state", "school_id", "state"),
)
job = Table(
    "job",  # long work, and what came of it (R11)
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),  # of what is asked, of which records, for whom
    Column("kind", Text, nullable=False),
    Column("parameters", Text, nullable=False),  # JSON
    Column("scopes", Text, nullable=False),  # JSON: what who asked might see
    Column("owner", Text, ForeignKey("app_user.id"), nullable=False),
    Column("request_id", Text, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("worker", Text, nullable=False, server_default=""),  # who does it, until
    Column("lease_until_seconds", BigInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("done", BigInteger, nullable=False, server_default="0"),
    Column("total", BigInteger, nullable=False, server_default="0"),
    *(
        Column(name, Text, nullable=False, server_default="")
        for name in ("ended_at", "error", "media_type", "file_name")
    ),
    Column("result", LargeBinary),
    UniqueConstraint("school_id", "key"),
    Index("ix_job_state", "state", "asked_at"),
)
audit = Table(
    "audit",  # what was done to accounts, computers and the school
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("school_id", Text, ForeignKey("school.id"), nullable=False),
    *(Column(name, Text, nullable=False) for name in ("at", "by", "what", "subject", "detail", "request_id")),
    Index("ix_audit_school", "school_id", "number"),
)
desk_fence = Table(
    "desk_fence",  # how often a computer has given up waiting for an answer (S7)
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("owner", Text, ForeignKey("app_user.id"), primary_key=True),
    Column("device", Text, primary_key=True),
    Column("fence", BigInteger, nullable=False),
)
desk_report = Table(
    "desk_report",  # what each computer last said of itself (S30)
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("user_id", Text, ForeignKey("app_user.id"), primary_key=True),
    Column("device", Text, primary_key=True),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("waiting", "parked", "conflicts", "oldest_seconds", "synced_seconds_ago")
    ),
    Column("recovers", Integer, nullable=False),
    Column("outstanding", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("reported_at", Text, nullable=False),
    Column("reported_at_seconds", BigInteger, nullable=False),
    Column("computer", Text, nullable=False, server_default=""),
)
erased = Table(
    "erased",  # records that were erased on request, for ever: their ids, and nothing of them (D3)
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("payload", Text, nullable=False),  # as the feed tells it
    Column("person", Integer, nullable=False),  # 1: one of whom others were; 0: a record about one
    Column("scrubbed", Integer, nullable=False),  # 0: bytes may be left in what the database has freed
    Index("ix_erased_scrubbed", "scrubbed"),
)
put_back = Table(
    "put_back",  # a backup was put back, and no computer has noticed yet what was lost (S22)
    metadata,
    Column("school_id", Text, ForeignKey("school.id"), primary_key=True),
    Column("at", Text, nullable=False),
    Column("at_seconds", BigInteger, nullable=False),
)
backup_made = Table(
    "backup_made",  # when the last backup was made (R13)
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("at_seconds", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)
