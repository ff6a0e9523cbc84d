"""The records that edits name: what they are called, and what of them the school does not have yet (S4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from rollbook.client.edit_checks import Changes, Named, Surroundings
from rollbook.contract.operations import Kind
from rollbook.domain.entity import EntityType
from rollbook.domain.labels import label_by_others, label_of
from rollbook.domain.registry import ENTITIES
from rollbook.store import causes, listing
from rollbook.store.outbox import NewEntry
from rollbook.store.replica import Here


class NamedRecords:
    """Read set-wise for some edits; those that are made on the way are noted."""

    def __init__(self, connection: Connection, edits: Sequence[Named], around: Surroundings) -> None:
        wanted: dict[str, set[str]] = {}
        for entity, record_id in _named_by(edits, around):
            wanted.setdefault(entity, set()).add(record_id)
        self._labels: dict[str, str] = {}
        for entity, ids in wanted.items():
            rows = listing.naming(connection, entity, ids)
            self._labels |= {record_id: label_of(values) for record_id, values in rows.items()}
        every = {record_id for ids in wanted.values() for record_id in ids}
        self._unsent = causes.unsent(connection, every) if every else {}

    def completed(self, entity: EntityType, here: Here | None, new: NewEntry) -> NewEntry:
        """The entry with what it needs first, and with its label where its record is called after others."""
        if entity.references:
            entered = {name: change["value"] for name, change in new.changes.items()}
            values = {**({} if here is None else here.values), **entered}
            label = label_by_others(entity, values, self._label_of)
            new = replace(new, depends_on=self._causes(entity, new.changes), label=label)
        if new.kind is Kind.CREATE:  # later ones may name it
            self._unsent[new.entity_id] = new.op_id
            self._labels[new.entity_id] = new.label
        return new

    def _causes(self, entity: EntityType, changes: Changes) -> tuple[str, ...]:
        ids = (changes[spec.name]["value"] for spec in entity.references if spec.name in changes)
        return tuple(dict.fromkeys(self._unsent[each] for each in ids if each in self._unsent))

    def _label_of(self, record_id: str) -> str:
        return self._labels.get(record_id, "")


def labels_of(
    connection: Connection, entity: EntityType, rows: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """What records are called, by id; those without a name of their own after the records that they name."""
    named: dict[str, str] = {}
    for spec in entity.references:
        if spec.name in entity.called:
            ids = {row[spec.name] for row in rows if row[spec.name]}
            found = listing.naming(connection, spec.refers_to, ids)
            named |= {record_id: label_of(values) for record_id, values in found.items()}
    return {row["id"]: label_by_others(entity, row, lambda each: named.get(each, "")) for row in rows}


def _named_by(edits: Sequence[Named], around: Surroundings) -> Iterator[tuple[str, str]]:
    """Entity and id of all that the edits' records name."""
    for each in edits:
        entity = ENTITIES[each.edit.entity]
        if not entity.references:
            continue
        here = around.of(each.record_id)
        values = {**({} if here is None else here.values), **each.edit.changes}
        for spec in entity.references:
            value = values.get(spec.name)
            if isinstance(value, str):
                yield spec.refers_to, value
