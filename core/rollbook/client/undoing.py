"""Undoing a run: sure from one transaction on, and stored part by part (D9, S6)."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from rollbook.client.edit_checks import Named
from rollbook.client.saving import Refused, Saving
from rollbook.client.undo_deciding import Undone, decide
from rollbook.client.undo_values import Decision, LaterEditsError, Left, Reason, UndoPlan, Way
from rollbook.client.values import Edit
from rollbook.domain import checkpoints
from rollbook.store import imported, outbox, runs, staged, undone
from rollbook.store.database import StoreDatabase
from rollbook.store.errors import NotAllowedNowError
from rollbook.store.runs import RunNote, RunRow

UNDO = "undo"
_TOGETHER = 250
_ROOM_FOR_OTHERS_SECONDS = 0.01


class Part(msgspec.Struct, frozen=True):
    """Entries that an undo is still to look at, the last first."""

    op_ids: list[str]
    overwrite: bool


@dataclass(frozen=True, slots=True)
class Undoing:
    """Undoes runs for one user of one store."""

    store: StoreDatabase
    saving: Saving

    def plan(self, run: str, *, overwrite: bool = False) -> UndoPlan:
        """What undoing the run would do now. Raises :class:`NotAllowedNowError` for what is no run."""
        with self.store.read() as connection:
            _check(connection, run)
            before = Undone("")
            ways: Counter[Way] = Counter()
            left: list[Left] = []
            for part in _parts(undone.of_run(connection, run)):
                for each in decide(connection, part, before, overwrite=overwrite):
                    left += each.left
                    if each.way is not None:
                        ways[each.way] += 1
        return UndoPlan(run, dict(ways), tuple(left))

    def undo(self, run: str, by: str, *, keep_later: bool = False, overwrite: bool = False) -> None:
        """Undo the run, by a run of the id ``by``. What is changed or used since stays, and is asked first.

        ``keep_later``: a person has seen what stays. ``overwrite``: that is to be undone as well. The same
        ``by`` again is that undo. Raises :class:`LaterEditsError`, :class:`NotAllowedNowError` and
        :class:`StoreError`: then nothing was undone.
        """
        self.saving.go_on()  # what a crash has left of the run is here first
        if not self._begun(by):
            plan = self.plan(run, overwrite=overwrite)
            if plan.to_ask and not (keep_later or overwrite):
                raise LaterEditsError(plan)
            self._begin(run, by, overwrite=overwrite)
        self._go_on(by)

    def _begun(self, by: str) -> bool:
        with self.store.read() as connection:
            return runs.find(connection, by) is not None

    def go_on(self) -> bool:
        """Store what a crash has kept from being undone; whether there was any."""
        with self.store.read() as connection:
            left = {run for run, _part in staged.left(connection, undoing=True)}
        for run in left:
            self._go_on(run)
        return bool(left)

    def _begin(self, run: str, by: str, *, overwrite: bool) -> None:
        with self.store.write() as connection:
            kept = _check(connection, run)
            parts = [Part(part, overwrite) for part in _parts(undone.of_run(connection, run))]
            note = RunNote(UNDO, kept.title, {"overwrite": overwrite, "kind": kept.kind}, undoes=run)
            runs.keep(connection, by, note, (), self.saving.clock.now().isoformat(), self.saving.user)
            imported.forget_run(connection, run)
            if parts:
                staged.put(connection, by, [msgspec.json.encode(part).decode() for part in parts])
            checkpoints.passed("client.undo.before_commit")
        checkpoints.passed("client.undo.kept")

    def _go_on(self, by: str) -> None:
        with self.store.read() as connection:
            left = [part for run, part in staged.left(connection, undoing=True) if run == by]
        for number in left:
            with self.store.write() as connection:
                text = staged.take(connection, by, number)
                if text is not None:  # else another process has gone on with it
                    self._undo(connection, by, msgspec.json.decode(text, type=Part))
            checkpoints.passed("client.undo.part")
            time.sleep(_ROOM_FOR_OTHERS_SECONDS)  # who waits for the store gets it now

    def _undo(self, connection: Connection, by: str, part: Part) -> None:
        decisions = decide(connection, part.op_ids, Undone(by), overwrite=part.overwrite)
        ways: dict[Way, list[Decision]] = {way: [] for way in Way}
        for each in decisions:
            if each.way is not None:
                ways[each.way].append(each)
        undone.take_back(connection, [each.row for each in ways[Way.TAKEN_BACK]])
        at = self.saving.clock.now().isoformat()
        for each in ways[Way.GIVEN_UP]:
            outbox.discard(connection, each.row.op_id, at, together=False)
        refused = self._compensate(connection, by, ways[Way.COMPENSATED])
        self._overwrite(connection, by, ways[Way.TAKEN_BACK])
        rows = [_row_left(left) for each in decisions for left in each.left]
        rows += [_row_done(each, way) for way in (Way.TAKEN_BACK, Way.GIVEN_UP) for each in ways[way]]
        runs.add_rows(connection, by, [*rows, *map(_row_left, refused)])

    def _compensate(self, connection: Connection, by: str, decisions: Sequence[Decision]) -> list[Left]:
        """Enter what was before; gives what could not be entered."""
        edits = [_compensation(each, self.saving.new_id()) for each in decisions]
        refused: list[Refused] = []
        saved = self.saving.save_all_in(connection, edits, by, refused)
        not_taken = {named.edit.op_id for named, _why in refused}
        done = []
        rows = []
        left = []
        for each, named, result in zip(decisions, edits, saved, strict=True):
            if named.edit.op_id in not_taken:
                left.append(_refused(each))
                continue
            done.append((runs.UNDONE, each.row.op_id))
            rows.append((_row_done(each, Way.COMPENSATED), result.op_id))
        runs.end(connection, done)
        runs.add_rows(connection, by, [row for row, _ in rows], [op_id for _, op_id in rows])
        return left

    def _overwrite(self, connection: Connection, by: str, decisions: Sequence[Decision]) -> None:
        """What was entered on top of an entry that was taken back goes back, too, where a person said so."""
        over = []
        for each in decisions:
            wrote = {name: change["value"] for name, change in each.changes.items()}
            later = {name: back for name, back in each.back.items() if back[0] != wrote[name]}
            if later:
                over.append(Decision(each.row, each.record_id, Way.COMPENSATED, later))
        self._compensate(connection, by, over)


def _parts(found: Sequence[tuple[str, str]]) -> Iterator[list[str]]:
    """Entries in parts of which none has a record twice."""
    part: dict[str, str] = {}
    for op_id, record_id in found:
        if record_id in part or len(part) == _TOGETHER:
            yield list(part.values())
            part = {}
        part[record_id] = op_id
    if part:
        yield list(part.values())


def _check(connection: Connection, run: str) -> runs.KeptRun:
    kept = runs.find(connection, run)
    if kept is None:
        raise NotAllowedNowError(f"There is no run {run} on this computer.")
    if kept.kind == UNDO:
        raise NotAllowedNowError("This run is an undo itself. To have its entries back, do the work again.")
    return kept


def _compensation(each: Decision, op_id: str) -> Named:
    entity = each.row.entity
    if each.archives:
        return Named(each.record_id, Edit(entity, each.record_id, {}, op_id=op_id, archives=True))
    if each.restores:
        return Named(each.record_id, Edit(entity, None, {}, op_id=op_id))
    before = {name: value for name, (_now, value) in each.back.items()}
    seen: dict[str, Any] = {name: now for name, (now, _value) in each.back.items()}
    return Named(each.record_id, Edit(entity, each.record_id, before, seen, op_id=op_id))


def _refused(each: Decision) -> Left:
    row = each.row
    return Left(row.op_id, row.entity, each.record_id, row.label, "", Reason.REFUSED)


def _row_left(left: Left) -> RunRow:
    return RunRow("left", 0, "", left.entity, left.entity_id, problems=((left.field, left.reason.value),))


def _row_done(each: Decision, way: Way) -> RunRow:
    return RunRow(way.value, 0, "", each.row.entity, each.record_id)
