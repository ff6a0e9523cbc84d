"""A person's choice in a conflict, made into a new entry on the new version (S14, S15)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.client.chosen import EDITED, MINE, SAME, THEIRS, WHOLE_RECORD, Chosen, canonical, composed
from rollbook.client.numbers import NextNumber, Numbers
from rollbook.client.same_record import SameRecord
from rollbook.client.values import RefusedEntryError, Saved
from rollbook.contract.operations import Kind
from rollbook.domain.clock import Clock
from rollbook.domain.entity import EntityType, RuleBreach
from rollbook.domain.ids import IdSource
from rollbook.domain.labels import label_of
from rollbook.domain.registry import ENTITIES
from rollbook.store import later_entries, outbox, replica
from rollbook.store.database import StoreDatabase
from rollbook.store.entry_text import object_of
from rollbook.store.errors import NotAllowedNowError
from rollbook.store.outbox import NewEntry
from rollbook.store.states import State

__all__ = ["MINE", "SAME", "THEIRS", "WHOLE_RECORD", "Chosen", "Resolving"]


@dataclass(frozen=True, slots=True)
class Resolving:
    """Resolves conflicts for one user of one store."""

    store: StoreDatabase
    clock: Clock
    new_id: IdSource
    user: str
    numbers: Numbers

    def resolve(self, op_id: str, choices: Mapping[str, Chosen], *, again: bool = False) -> Saved:
        """Settle a conflict. ``record`` chooses for an archive against an edit, or says ``same`` (S16).

        ``again``: another program was asked to, and may have done it (S26).

        Raises :class:`RefusedEntryError` naming a field that still needs a choice, and
        :class:`NotAllowedNowError` when the entry is in no conflict.
        """
        with self.store.write() as connection:
            row = outbox.find(connection, op_id)
            if row is not None and row.carried_by is not None:
                row = outbox.find(connection, row.carried_by)  # they are in conflict, and settled, together
            if row is not None and again and row.state == State.REPLACED:
                return _settled(connection, row)
            if row is None or row.state != State.CONFLICT:
                raise NotAllowedNowError("This entry is in no conflict; there is nothing to choose.")
            entity = ENTITIES[row.entity]
            if WHOLE_RECORD in choices and choices[WHOLE_RECORD].side == SAME:
                return SameRecord(self.clock, self.new_id, self.user).settle(connection, entity, row, choices)
            theirs = object_of(row.conflict) or {}
            if row.kind == Kind.ARCHIVE or theirs.get("deleted"):
                return self._whole(connection, entity, row, theirs, choices)
            return self._by_field(connection, entity, row, theirs, choices)

    def _by_field(
        self,
        connection: Connection,
        entity: EntityType,
        row: Any,
        theirs: dict[str, Any],
        choices: Mapping[str, Chosen],
    ) -> Saved:
        mine = composed(outbox.group(connection, row.op_id))
        at_school: dict[str, Any] = {
            name: value for name, value in (theirs.get("fields") or {}).items() if entity.field(name)
        }
        _check_choices(entity, at_school, choices)
        changes: dict[str, dict[str, Any]] = {}
        for name, change in mine.items():
            if name not in at_school:
                changes[name] = change
                continue
            chosen = choices[name]
            if outbox.mendable(row) and chosen.side == MINE:
                raise RefusedEntryError((_taken(name),))
            if outbox.mendable(row) and chosen.side != THEIRS:
                # The school's value is another record's: what the person saw of this one is still its had.
                value = self._entered(connection, entity, row.entity_id, name, chosen.value)
                changes[name] = {"had": change["had"], "value": value}
            elif chosen.side != THEIRS:
                value = change["value"] if chosen.side == MINE else canonical(entity, name, chosen.value)
                changes[name] = {"had": at_school[name], "value": value}
        self._tell_later_entries(connection, row, mine, at_school, changes)
        edited = {name for name, chosen in choices.items() if chosen.side == EDITED}
        at = self.clock.now().isoformat()
        later_entries.give_way(connection, row.entity_id, row.position, edited, at)
        return self._replace(connection, entity, row, Kind(row.kind), changes, theirs.get("version"))

    def _entered(
        self, connection: Connection, entity: EntityType, record_id: str, name: str, value: Any
    ) -> Any:
        """A value instead of one that another record has: as typed, or the next free number (S16)."""
        if isinstance(value, NextNumber):
            value = self.numbers.drawn(connection, entity, {name: value})[name]
        value = canonical(entity, name, value)
        self.numbers.note_used(connection, entity, record_id, {name: value})
        return value

    def _whole(
        self,
        connection: Connection,
        entity: EntityType,
        row: Any,
        theirs: dict[str, Any],
        choices: Mapping[str, Chosen],
    ) -> Saved:
        chosen = choices.get(WHOLE_RECORD)
        if chosen is None or chosen.side not in (MINE, THEIRS):
            raise RefusedEntryError(
                (
                    RuleBreach(
                        WHOLE_RECORD, "choice-missing", "Archive or keep?", "Choose record=mine or theirs."
                    ),
                )
            )
        if chosen.side == THEIRS:
            return self._replace(connection, entity, row, Kind(row.kind), {}, None)
        if row.kind == Kind.ARCHIVE:
            return self._replace(connection, entity, row, Kind.ARCHIVE, {}, theirs.get("version"))
        return self._replace(
            connection,
            entity,
            row,
            Kind.CREATE,
            _revived(connection, entity, row, theirs),
            theirs.get("version"),
        )

    def _tell_later_entries(
        self,
        connection: Connection,
        row: Any,
        mine: dict[str, dict[str, Any]],
        at_school: dict[str, Any],
        changes: dict[str, dict[str, Any]],
    ) -> None:
        """Later edits of a field had seen my value; now they have seen what was chosen (S13)."""
        seen_now = {
            name: (mine[name]["value"], changes[name]["value"] if name in changes else at_school[name])
            for name in at_school
            if name in mine
        }
        later_entries.rebase(connection, row.entity_id, row.position, seen_now)

    def _replace(
        self,
        connection: Connection,
        entity: EntityType,
        row: Any,
        kind: Kind,
        changes: dict[str, dict[str, Any]],
        version: int | None,
    ) -> Saved:
        at = self.clock.now().isoformat()
        outbox.mark_replaced(connection, row.op_id, at)
        action = self.new_id()
        if not changes and (kind is not Kind.ARCHIVE or version is None):
            replica.refresh(connection, entity, row.entity_id)
            return Saved(entity.name, row.entity_id, None, action, "theirs")
        new = NewEntry(
            op_id=self.new_id(),
            kind=kind,
            entity_id=row.entity_id,
            changes=changes,
            base_version=version,
            action_id=action,
            created_at=at,
            created_by=self.user,
            label=row.label or label_of({}),
            run=row.run,
            replaces=row.op_id,
        )
        outbox.add(connection, entity, new)
        return Saved(entity.name, row.entity_id, new.op_id, action, State.QUEUED)


def _settled(connection: Connection, row: Any) -> Saved:
    """What an earlier call made of it."""
    new = outbox.replacement(connection, row.op_id)
    if new is None:
        return Saved(row.entity, row.entity_id, None, row.action_id, "theirs")
    return Saved(new.entity, new.entity_id, new.op_id, new.action_id, new.state)


def _taken(name: str) -> RuleBreach:
    return RuleBreach(
        name,
        "value-taken",
        "Another record has this value.",
        f"Choose {name}==ANOTHER, {name}=theirs, or record=same if it is the same one.",
    )


def _revived(
    connection: Connection, entity: EntityType, row: Any, theirs: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """All values of an archived record with my edit on top: it is created again (S16).

    The archived values are its ``had``: somebody else may bring the record back first, and change it. Then
    those that it only repeats are no edit of mine, and the school's later ones stay. Where that has come here
    already, the person was still asked about the earlier values: of what they changed, those are the ``had``.
    """
    _version, base, archived = replica.base_of(connection, entity, row.entity_id)
    wanted = composed(outbox.group(connection, row.op_id))
    at_school = theirs.get("fields") or {}
    # An update that ends where it began (A, B, A) still says A, where the person was shown another value.
    shown = at_school if row.kind == Kind.UPDATE else {}
    mine = {
        name: change["value"]
        for name, change in wanted.items()
        if change["value"] != change["had"] or shown.get(name, change["value"]) != change["value"]
    }
    asked = {name: change["had"] for name, change in wanted.items()} | at_school
    seen = base if archived else base | {name: asked[name] for name in mine}
    return {
        name: {"had": seen.get(name), "value": value}
        for name, value in {**base, **mine}.items()
        if value is not None or name in mine
    }


def _check_choices(entity: EntityType, at_school: dict[str, Any], choices: Mapping[str, Chosen]) -> None:
    breaches = [
        RuleBreach(
            name, "choice-missing", "Both sides changed this.", f"Choose {name}=mine, theirs or =VALUE."
        )
        for name in at_school
        if name not in choices
    ] + [
        RuleBreach(
            name, "not-in-conflict", f"“{name}” is not in conflict.", f"Choose among {', '.join(at_school)}."
        )
        for name in choices
        if name not in at_school
    ]
    if breaches:
        raise RefusedEntryError(tuple(breaches))
