"""What an import must know of the students that the school has already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rollbook.domain.entity import Values
from rollbook.exchange.headings import folded


@dataclass(frozen=True, slots=True)
class Known:
    """A record as it is now: its id, all its values in canonical form, and whether it is archived."""

    id: str
    values: Values
    archived: bool = False


class Existing(Protocol):
    """How the plan asks for a record. Archived records are among them: their numbers are still taken."""

    def by_source(self, source_system: str, sourced_id: str) -> Known | None:
        """The record that was imported under that id."""
        ...

    def by_student_number(self, number: str) -> Known | None:
        """The record with that student number."""
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
    """All records of a school, held in memory: made once from a list, then asked row by row."""

    def __init__(self, records: Iterable[Known] = ()) -> None:
        self._by_source: dict[tuple[str, str], Known] = {}
        self._by_number: dict[str, Known] = {}
        self._by_name: dict[str, list[Known]] = {}
        for known in records:
            self._add(known)

    def _add(self, known: Known) -> None:
        values = known.values
        if values.get("sourced_id"):
            self._by_source[str(values.get("source_system") or ""), str(values["sourced_id"])] = known
        if values.get("student_number"):
            self._by_number[str(values["student_number"])] = known
        self._by_name.setdefault(name_key(values), []).append(known)

    def by_source(self, source_system: str, sourced_id: str) -> Known | None:
        """The record that was imported under that id."""
        return self._by_source.get((source_system, sourced_id))

    def by_student_number(self, number: str) -> Known | None:
        """The record with that student number."""
        return self._by_number.get(number)

    def namesakes(self, values: Values) -> Sequence[Known]:
        """The records of the same family, given and native name, but for case and accents."""
        return self._by_name.get(name_key(values), ())
