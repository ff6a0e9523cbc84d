"""Erasure on request (D3): what the feed tells of it, and what an administrator asks and is told."""

from typing import Annotated

import msgspec

from rollbook.contract.feed import Change

ERASED = "erased"
"""The entity's name under which the feed tells an erasure; a program that does not know it passes it over.

It tells the ids, by whom and when, and nothing of what was erased. It stands where versions of the record
stood in the feed, and once more at its head.
"""
MAX_ERASED = 2_000
MAX_REASON = 500


class RecordName(msgspec.Struct, frozen=True):
    """A record by its entity and id."""

    entity: str
    id: str


class NamedPerson(msgspec.Struct, frozen=True):
    """A person, with what they are called."""

    entity: str
    id: str
    label: str


class ErasurePreview(msgspec.Struct, frozen=True):
    """What would go: the number of records by entity, of files, and of entries with the registrar.

    ``left_alone`` are people who are kept for this one's sake alone: who asks says whether they go, too.
    """

    person: NamedPerson
    records: dict[str, int]
    files: int
    proposals: int
    left_alone: list[NamedPerson] = []


class ErasureAsked(msgspec.Struct, frozen=True):
    """Who would be erased, and who with them."""

    person: RecordName
    also: list[RecordName] = []


class ErasureRequest(msgspec.Struct, frozen=True):
    """``confirm`` is what the person is called, or their number, as the one who erases them has typed it.

    ``reason`` is kept in the audit trail, and may not name the person. ``also`` are people who go with them.
    """

    person: RecordName
    confirm: str
    reason: Annotated[str, msgspec.Meta(max_length=MAX_REASON)]
    also: list[RecordName] = []


class Erasure(msgspec.Struct, frozen=True):
    """It is done: ``id`` is its own, by which the audit trail names it; how many records went, by entity."""

    id: str
    records: dict[str, int]


class ErasedPage(msgspec.Struct, frozen=True):
    """People that were erased, each as the feed told it, in the order of their ids."""

    erased: list[Change]
    more: bool


class ToldErased(msgspec.Struct, frozen=True):
    """What a computer knows to have been erased, for a server that was put back to before it (S22)."""

    erased: Annotated[list[Change], msgspec.Meta(max_length=MAX_ERASED)]


def erased_change(entity: str, record_id: str, *, erasure: str, owner: str, by: str, at: str) -> Change:
    """The row of the feed, without its seal: a record of ``entity`` was erased."""
    values = {"entity": entity}
    return Change(ERASED, record_id, 1, values, deleted=True, by=by, at=at, op_id=erasure, owner=owner)


def entity_erased(change: Change) -> str | None:
    """The entity of the record that was erased, where the change tells an erasure; else ``None``."""
    entity = (change.values or {}).get("entity")
    return entity if change.entity == ERASED and isinstance(entity, str) else None
