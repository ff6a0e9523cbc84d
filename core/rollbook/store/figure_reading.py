"""Records of the replica, read for what is reckoned from them: with the entries that wait on top (S18)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.domain.figure_records import Records
from rollbook.domain.registry import ENTITIES
from rollbook.store import merges
from rollbook.store.rows import THESE, named, read, these


@dataclass(frozen=True, slots=True)
class StoreReading:
    """A :class:`rollbook.domain.figure_records.Reading` of what this computer shows, in one transaction."""

    connection: Connection

    def among(self, entity: str, field: str, values: Collection[str]) -> Records:
        """Records that are not archived and have one of the values in the field."""
        return self._read(entity, f'AND "{field}" IN {THESE}', [these(values)]) if values else {}

    def every(self, entity: str) -> Records:
        """All that are not archived."""
        return self._read(entity, "", [])

    def meant(self, entity: str, ids: Collection[str]) -> dict[str, str]:
        """The id that is meant, by each that means another: an alias, or a record merged into it (D4)."""
        return merges.persons(self.connection, entity, ids)

    def names_of(self, entity: str, ids: Collection[str]) -> set[str]:
        """All ids under which those may be named."""
        known = self.meant(entity, ids)
        shown = {known.get(each, each) for each in ids}
        others = merges.merged(self.connection, entity)
        together = shown | {each for each, meant in others.items() if meant in shown}
        statement = f"SELECT alias_id FROM alias WHERE entity = ? AND record_id IN {THESE}"
        return together | {row[0] for row in read(self.connection, statement, [entity, these(together)])}

    def students(self, grade_level: str | None = None) -> list[str]:
        """The ids of the students that are not archived, of that grade alone where one is named.

        By grade and homeroom, so that those who follow each other share classes, which are then read once.
        """
        asked = ("", []) if grade_level is None else ("AND grade_level = ?", [grade_level])
        statement = f"SELECT id FROM student WHERE deleted = 0 {asked[0]} ORDER BY grade_level, homeroom, id"
        return [row[0] for row in read(self.connection, statement, asked[1])]

    def _read(self, entity: str, where: str, parameters: list[Any]) -> Records:
        names = ENTITIES[entity].names
        statement = f'SELECT id, {named(names)} FROM "{entity}" WHERE deleted = 0 {where}'
        found = read(self.connection, statement, parameters)
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in found}
