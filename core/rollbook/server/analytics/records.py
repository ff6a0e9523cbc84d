"""The school's records, read for what is reckoned from them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from rollbook.domain.figure_records import Records
from rollbook.domain.registry import ENTITIES
from rollbook.schema.columns import values_of
from rollbook.server.merged import MERGED, merged
from rollbook.server.sync.identity import names_of, read_aliases
from rollbook.server.sync.set_wise import among
from rollbook.server.tables import record_tables


@dataclass(frozen=True, slots=True)
class SchoolReading:
    """A :class:`rollbook.domain.figure_records.Reading` of one school in one transaction."""

    connection: Connection
    school_id: str

    def among(self, entity: str, field: str, values: Collection[str]) -> Records:
        """Records that are not archived and have one of the values in the field."""
        if not values:
            return {}
        return self._read(entity, among(self.connection, record_tables[entity].c[field], sorted(values)))

    def every(self, entity: str) -> Records:
        """All that are not archived."""
        return self._read(entity)

    def meant(self, entity: str, ids: Collection[str]) -> dict[str, str]:
        """The id that is meant, by each that means another: an alias, or a record merged into it (D4)."""
        known = read_aliases(self.connection, self.school_id, entity, ids)
        others = self._merged(entity)
        shown = {each: others.get(known.get(each, each), known.get(each, each)) for each in ids}
        return {each: meant for each, meant in shown.items() if meant != each}

    def names_of(self, entity: str, ids: Collection[str]) -> set[str]:
        """All ids under which those may be named."""
        if not ids:
            return set()
        known = self.meant(entity, ids)
        shown = {known.get(each, each) for each in ids}
        together = shown | {each for each, meant in self._merged(entity).items() if meant in shown}
        return names_of(self.connection, self.school_id, entity, together)

    def _merged(self, entity: str) -> dict[str, str]:
        return merged(self.connection, self.school_id) if entity == MERGED else {}

    def _read(self, entity: str, *where: Any) -> Records:
        table = record_tables[entity]
        live = (table.c.school_id == self.school_id, table.c.deleted_at.is_(None))
        described = ENTITIES[entity]
        rows = self.connection.execute(select(table).where(*live, *where)).mappings()
        return {row["id"]: values_of(described, row) for row in rows}
