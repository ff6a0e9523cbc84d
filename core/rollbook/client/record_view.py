"""Several questions to this computer's records, answered from one state of them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.domain.registry import ENTITIES
from rollbook.store import aliases, listing

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
        named = {spec.name for spec in described.references} | {"id"}
        wanted = {
            name: set(aliases.names_of_all(self.connection, list(values))) if name in named else set(values)
            for name, values in any_of.items()
        }
        found = listing.matching(self.connection, entity, archived=False, **wanted)
        rows = [{name: row[name] for name in ("id", *described.names)} for row in found]
        self._resolve(rows, [spec.name for spec in described.references])
        return rows

    def by_id(self, entity: str, record_ids: Collection[str] | None = None) -> dict[str, Record]:
        """Records that are not archived by their ids; all of the entity without ``record_ids``."""
        found = self.of(entity) if record_ids is None else self.of(entity, id=record_ids)
        return {record["id"]: record for record in found}

    def _resolve(self, rows: list[Record], references: list[str]) -> None:
        ids = {row[name] for row in rows for name in references if row[name]}
        meant = aliases.meant_all(self.connection, list(ids)) if ids else {}
        for row in rows if meant else ():
            row.update({name: meant.get(row[name], row[name]) for name in references})
