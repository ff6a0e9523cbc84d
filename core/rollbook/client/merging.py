"""Two records of one person, merged and told apart again (D4). No row moves; readers go by what is meant."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.client.values import Edit, RefusedEntryError, Saved
from rollbook.domain.entity import EntityType, RuleBreach
from rollbook.domain.erasure import references_about
from rollbook.domain.labels import label_of
from rollbook.domain.merging import MERGE
from rollbook.domain.registry import ENTITIES
from rollbook.store import aliases, listing, merges
from rollbook.store.database import StoreDatabase

_NEVER_TAKEN = frozenset({"source_system", "sourced_id", "photo"})


@dataclass(frozen=True, slots=True)
class Collision:
    """Two records that would be one, as only one of them can hold: a mark of one register, one result.

    The kept person's is shown until somebody archives one of the two.
    """

    entity: str
    kept_record: str
    other_record: str
    differ: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergeView:
    """What a merge would do. ``differ`` maps a field to the kept and the other's value.

    ``hanging`` maps an entity to how many of its records hang on the kept one and on the other.
    """

    kept_id: str
    other_id: str
    kept: str
    other: str
    differ: dict[str, tuple[Any, Any]]
    hanging: dict[str, tuple[int, int]]
    collisions: tuple[Collision, ...]


@dataclass(frozen=True, slots=True)
class Unmerged:
    """What telling them apart did. ``left`` are fields that were changed since, and stay as they are."""

    saved: tuple[Saved, ...]
    restored: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merging:
    """Merging of students. Local; works offline; all raise :class:`RefusedEntryError`."""

    store: StoreDatabase
    save_many: Callable[[list[Edit], str], list[Saved]]
    new_run: Callable[[], str]

    def look(self, kept_id: str, other_id: str) -> MergeView:
        """What a merge of ``other_id`` into ``kept_id`` would do."""
        with self.store.read() as connection:
            return _view(connection, kept_id, other_id)

    def merge(self, kept_id: str, other_id: str, take: Collection[str] = ()) -> list[Saved]:
        """Have ``other_id`` mean ``kept_id``, which takes the other's values of the fields ``take``."""
        view = self.look(kept_id, other_id)
        wrong = tuple(_not_to_take(name) for name in take if name not in view.differ)
        if wrong:
            raise RefusedEntryError(wrong)
        values = {name: view.differ[name][1] for name in take}
        seen = {name: view.differ[name][0] for name in take}
        taken = {name: [seen[name], values[name]] for name in take}
        edits = [Edit(merges.MERGED, view.kept_id, values, seen=seen)] if take else []
        merge = {"kept_id": view.kept_id, "merged_id": view.other_id}
        if taken:
            merge["taken"] = json.dumps(taken, ensure_ascii=False)
        return self.save_many([*edits, Edit(MERGE.name, None, merge)], self.new_run())

    def merged_into(self, record_id: str) -> list[str]:
        """The labels of the records that mean this one."""
        with self.store.read() as connection:
            known = merges.merged(connection, merges.MERGED)
            others = [each for each, meant in known.items() if meant == record_id]
            return [label_of(row) for each in others if (row := listing.one(connection, merges.MERGED, each))]

    def unmerge(self, other_id: str) -> Unmerged:
        """Tell ``other_id`` apart again, as one. What the kept record took goes back, if it is still so."""
        with self.store.read() as connection:
            found = _merges_of(connection, other_id)
            if not found:
                raise _refused("id", "not-merged", "This record is not merged.", "Look whose record it is.")
            edits, left = _back(connection, found)
        ends = [Edit(MERGE.name, merge["id"], {}, archives=True) for merge in found]
        saved = self.save_many([*edits, *ends], self.new_run())
        return Unmerged(tuple(saved), tuple(name for each in edits for name in each.changes), left)


