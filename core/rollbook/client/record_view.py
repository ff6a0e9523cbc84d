"""Several questions to this computer's records, answered from one state of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.domain.registry import ENTITIES
from rollbook.store import aliases, listing, merges

Record = dict[str, Any]
"""A record's values by name, its ``id`` among them."""


@dataclass(frozen=True, slots=True)
class RecordView:
    """Reads of one transaction. What others name is told by the id that it means (D4)."""

    connection: Connection

    def of(self, entity: str, **any_of: Collection[str]) -> list[Record]:
        """The records that are not archived and hold one of the values for each field, in no order.

        Raises ``KeyError`` for an unknown entity or field.
        """
        described = ENTITIES[entity]
        people = merges.merged(self.connection, merges.MERGED)
        named = {spec.name for spec in described.references} | {"id"}
        wanted = {
            name: self._names(people, values) if name in named else set(values)
            for name, values in any_of.items()
        }
        found = listing.matching(self.connection, entity, archived=False, **wanted)
        shown = [row for row in found if row["id"] not in people]  # who was merged is who they mean
        rows = [{name: row[name] for name in ("id", *described.names)} for row in shown]
        self._resolve(rows, [spec.name for spec in described.references], people)
        return rows

    def by_id(self, entity: str, record_ids: Collection[str] | None = None) -> dict[str, Record]:
        """Records that are not archived by their ids; all of the entity without ``record_ids``."""
        found = self.of(entity) if record_ids is None else self.of(entity, id=record_ids)
        return {record["id"]: record for record in found}

    def _names(self, people: Mapping[str, str], values: Collection[str]) -> set[str]:
        """All ids by which the records may be named that those ids mean."""
        meant = {people.get(each, each) for each in values}
        together = meant | {each for each, person in people.items() if person in meant}
        return set(aliases.names_of_all(self.connection, list(together)))

    def _resolve(self, rows: list[Record], references: list[str], people: Mapping[str, str]) -> None:
        ids = {row[name] for row in rows for name in references if row[name]}
        meant = dict(people)
        if ids:
            known = aliases.meant_all(self.connection, list(ids))
            meant |= {each: people.get(person, person) for each, person in known.items()}
        for row in rows if meant else ():
            row.update({name: meant.get(row[name], row[name]) for name in references})
