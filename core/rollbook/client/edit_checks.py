"""What a person's edit changes, against what this computer shows; and what of it cannot be (W9)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from rollbook.client.numbers import NextNumber
from rollbook.client.values import Edit, RefusedEntryError
from rollbook.domain.canonical import breaches_of, canonical_values
from rollbook.domain.entity import EntityType, RuleBreach, Values
from rollbook.domain.field_rights import without_right
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import rights_of
from rollbook.store import outbox, replica, scopes
from rollbook.store.replica import Here

Changes = dict[str, dict[str, Any]]
"""Field to what the person saw (``had``) and what they entered (``value``)."""


@dataclass(frozen=True, slots=True)
class Named:
    """An edit with the id of its record, which is made here for a new one."""

    record_id: str
    edit: Edit

    @property
    def entity(self) -> EntityType:
        """The entity of its record. Raises :class:`RefusedEntryError` for one that is not written here."""
        return writable(self.edit.entity)

    def without_next_numbers(self) -> "Named":
        """The edit without the numbers that are drawn only when it is stored (S16)."""
        changes = {n: value for n, value in self.edit.changes.items() if not isinstance(value, NextNumber)}
        return replace(self, edit=replace(self.edit, changes=changes))


class Surroundings:
    """What this computer has of the records of some edits, and what of them was refused, read set-wise."""

    def __init__(self, connection: Connection, edits: Sequence[Named]) -> None:
        by_entity: dict[str, list[str]] = {}
        for each in edits:
            by_entity.setdefault(each.edit.entity, []).append(each.record_id)
        self._here: dict[str, Here] = {}
        for name, record_ids in by_entity.items():
            self._here |= replica.here(connection, writable(name), record_ids)
        self._refused = outbox.refused_entries(connection, self._here)

    def of(self, record_id: str) -> Here | None:
        """The record, where this computer shows one."""
        return self._here.get(record_id)

    def mendable(self, record_id: str) -> Any:
        """The row of the record's refused entry, where a new edit mends it (S7); else ``None``."""
        row = self._refused.get(record_id)
        return row if row is not None and outbox.mendable(row) else None


def changes_of(named: Named, here: Here | None) -> Changes:
    """Only what differs from what the person saw; a create's ``had`` is absent, ``None``.

    Raises :class:`RefusedEntryError` for values that break a rule.
    """
    edit, shown = named.edit, None if here is None else here.values
    if shown is None and edit.entity_id is not None and edit.seen is not None:
        raise no_such_record()
    values = canonical(named.entity, edit.changes)
    breaches = breaches_of(named.entity, {**(shown or {}), **values})
    if breaches:
        raise RefusedEntryError(breaches)
    seen = (shown or {}) if edit.seen is None else {**(shown or {}), **edit.seen}
    return {
        name: {"had": seen.get(name), "value": value}
        for name, value in values.items()
        if seen.get(name) != value
    }


def changes_of_create(named: Named, here: Here, held: Values) -> Changes:
    """What a create of a record that is here already enters, as if it had seen nothing of it (S16).

    ``held`` are the values of an archived one: it comes back with them. Raises as :func:`changes_of`.
    """
    given = canonical(named.entity, named.edit.changes)
    whole = {name: value for name, value in {**held, **given}.items() if value is not None}
    breaches = breaches_of(named.entity, {**here.values, **whole})
    if breaches:
        raise RefusedEntryError(breaches)
    return {name: {"had": held.get(name), "value": value} for name, value in whole.items()}


def key_id(edit: Edit, school_id: str) -> str | None:
    """The id that every desk gives a new record with the natural key in the edit (S16); else ``None``."""
    entity = ENTITIES[edit.entity]
    parts = {name for key in entity.natural_keys for name in key}
    values, _breaches = canonical_values(entity, {n: v for n, v in edit.changes.items() if n in parts})
    return entity.natural_id(school_id, values)


def each_record_once(edits: Sequence[Named]) -> Iterator[Sequence[Named]]:
    """The edits in their order, in parts in which no record stands twice."""
    part: dict[str, Named] = {}
    for each in edits:
        if each.record_id in part:
            yield list(part.values())
            part = {}
        part[each.record_id] = each
    if part:
        yield list(part.values())


def canonical(entity: EntityType, changes: dict[str, Any]) -> dict[str, Any]:
    """The values in canonical form. Raises :class:`RefusedEntryError`."""
    values, breaches = canonical_values(entity, changes)
    if breaches:
        raise RefusedEntryError(breaches)
    return values


def writable(name: str) -> EntityType:
    """The entity of that name. Raises :class:`RefusedEntryError` where only the server writes it."""
    entity = ENTITIES[name]
    if not entity.writable:
        raise _refused("entity", "read-only", f"A {name} is kept at the server.", "Ask an administrator.")
    return entity


def check_allowed(connection: Connection, entity: str) -> None:
    """Raises :class:`RefusedEntryError` where the feed has said that the user may not write these (S23)."""
    if not scopes.may_write(connection, entity):
        raise _refused(
            "entity", "forbidden", "Your role does not allow this.", "Ask an administrator for the right."
        )


def check_fields(
    connection: Connection, entity: EntityType, role: str, before: Values, after: Values
) -> None:
    """Raises :class:`RefusedEntryError` at each field that differs and needs a right which the user lacks.

    ``role`` is that of the sign-in; what the feed has told since goes before it (S23).
    """
    if entity.guarded:
        rights = rights_of(scopes.role(connection) or role)
        if breaches := without_right(entity, rights, before, after):
            raise RefusedEntryError(breaches)


def no_such_record() -> RefusedEntryError:
    """The refusal of an edit whose record is not here."""
    return _refused("id", "not-found", "There is no such record here.", "Refresh and look again.")


def _refused(field: str, code: str, message: str, suggestion: str) -> RefusedEntryError:
    return RefusedEntryError((RuleBreach(field, code, message, suggestion),))