def _view(connection: Connection, kept_id: str, other_id: str) -> MergeView:
    kept = _one(connection, "kept_id", kept_id)
    other = _one(connection, "merged_id", other_id)
    if kept["id"] == other["id"]:
        raise _refused("merged_id", "the-same-record", "This is the same person already.", "Choose another.")
    if kept["deleted"]:
        raise _refused(
            "kept_id", "archived", "The record to keep is archived.", "Keep the other, or restore it first."
        )
    entity = ENTITIES[merges.MERGED]
    differ = {
        spec.name: (kept[spec.name], other[spec.name])
        for spec in entity.fields
        if spec.name not in _NEVER_TAKEN
        and not spec.unique  # a number stays with its record, and still leads here
        and other[spec.name] is not None
        and kept[spec.name] != other[spec.name]
    }
    ids = [merges.all_ids(connection, merges.MERGED, row["id"]) for row in (kept, other)]
    hanging, collisions = _hanging(connection, *ids)
    return MergeView(kept["id"], other["id"], label_of(kept), label_of(other), differ, hanging, collisions)


def _one(connection: Connection, field: str, record_id: str) -> Mapping[str, Any]:
    row = listing.one(connection, merges.MERGED, merges.person(connection, merges.MERGED, record_id))
    if row is None:
        raise _refused(field, "no-such-record", "There is no such record here.", "Choose it from the list.")
    return row


def _hanging(
    connection: Connection, kept: list[str], other: list[str]
) -> tuple[dict[str, tuple[int, int]], tuple[Collision, ...]]:
    hanging: dict[str, tuple[int, int]] = {}
    collisions: list[Collision] = []
    for entity, spec in references_about(merges.MERGED):
        if entity.name == MERGE.name:
            continue
        mine, others = (_naming(connection, entity.name, spec.name, ids) for ids in (kept, other))
        if mine or others:
            hanging[entity.name] = (len(mine), len(others))
        collisions += _collisions(entity, spec.name, mine, others)
    return hanging, tuple(collisions)


def _naming(connection: Connection, entity: str, field: str, ids: list[str]) -> list[Mapping[str, Any]]:
    named: dict[str, Any] = {field: ids}
    return listing.matching(connection, entity, **named)


def _collisions(
    entity: EntityType, person: str, mine: list[Mapping[str, Any]], others: list[Mapping[str, Any]]
) -> list[Collision]:
    """Records of both whose natural keys are the same but for the person."""
    keys = [key for key in entity.natural_keys if person in key]
    found = []
    for key in keys:
        rest = [name for name in key if name != person]
        held = {tuple(row[name] for name in rest): row for row in mine}
        for row in others:
            same = held.get(tuple(row[name] for name in rest))
            if same is not None:
                differ = tuple(name for name in entity.names if name != person and same[name] != row[name])
                found.append(Collision(entity.name, same["id"], row["id"], differ))
    return found


def _merges_of(connection: Connection, other_id: str) -> list[Mapping[str, Any]]:
    """The live merges by which the record means another: those of the same pair, either way round."""
    names = aliases.names_of(connection, merges.MERGED, aliases.meant(connection, merges.MERGED, other_id))
    found = listing.matching(connection, MERGE.name, merged_id=names)
    kept = [name for merge in found for name in aliases.names_of(connection, merges.MERGED, merge["kept_id"])]
    back = listing.matching(connection, MERGE.name, merged_id=kept, kept_id=names) if kept else []
    return [*found, *back]


def _back(connection: Connection, found: list[Mapping[str, Any]]) -> tuple[list[Edit], tuple[str, ...]]:
    """What gives the kept records back what they had, and the fields that were changed since."""
    edits, left = [], []
    for merge in found:
        kept = listing.one(
            connection, merges.MERGED, aliases.meant(connection, merges.MERGED, merge["kept_id"])
        )
        taken = json.loads(merge["taken"] or "{}")
        same = {} if kept is None else {name: pair for name, pair in taken.items() if kept[name] == pair[1]}
        left += [name for name in taken if name not in same]
        if (
            same
            and kept is not None
            and (kept["deleted"] or merges.person(connection, merges.MERGED, kept["id"]) != kept["id"])
        ):
            left += list(same)  # it is not shown itself: what it had is nobody's to see
        elif same and kept is not None:
            back = {name: pair[0] for name, pair in same.items()}
            edits.append(Edit(merges.MERGED, kept["id"], back, seen={name: same[name][1] for name in same}))
    return edits, tuple(left)


def _not_to_take(name: str) -> RuleBreach:
    return RuleBreach(
        name, "nothing-to-take", "There is no other value to take here.", "Look at what differs first."
    )


def _refused(field: str, code: str, message: str, suggestion: str) -> RefusedEntryError:
    return RefusedEntryError((RuleBreach(field, code, message, suggestion),))
