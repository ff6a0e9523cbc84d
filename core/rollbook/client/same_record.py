"""“It is the same one”: a record that was never sent is said to be one that the school has (S16, D4)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from rollbook.client.chosen import MINE, THEIRS, WHOLE_RECORD, Chosen, canonical, composed
from rollbook.client.values import RefusedEntryError, Saved
from rollbook.contract.operations import Kind
from rollbook.domain.clock import Clock
from rollbook.domain.entity import EntityType, RuleBreach
from rollbook.domain.ids import IdSource
from rollbook.store import aliases, listing, outbox, replica
from rollbook.store.errors import NotAllowedNowError
from rollbook.store.outbox import NewEntry
from rollbook.store.states import State


@dataclass(frozen=True, slots=True)
class SameRecord:
    """Makes unsent records aliases, for one user. What they held stays in the list of entries."""

    clock: Clock
    new_id: IdSource
    user: str

    def settle(
        self, connection: Connection, entity: EntityType, row: Any, choices: Mapping[str, Chosen]
    ) -> Saved:
        """The unsent record becomes an alias; its values that the other lacks are added to it.

        Raises :class:`RefusedEntryError` naming the fields in which both differ and that need a choice, and
        :class:`NotAllowedNowError` where there is nothing that it could be the same as.
        """
        other_id, version = _other(connection, entity, row)
        taken = [*outbox.group(connection, row.op_id), *outbox.behind(connection, row)]
        changes = _changes(connection, entity, composed(taken), other_id, choices)
        at = self.clock.now().isoformat()
        for each in taken:
            outbox.mark_replaced(connection, each.op_id, at)
        said = self._entry(row, Kind.ALIAS, other_id, version, {}, row.entity_id)
        news = [said]
        if changes:
            news.append(self._entry(row, Kind.UPDATE, other_id, version, changes, None))
        outbox.add_all(connection, entity, news)
        self._turn_the_rest(connection, entity, row.entity_id, other_id, at)
        replica.learn_alias(connection, entity.name, row.entity_id, other_id)
        return Saved(entity.name, other_id, news[-1].op_id, news[-1].action_id, State.QUEUED)

    def _turn_the_rest(
        self, connection: Connection, entity: EntityType, unsent_id: str, other_id: str, at: str
    ) -> None:
        """Entries whose bytes are frozen name the unsent record: new ones in their places name the other."""
        for each in outbox.rows_of_record(connection, unsent_id):
            if each.frozen is None or each.carried_by is not None:
                continue
            changes = composed(outbox.group(connection, each.op_id))
            outbox.mark_replaced(connection, each.op_id, at)
            new = self._entry(each, Kind(each.kind), other_id, 0, changes, None)
            outbox.add(connection, entity, new)

    def _entry(
        self,
        replaced: Any,
        kind: Kind,
        record_id: str,
        version: int,
        changes: dict[str, dict[str, Any]],
        alias: str | None,
    ) -> NewEntry:
        return NewEntry(
            op_id=self.new_id(),
            kind=kind,
            entity_id=record_id,
            changes=changes,
            base_version=version,
            action_id=self.new_id(),
            created_at=self.clock.now().isoformat(),
            created_by=self.user,
            label=replaced.label,
            run=replaced.run,
            replaces=replaced.op_id,
            alias=alias,
        )


def _other(connection: Connection, entity: EntityType, row: Any) -> tuple[str, int]:
    """The record that the school has, and its version here."""
    clash = json.loads(row.conflict) if row.conflict else {}
    other = (clash.get("fields") or {}).get("other_id")
    if row.kind != Kind.CREATE or row.base_version is not None or not isinstance(other, str):
        raise NotAllowedNowError("Only a new record can be said to be the same as one that the school has.")
    waiting = outbox.rows_of_record(connection, row.entity_id)
    if any(each.uncertain or each.state in (State.SENDING, State.UNKNOWN) for each in waiting):
        raise NotAllowedNowError("The school may have a part of this already; go online once, then decide.")
    other = aliases.meant(connection, entity.name, other)
    version, _base, _archived = replica.base_of(connection, entity, other)
    if version is None:
        raise NotAllowedNowError("The other record is not on this computer yet; go online once, then decide.")
    return other, version


def _changes(
    connection: Connection,
    entity: EntityType,
    mine: dict[str, dict[str, Any]],
    other_id: str,
    choices: Mapping[str, Chosen],
) -> dict[str, dict[str, Any]]:
    """What the other record gains: what it lacks, and what was chosen where both differ."""
    theirs = listing.one(connection, entity.name, other_id) or {}
    values = {name: change["value"] for name, change in mine.items() if change["value"] is not None}
    differing = [name for name, value in values.items() if theirs.get(name) not in (None, value)]
    _check_choices(differing, choices)
    changes: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        chosen = choices[name] if name in differing else Chosen(MINE)
        new = value if chosen.side == MINE else canonical(entity, name, chosen.value)
        if chosen.side != THEIRS and new != theirs.get(name):
            changes[name] = {"had": theirs.get(name), "value": new}
    return changes


def _check_choices(differing: list[str], choices: Mapping[str, Chosen]) -> None:
    missing = [
        RuleBreach(name, "choice-missing", "The two differ here.", f"Choose {name}=mine, theirs or =VALUE.")
        for name in differing
        if name not in choices
    ]
    needless = [
        RuleBreach(name, "not-in-conflict", "The two do not differ in this.", "Leave this choice out.")
        for name in choices
        if name not in (*differing, WHOLE_RECORD)
    ]
    if missing or needless:
        raise RefusedEntryError((*missing, *needless))
