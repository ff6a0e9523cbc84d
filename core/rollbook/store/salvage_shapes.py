"""Telling of a row whether it is one of ours, whole, and of which table: by what it holds (S28)."""

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Integer, LargeBinary, Table, Text

from rollbook.contract.erasure import entity_erased
from rollbook.contract.feed import Change
from rollbook.contract.numbers import NumberBlock
from rollbook.domain.files import hash_of
from rollbook.domain.registry import ENTITIES
from rollbook.store.salvaged import Row
from rollbook.store.tables import LANE, META, OPERATION

_ID = re.compile(r"[0-9a-fA-F-]{32,36}")
_NAMING = ("op_id", "kind", "entity", "entity_id", "state")
_FOLLOWED = ("held", "coming", "leaving")
KEPT_FACTS = (
    "notices",
    "recovery",
    "scope_version",
    "scope_role",
    "scope_told",
    "known_row",
    "fence",
    "give_files_back",
)
"""What single facts of the old store hold in the new one; all others are found out anew."""


def is_credible(table: Table, row: Row) -> bool:
    """Whether a row that SQLite reads as one of the table holds what we would have written there."""
    if table is OPERATION or table is LANE:
        return True  # what cannot be read of an entry is parked, with all that it holds
    return table is META or _fits(table, row)


def could_be(table: Table, row: Row) -> bool:
    """Whether a row of unknown origin is one of the table."""
    if table is OPERATION:
        texts = all(isinstance(row.get(name), str) for name in _NAMING)
        return texts and bool(_ID.fullmatch(row["op_id"]))
    if table is LANE:
        return False  # too little to tell it by; lanes follow from the entries
    return _fits(table, row)


def _fits(table: Table, row: Row) -> bool:
    if not all(_is_typed(column, row.get(column.name)) for column in table.columns):
        return False
    try:
        return _HOLDS[table.name](row)
    except (ValueError, TypeError, KeyError, msgspec.MsgspecError):
        return False


def _is_typed(column: Any, value: Any) -> bool:
    if value is None:
        return column.nullable or column.server_default is not None
    kinds: dict[type, type | tuple[type, ...]] = {Text: str, Integer: int, LargeBinary: bytes}
    return isinstance(value, kinds.get(type(column.type), object))


def _is_block(row: Row) -> bool:
    return bool(msgspec.json.decode(row["block"], type=NumberBlock).id == row["id"])


def _is_version(row: Row) -> bool:
    change = msgspec.json.decode(row["change"], type=Change)
    return (change.seal, change.id, change.version) == (row["seal"], row["entity_id"], row["version"])


def _is_erased(row: Row) -> bool:
    told = msgspec.json.decode(row["change"], type=Change)
    return (told.id, entity_erased(told)) == (row["entity_id"], row["entity"])


def _is_alias(row: Row) -> bool:
    return row["entity"] in ENTITIES and all(_ID.fullmatch(row[name]) for name in ("alias_id", "record_id"))


def _is_scope(row: Row) -> bool:
    return row["following"] in _FOLLOWED and isinstance(json.loads(row["scope"]), list)


def _is_record(row: Row) -> bool:
    return row["entity"] in ENTITIES and (row["base"] is None or isinstance(json.loads(row["base"]), dict))


_HOLDS: dict[str, Callable[[Row], bool]] = {
    "alias": _is_alias,
    "decision": lambda row: row["state"] in ("accepted", "declined") and bool(_ID.fullmatch(row["op_id"])),
    "erased": _is_erased,
    "file_chunk": lambda row: hash_of(row["content"]) == row["sha256"],
    "known_version": _is_version,
    "meta": lambda row: row["name"] in KEPT_FACTS,
    "number": lambda row: row["entity"] in ENTITIES and row["field"] in ENTITIES[row["entity"]].names,
    "number_block": _is_block,
    "scope": _is_scope,
    "set_aside": _is_record,
    "staged": lambda row: isinstance(json.loads(row["edits"]), list),
}
