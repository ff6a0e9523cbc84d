"""Where a package's ids lead: to a row of the package, to a record that is here, or nowhere (D11, S16)."""

from collections.abc import Callable
from dataclasses import dataclass

from rollbook.exchange.existing import Known, KnownRecords

KnownOf = Callable[[str], KnownRecords]
"""The records of an entity that the school has."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A row of the package that gives no record, and why: a problem of its own, or it was left out."""

    row: int
    left_out: bool


class References:
    """What each id of the package stands for; rows are noted in the order of their entities."""

    def __init__(self, known: KnownOf, source_system: str, *, own: bool) -> None:
        self.known = known
        self._source_system = source_system
        self._own = own
        self._ids: dict[tuple[str, str], str] = {}
        self._lost: dict[tuple[str, str], Lost] = {}

    def note(self, entity: str, sourced_id: str, record_id: str) -> None:
        """The row of that id gives, or is about, that record."""
        self._ids[entity, sourced_id] = record_id

    def note_lost(self, entity: str, sourced_id: str, lost: Lost) -> None:
        """A row of that id gives no record; another one may."""
        self._lost.setdefault((entity, sourced_id), lost)

    def take_back(self, entity: str, sourced_id: str) -> None:
        """The row that was noted gives no record after all."""
        self._ids.pop((entity, sourced_id), None)

    def record_of(self, entity: str, sourced_id: str) -> str | Lost | None:
        """The id of the record, or how it was lost; ``None``: it leads nowhere."""
        key = entity, sourced_id
        found = self._ids.get(key) or self._lost.get(key)
        if found is not None:
            return found
        known = self.here(entity, sourced_id)
        return None if known is None or known.archived else known.id

    def here(self, entity: str, sourced_id: str) -> Known | None:
        """The record that the school has under that id of the package.

        In a package that this school has made, the id may be the record's own, or from where it once came.
        """
        records = self.known(entity)
        found = records.by_source(self._source_system, sourced_id)
        if found is None and self._own:
            found = records.by_id(sourced_id) or records.by_sourced_id(sourced_id)
        return found

    def stands_for(self, sourced_id: str) -> set[str]:
        """The entities of which a row of the package has that id."""
        return {entity for entity, each in (*self._ids, *self._lost) if each == sourced_id}
