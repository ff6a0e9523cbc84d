"""The next free number of a series, given out by this desk alone (S16)."""

import threading
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from rollbook.client.values import RefusedEntryError
from rollbook.domain.entity import EntityType, FieldSpec, RuleBreach
from rollbook.domain.registry import ENTITIES
from rollbook.store import numbers
from rollbook.store.database import StoreDatabase


class NextNumber:
    """As a value of an edit: the next free number, drawn in the transaction that saves it."""


NEXT_NUMBER: Final = NextNumber()


@dataclass(slots=True)
class Numbers:
    """Gives out the numbers of this desk's blocks. Safe from any thread."""

    store: StoreDatabase
    _shown: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def propose(self, entity: EntityType) -> str:
        """A free number to show in a form; it is taken by the save that uses it, and till then by nobody.

        Each call gives another while this program runs. Raises :class:`RefusedEntryError` when none is left.
        """
        spec = _numbered(entity)
        with self._lock, self.store.read() as connection:
            found = numbers.next_free(connection, entity.name, spec.name, self._shown)
            if found is None:  # those shown before and given up may be shown again
                self._shown.clear()
                found = numbers.next_free(connection, entity.name, spec.name)
            if found is None:
                raise _none_left(spec)
            self._shown.add(found)
            return found

    def drawn(self, connection: Connection, entity: EntityType, changes: dict[str, Any]) -> dict[str, Any]:
        """``changes`` with the next free number where it was asked for. Raises :class:`RefusedEntryError`."""
        drawn = dict(changes)
        for name, value in changes.items():
            if isinstance(value, NextNumber):
                drawn[name] = self._draw(connection, entity, name)
        return drawn

    def note_used(
        self, connection: Connection, entity: EntityType, record_id: str, values: dict[str, Any]
    ) -> None:
        """Take the numbers among ``values`` for the record. Raises :class:`RefusedEntryError`."""
        for spec in entity.fields:
            value = values.get(spec.name) if spec.numbered else None
            if value is not None and numbers.use(connection, entity.name, spec.name, value, record_id):
                raise RefusedEntryError((_given_already(spec),))

    def _draw(self, connection: Connection, entity: EntityType, name: str) -> str:
        spec = entity.field(name)
        if spec is None or not spec.numbered:
            raise RefusedEntryError(
                (RuleBreach(name, "not-numbered", "This field has no series of numbers.", "Enter a value."),)
            )
        found = numbers.next_free(connection, entity.name, name, self._shown) or numbers.next_free(
            connection, entity.name, name
        )
        if found is None:
            raise _none_left(spec)
        return found


def numbered_entity(name: str) -> EntityType:
    """The entity of that name. Raises ``KeyError`` for an unknown one, or one without a series."""
    entity = ENTITIES[name]
    _numbered(entity)
    return entity


def _numbered(entity: EntityType) -> FieldSpec:
    for spec in entity.fields:
        if spec.numbered:
            return spec
    raise KeyError(entity.name)


def _none_left(spec: FieldSpec) -> RefusedEntryError:
    return RefusedEntryError(
        (
            RuleBreach(
                spec.name,
                "no-number-left",
                "No number reserved for this computer is left.",
                "Go online once, and the school gives new ones; or enter a number by hand.",
            ),
        )
    )


def _given_already(spec: FieldSpec) -> RuleBreach:
    return RuleBreach(
        spec.name,
        "number-given",
        "This number has just been given to another record on this computer.",
        "Take the next free number.",
    )
