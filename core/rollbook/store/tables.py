"""Tables of the store. Those of the replica are derived from the domain (H1)."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.schema.columns import value_columns

metadata = MetaData()

SALVAGED = {"salvaged": True}
"""Marks a table that goes into the new store when this one is damaged: no server gives it again (S28)."""

META = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text), info=SALVAGED)

# A new column goes behind the last one: the columns of a damaged file are told by their place (S28).
OPERATION = Table(
    "operation",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("position", Integer, nullable=False),  # a mended entry takes the place of the one it replaces
    Column("op_id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("changes", Text, nullable=False),  # JSON: field -> {"had", "value"}; had is what the person saw
    Column("base_version", Integer),
    Column("payload_version", Integer, nullable=False),
    Column("depends_on", Text, nullable=False, server_default="[]"),
    Column("replaces", Text),
    Column("alias", Text),  # the id of the unsent record that this entry says to be its own (S16, D4)
    Column("carried_by", Text),  # op_id whose bytes carry this edit (S5)
    Column("state", Text, nullable=False),
    Column("uncertain", Integer, nullable=False, server_default="0"),  # the server may have applied it (S3)
    Column("frozen", LargeBinary),  # the bytes, from the first lease on
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("action_id", Text, nullable=False),
    Column("run", Text),
    Column("created_at", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    Column("first_request_id", Text),
    Column("last_request_id", Text),
    Column("problem", Text),
    Column("conflict", Text),
    Column("held_by", Text),
    Column("result_version", Integer),
    Column("merged_fields", Text, nullable=False, server_default="[]"),  # others' meanwhile (S13)
    Column("settled_at", Text),
    Column("first_known", Integer),  # how far this computer knew the feed when the entry was first sent (S7)
    Column("base_seal", Text, nullable=False, server_default=""),  # of the version that the person saw (S22)
    Index("operation_state", "state", "position"),
    Index("operation_record", "entity_id", "position"),
    Index("operation_carrier", "carried_by", sqlite_where=text("carried_by IS NOT NULL")),
    Index("operation_replaces", "replaces", sqlite_where=text("replaces IS NOT NULL")),
    Index("operation_run", "run", sqlite_where=text("run IS NOT NULL")),
    sqlite_autoincrement=True,
    info=SALVAGED,
)

LANE = Table(
    "operation_lane",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("sequence", Integer, ForeignKey("operation.sequence", ondelete="CASCADE"), primary_key=True),
    Index("operation_lane_sequence", "sequence"),
    info=SALVAGED,
)

ALIAS = Table(
    "alias",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("alias_id", Text, primary_key=True),
    Column("record_id", Text, nullable=False),
    info=SALVAGED,
)

FILE_CHUNK = Table(
    "file_chunk",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("used", Integer, nullable=False),  # higher: used later
    Index("file_chunk_used", "used"),
    info=SALVAGED,
)

NUMBER_BLOCK = Table(
    "number_block",
    metadata,
    Column("id", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("block", Text, nullable=False),  # JSON: as the server gave it
    info=SALVAGED,
)

NUMBER = Table(
    "number",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("entity", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("block_id", Text, ForeignKey("number_block.id"), nullable=False),
    Column("used_by", Text),  # the record that it was given to, for good; None while it is free
    Index("number_value", "entity", "field", "value", unique=True),
    Index("number_free", "entity", "field", "used_by", "position"),
    sqlite_autoincrement=True,
    info=SALVAGED,
)

STAGED = Table(
    "staged",
    metadata,
    Column("run", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("edits", Text, nullable=False),  # JSON
    info=SALVAGED,
)

RUN = Table(
    "run",  # many entries saved under one id (D9)
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("details", Text, nullable=False),  # JSON
    Column("undoes", Text, index=True),
    sqlite_autoincrement=True,
    info=SALVAGED,
)

RUN_ROW = Table(
    "run_row",  # what a run did with each row of its file
    metadata,
    Column("run", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("part", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("entity_id", Text),
    Column("op_id", Text),  # of the entry that it made
    Column("problems", Text, nullable=False),  # JSON
    Column("ended", Text, nullable=False, server_default=""),  # how, once its entry is here no more
    Index("run_row_entry", "op_id", sqlite_where=text("op_id IS NOT NULL")),
    info=SALVAGED,
)

IMPORTED = Table(
    "imported",  # what the last import had for each record, as marks (D10)
    metadata,
    Column("entity", Text, primary_key=True),
    Column("entity_id", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("marks", Text, nullable=False),  # JSON
    info=SALVAGED,
)

ATTEMPT = Table(
    "attempt",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("request_id", Text, nullable=False, index=True),
    Column("action_id", Text, index=True),
    Column("method", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("status", Integer),
    Column("outcome", Text, nullable=False),
    Column("error", Text),
    Column("op_ids", Text, nullable=False, server_default="[]"),
)

FILLING = Table(
    "filling",  # a snapshot that is being read in (S20): one row for each entity
    metadata,
    Column("entity", Text, primary_key=True),
    Column("place", Integer, nullable=False),  # the order in which they are read
    Column("rows", Integer, nullable=False),  # how many there were when it began, for progress
    Column("taken", Integer, nullable=False, server_default="0"),
    Column("after", Text, nullable=False, server_default=""),  # the last id that is here
    Column("swept", Integer),  # all are here, and up to this row those that did not come are gone
    Column("done", Integer, nullable=False, server_default="0"),
)

BASE_SUM = Table(
    "base_sum",  # of each table's versions, as the school has them (S21)
    metadata,
    Column("entity", Text, primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("sum", Integer, nullable=False),
)

SCOPE = Table(
    "scope",  # what the user may see and write, once it has changed (S23)
    metadata,
    Column("scope", Text, primary_key=True),  # JSON: the words of domain.scope.as_text
    Column("following", Text, nullable=False),  # held, coming, leaving
    Column("after", Text, nullable=False, server_default=""),  # of one that is coming: the last id here
    info=SALVAGED,
)

DECISION = Table(
    "decision",  # what a registrar decided on entries that were handed over (S23)
    metadata,
    Column("op_id", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("entered_at", Text, nullable=False),
    Column("state", Text, nullable=False),  # accepted, declined
    Column("note", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("read", Integer, nullable=False, server_default="0"),  # a person has read it
    info=SALVAGED,
)


# Versions of records as the school made them, kept for a while: what a server that was put back gets (S22).
KNOWN_VERSION = Table(
    "known_version",
    metadata,
    Column("entity_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("seal", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("op_id", Text, nullable=False),
    Column("change", LargeBinary, nullable=False),  # an encoded contract.feed.Change
    Column("number", Integer, nullable=False),  # in the order in which they came
    Column("kept_at", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=""),
    Index("known_version_number", "number"),
    Index("known_version_seal", "seal"),
    Index("known_version_operation", "op_id"),
    Index("known_version_state", "state", sqlite_where=text("state <> ''")),
    info=SALVAGED,
)


# Records as the school had them before it was put back (S22): what is nowhere else is still here.
SET_ASIDE = Table(
    "set_aside",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("entity_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("base", Text),
    Column("deleted", Integer, nullable=False),
    Column("at", Text, nullable=False),
    info=SALVAGED,
)


# Who was erased at the school, by id alone, for ever: what is put back to before has them again (D3).
ERASED = Table(
    "erased",
    metadata,
    Column("entity_id", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("change", LargeBinary, nullable=False),  # as the school told it, with its seal
    info=SALVAGED,
)


def _replica_table(entity: EntityType) -> Table:
    listed = [spec.name for spec in entity.fields if spec.listed]
    words = ("search_text",) if entity.searched else ()
    return Table(
        entity.name,
        metadata,
        Column("row", Integer, primary_key=True),
        Column("id", Text, nullable=False, unique=True),
        Column("version", Integer),  # of the base; None for what the school does not have yet
        Column("base", Text),  # JSON: the values that the school has, or None
        Column("base_deleted", Integer, nullable=False, server_default="0"),
        Column("deleted", Integer, nullable=False, server_default="0"),
        Column("filled", Integer, nullable=False, server_default="0"),  # the filling that last found it
        Column("mark", Text, nullable=False, server_default=""),
        Column("sort_name", Text, nullable=False, server_default=""),
        Column("search_text", Text, nullable=False, server_default=""),
        *value_columns(entity),
        # A list that is filtered by text is read along this index alone.
        Index(
            f"{entity.name}_sort",
            "deleted",
            "sort_name",
            "row",
            *words,
        ),
        Index(f"{entity.name}_unsent", "deleted", sqlite_where=text("version IS NULL")),
        *(Index(f"{entity.name}_by_{name}", "deleted", name, "sort_name", "row") for name in listed),
    )


REPLICA: dict[str, Table] = {entity.name: _replica_table(entity) for entity in ENTITIES.values()}
SEARCHED = tuple(entity.name for entity in ENTITIES.values() if entity.searched)
"""The tables that have a full-text index (D5)."""
