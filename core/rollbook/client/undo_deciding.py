"""How each entry of a run is undone, by what became of it and what came after it (D9, S6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from rollbook.client.undo_values import Decision, Left, Reason, Way
from rollbook.contract.operations import Kind
from rollbook.domain.entity import Values
from rollbook.domain.registry import ENTITIES
from rollbook.store import aliases, listing, undone
from rollbook.store.entry_text import changes_of
from rollbook.store.states import NEEDS_A_PERSON, State

_ENDED = (State.REPLACED, State.DISCARDED, State.DECLINED)


@dataclass(slots=True)
class Undone:
    """What this undo has done so far: entries, records that it has taken away, values that it puts back."""

    run: str
    op_ids: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)


def decide(
    connection: Connection, op_ids: Sequence[str], before: Undone, *, overwrite: bool
) -> list[Decision]:
    """Decide on entries, the last first; ``before`` is gone on with.

    ``overwrite``: a person has said that later edits and uses are to be undone as well.
    """
    rows = undone.entries(connection, op_ids)
    around = _Around(connection, rows, before)
    found = []
    for row in rows:
        decision = _Deciding(row, around, before, overwrite=overwrite).decided()
        if decision.way is not None:
            before.op_ids.add(row.op_id)
            if row.kind == Kind.CREATE:
                before.records.add(decision.record_id)
            put_back = {name: value for name, (_now, value) in decision.back.items()}
            before.values.setdefault(decision.record_id, {}).update(put_back)
        found.append(decision)
    return found


class _Around:
    """What is here of the records of some entries, read set-wise."""

    def __init__(self, connection: Connection, rows: Iterable[Any], before: Undone) -> None:
        by_entity: dict[str, list[Any]] = {}
        for row in rows:
            by_entity.setdefault(row.entity, []).append(row)
        ids = [row.entity_id for some in by_entity.values() for row in some]
        self.meant = {each: each for each in ids} | aliases.meant_all(connection, ids)
        self.shown: dict[str, Values] = {}
        self.named_by: dict[str, set[str]] = {}
        for entity, some in by_entity.items():
            records = [self.meant[row.entity_id] for row in some]
            found = listing.matching(connection, entity, archived=True, id=records)
            self.shown |= {row["id"]: row for row in found}
            made = [self.meant[row.entity_id] for row in some if row.kind == Kind.CREATE]
            for record_id, names in undone.naming(connection, entity, made):
                self.named_by.setdefault(record_id, set()).add(names)
        self.waiting = undone.waiting_of(connection, list(self.meant.values()))
        self._before = before

    def others(self, row: Any) -> list[Any]:
        """Entries of the record that wait, but for this one and what the undo itself does."""
        return [
            each
            for each in self.waiting.get(self.meant[row.entity_id], ())
            if each.op_id != row.op_id
            and each.op_id not in self._before.op_ids
            and each.run != self._before.run
        ]

    def now(self, record_id: str) -> dict[str, Any]:
        """What the record shows, with what the undo has put back so far."""
        return {**self.shown.get(record_id, {}), **self._before.values.get(record_id, {})}


class _Deciding:
    """One entry looked at."""

    def __init__(self, row: Any, around: _Around, before: Undone, *, overwrite: bool) -> None:
        self.row = row
        self.overwrite = overwrite
        self.record_id = around.meant[row.entity_id]
        self.others = around.others(row)
        self.now = around.now(self.record_id)
        self.changes = changes_of(row.changes)
        self.named_by = around.named_by.get(self.record_id, set()) - before.records
        self.made = Decision(row, self.record_id)

    def decided(self) -> Decision:
        """How it is undone, or why it stays."""
        row = self.row
        if row.state in _ENDED:
            return self.made
        if row.state == State.HANDED_OVER:
            return self._left(Reason.WITH_REGISTRAR)
        if row.kind == Kind.ALIAS:
            return self._left(Reason.MERGE)
        if row.replaces is not None and not self.overwrite:
            return self._left(Reason.MENDED)
        if row.state in NEEDS_A_PERSON:
            return self._given_up()
        if any(each.state in NEEDS_A_PERSON for each in self.others):
            return self._left(Reason.NEEDS_DECISION)
        decide = {Kind.CREATE: self._create, Kind.UPDATE: self._update, Kind.ARCHIVE: self._archive}
        return decide[Kind(row.kind)]()

    @property
    def _unsent(self) -> bool:
        row = self.row
        return row.state == State.QUEUED and row.frozen is None and row.carried_by is None

    def _given_up(self) -> Decision:
        """What was refused is given up, where nothing else goes with it."""
        tied = self.others or (self.row.kind == Kind.CREATE and self.named_by)
        if self.row.uncertain or self.row.carried_by is not None or tied:
            return self._left(Reason.NEEDS_DECISION)
        self.made.way = Way.GIVEN_UP
        return self.made

    def _create(self) -> Decision:
        if self.now.get("deleted"):
            return self.made  # it was archived since: that is what undoing does
        tied = bool(self.others or self.named_by)
        if (tied or self._changed_since() or self._was_there()) and not self.overwrite:
            return self._left(Reason.USED_SINCE)
        if self._unsent and not tied:
            self.made.way = Way.TAKEN_BACK
        else:
            self.made.way, self.made.archives = Way.COMPENSATED, True
        return self.made

    def _changed_since(self) -> bool:
        wrote = {name: change["value"] for name, change in self.changes.items()}
        return any(self.now.get(name) != wrote.get(name) for name in ENTITIES[self.row.entity].names)

    def _was_there(self) -> bool:
        """The school had it already, by its natural key: it was made by somebody else (S16)."""
        first = self.row.base_version is None and self.row.result_version not in (None, 1)
        return first or self.row.merged_fields != "[]"

    def _update(self) -> Decision:
        if self.now.get("deleted"):
            return self._left(Reason.ARCHIVED_SINCE)
        for name, change in self.changes.items():
            now = self.now.get(name)
            if now == change["value"] or self.overwrite:
                self.made.back[name] = (now, change["had"])
            else:
                self._leave(Reason.LATER_EDIT, name, change, now)
        if self._unsent:
            self.made.way = Way.TAKEN_BACK
        elif self.made.back:
            self.made.way = Way.COMPENSATED
        return self.made

    def _archive(self) -> Decision:
        if not self.now.get("deleted"):
            return self.made if not self._unsent else self._left(Reason.USED_SINCE)
        if self._unsent and not self.others:
            self.made.way = Way.TAKEN_BACK
        elif self.row.state == State.APPLIED and not self.others:
            self.made.way, self.made.restores = Way.COMPENSATED, True
        else:
            return self._left(Reason.ON_ITS_WAY)
        return self.made

    def _left(self, reason: Reason) -> Decision:
        self._leave(reason, "", {}, None)
        return self.made

    def _leave(self, reason: Reason, name: str, change: dict[str, Any], now: Any) -> None:
        row = self.row
        left = Left(
            row.op_id,
            row.entity,
            self.record_id,
            row.label,
            name,
            reason,
            change.get("had"),
            change.get("value"),
            now,
        )
        self.made.left.append(left)
