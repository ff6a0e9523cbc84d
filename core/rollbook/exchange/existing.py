"""What an import must know of the records that the school has already."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rollbook.domain.entity import EntityType, Values
from rollbook.domain.student import STUDENT
from rollbook.exchange.headings import folded


@dataclass(frozen=True, slots=True)
class Known:
    """A record as it is now: its id, all its values in canonical form, and whether it is archived.

    ``imported`` are the marks of what the last import had for it (:mod:`rollbook.exchange.marks`).
    """

    id: str
    values: Values
    archived: bool = False
    imported: str = ""


class Existing(Protocol):
    """How the plan asks for a record. Archived records are among them: their numbers are still taken."""

    def by_source(self, source_system: str, sourced_id: str) -> Known | None:
        """The record that was imported under that id."""
        ...

    def by_number(self, number: str) -> Known | None:
        """The record with that number, which a school gives once."""
        ...

    def namesakes(self, values: Values) -> Sequence[Known]:
        """The records of the same family, given and native name, but for case and accents."""
        ...


def name_key(values: Values) -> str:
    """What namesakes share."""
    return "\x1f".join(
        folded(str(values.get(name) or "")) for name in ("family_name", "given_name", "native_name")
    )


class KnownRecords:
    """All records of an entity, held in memory: made once from a list, then asked row by row."""

    def __init__(self, records: Iterable[Known] = (), entity: EntityType = STUDENT) -> None:
        self._number = number_field(entity)
        self._by_id: dict[str, Known] = {}
        self._by_source: dict[tuple[str, str], Known] = {}
        self._by_sourced_id: dict[str, Known | None] = {}
        self._by_number: dict[str, Known] = {}
        self._by_name: dict[str, list[Known]] = {}
        for known in records:
            self._add(known)

    def _add(self, known: Known) -> None:
        values = known.values
        self._by_id[known.id] = known
        if values.get("sourced_id"):
            sourced_id = str(values["sourced_id"])
            self._by_source[str(values.get("source_system") or ""), sourced_id] = known
            if not known.archived:
                self._by_sourced_id[sourced_id] = None if sourced_id in self._by_sourced_id else known
        if values.get(self._number):
            self._by_number[str(values[self._number])] = known
        self._by_name.setdefault(name_key(values), []).append(known)

    def by_id(self, record_id: str) -> Known | None:
        """The record of that id."""
        return self._by_id.get(record_id)

    def by_source(self, source_system: str, sourced_id: str) -> Known | None:
        """The record that was imported under that id."""
        return self._by_source.get((source_system, sourced_id))

    def by_sourced_id(self, sourced_id: str) -> Known | None:
        """The record that was imported under that id, from wherever, if it is the only one in use."""
        return self._by_sourced_id.get(sourced_id)

    def by_number(self, number: str) -> Known | None:
        """The record with that number, which a school gives once."""
        return self._by_number.get(number)

    def namesakes(self, values: Values) -> Sequence[Known]:
        """The records of the same family, given and native name, but for case and accents."""
        return self._by_name.get(name_key(values), ())

    def imported_from(self, source_system: str) -> Iterator[Known]:
        """The records that another system's ids name, archived ones too."""
        return (known for (system, _id), known in self._by_source.items() if system == source_system)


def number_field(entity: EntityType) -> str:
    """The field that numbers the records of an entity, each with its own; empty where there is none."""
    return next((spec.name for spec in entity.fields if spec.unique), "")
