"""Rows of the replica made from what the school sends; the values' JSON is kept as it came (S20)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

import msgspec

from rollbook.contract.feed import Change
from rollbook.contract.snapshot import SnapshotRow
from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.schema.search_text import SORT_FIELDS, search_text, searched_words, sort_name, sorted_by

BOOKKEEPING = ("id", "version", "base", "base_deleted", "deleted", "mark", "sort_name", "search_text")
Row = tuple[Any, ...]
"""Values of :data:`BOOKKEEPING`, then of the entity's fields."""


def settled_row(entity: EntityType, change: Change) -> Row:
    """The row of a record without entries that wait, from a change of the feed."""
    values = change.values or {}
    deleted = int(change.deleted)
    return (
        change.id,
        change.version,
        None if change.values is None else encoded(values),
        deleted,
        deleted,
        "",
        sort_name(values),
        "" if deleted else search_text(entity, values),  # what is archived is not found
        *(values.get(name) for name in entity.names),
    )


def encoded(values: dict[str, Any]) -> str:
    """Values as the base keeps them."""
    return msgspec.json.encode(values).decode()


def decoded(base: str | None) -> dict[str, Any]:
    """The values of a base; none where there is no base."""
    return _values(base) if base else {}


_values = msgspec.json.Decoder(dict[str, Any]).decode


def snapshot_rows(entity_name: str, rows: Sequence[SnapshotRow]) -> list[Row]:
    """The rows of records without entries that wait, from a page of a snapshot.

    Raises :class:`msgspec.MsgspecError` for values that are no object.
    """
    shape = _shape(entity_name)
    decode, in_order, searched, sorted_on = shape.decode, shape.in_order, shape.searched, shape.sorted_on
    made = []
    for row in rows:
        values = in_order(decode(row.values))
        padded = (*values, None)  # for fields that the entity does not have
        deleted = int(row.deleted)
        words = "" if deleted else searched_words(searched(padded))  # what is archived is not found
        base = str(row.values, "utf-8")
        name = sorted_by(*sorted_on(padded))
        made.append((row.id, row.version, base, deleted, deleted, "", name, words, *values))
    return made


@dataclass(frozen=True, slots=True)
class _Shape:
    """How an entity's values are taken apart, found out once: it is done for every record of a school."""

    decode: Callable[[msgspec.Raw], Any]
    in_order: Callable[[Any], tuple[Any, ...]]
    searched: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    sorted_on: Callable[[tuple[Any, ...]], tuple[Any, ...]]


@cache
def _shape(entity_name: str) -> _Shape:
    entity = ENTITIES[entity_name]
    kind = msgspec.defstruct(f"{entity_name}_values", [(name, Any, None) for name in entity.names])
    return _Shape(
        msgspec.json.Decoder(kind).decode,
        msgspec.structs.astuple,
        _picked(entity, entity.searched),
        _picked(entity, SORT_FIELDS),
    )


def _picked(entity: EntityType, names: tuple[str, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Gives the values of ``names`` out of all values and a ``None`` behind them, for no such field."""
    places = [entity.names.index(name) if name in entity.names else -1 for name in names]
    return itemgetter(*places) if len(places) > 1 else itemgetter(-1, *places, -1)
