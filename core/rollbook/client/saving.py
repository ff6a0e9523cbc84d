"""The one write path: a person's edit becomes an entry of the outbox, in one transaction (S1, H2)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection

from rollbook.client.edit_checks import (
    Changes,
    Named,
    Surroundings,
    changes_of,
    changes_of_create,
    check_allowed,
    check_fields,
    each_record_once,
    key_id,
    no_such_record,
    writable,
)
from rollbook.client.named_records import NamedRecords
from rollbook.client.numbers import Numbers
from rollbook.client.values import Edit, RefusedEntryError, Saved
from rollbook.contract.operations import Kind
from rollbook.contract.problems import FieldProblem, problem
from rollbook.domain import checkpoints
from rollbook.domain.clock import Clock
from rollbook.domain.entity import EntityType, RuleBreach
from rollbook.domain.files import UnfitFileError, divided
from rollbook.domain.ids import IdSource
from rollbook.domain.labels import label_of
from rollbook.domain.registry import ENTITIES
from rollbook.store import aliases, files, outbox, replica, runs, staged
from rollbook.store.database import StoreDatabase
from rollbook.store.entry_text import changes_of as changes_of_entry
from rollbook.store.outbox import NewEntry
from rollbook.store.replica import Here
from rollbook.store.runs import RunNote
from rollbook.store.states import State

_TOGETHER = 250
"""So many edits are stored by one transaction, so that another's save waits for a moment only."""
_ROOM_FOR_OTHERS_SECONDS = 0.01
REFUSED = "refused"
UNCHANGED = "unchanged"
Refused = tuple[Named, RefusedEntryError]


@dataclass(frozen=True, slots=True)
class Saving:
    """Saves edits for one user of one store."""

    store: StoreDatabase
    clock: Clock
    new_id: IdSource
    user: str
    school_id: str
    numbers: Numbers
    role: str

    def save(self, edit: Edit) -> Saved:
        """Make the edit durable here. Raises :class:`RefusedEntryError` or :class:`StoreError`."""
        with self.store.write() as connection:
            check_allowed(connection, edit.entity)
            saved = self.save_in(connection, edit)
            checkpoints.passed("client.save.before_commit")
        checkpoints.passed("client.save.committed")
        return saved

    def attach(self, entity: str, record_id: str, field: str, content: bytes) -> Saved:
        """Keep a file and the entry that names it, by one transaction (S31).

        Raises :class:`RefusedEntryError` for what is too large or no picture, and as :meth:`save`.
        """
        try:
            value, chunks = divided(content)
        except UnfitFileError as unfit:
            raise RefusedEntryError((RuleBreach(field, "not-a-file", str(unfit), ""),)) from unfit
        with self.store.write() as connection:
            files.keep(connection, chunks)
            saved = self.save_in(connection, Edit(entity, record_id, {field: str(value)}))
            checkpoints.passed("client.save.before_commit")
        checkpoints.passed("client.save.committed")
        return saved

    def save_in(self, connection: Connection, edit: Edit, run: str | None = None) -> Saved:
        """Save inside the caller's transaction."""
        return self.save_all_in(connection, [self._named(edit)], run)[0]

    def save_many(
        self, edits: Sequence[Edit], run: str, note: RunNote | None = None, *, again: bool = False
    ) -> list[Saved]:
        """Make all edits durable, or none (D9). Raises :class:`RefusedEntryError` or :class:`StoreError`.

        Many are first kept all by one transaction, then stored part by part; what a crash leaves of them is
        stored by :meth:`go_on`. An edit that another's change made impossible meanwhile is ``refused``.
        ``note`` is what is remembered of the run, by the same transaction. ``again``: another program was
        asked to, and may have done it (S26).
        """
        with self.store.read() as connection:  # only here: what has been kept once is stored, come what may
            for entity in {edit.entity for edit in edits}:
                check_allowed(connection, entity)
        named = [self._named(edit) for edit in edits]
        if again and (done := self._done_before(run, named)):
            return done
        parts = [named[start : start + _TOGETHER] for start in range(0, len(named), _TOGETHER)]
        if len(parts) <= 1:
            with self.store.write() as connection:
                self._remember(connection, run, note, named)
                saved = self.save_all_in(connection, named, run)
                _note_not_stored(connection, named, saved)
                checkpoints.passed("client.save_many.before_commit")
            return saved
        self._check(parts)
        with self.store.write() as connection:
            self._remember(connection, run, note, named)
            parts = [[self._numbered(connection, each) for each in part] for part in parts]
            staged.put(connection, run, [msgspec.json.encode(part).decode() for part in parts])
        checkpoints.passed("client.save_many.kept")
        return [saved for number, part in enumerate(parts) for saved in self._store(run, number, part)]

    def go_on(self) -> list[Saved]:
        """Store what a crash has kept from being stored."""
        with self.store.read() as connection:
            left = staged.left(connection)
        return [saved for run, part in left for saved in self._store(run, part, ())]

    def _done_before(self, run: str, edits: Sequence[Named]) -> list[Saved]:
        """What became of the run, if any of it is here."""
        with self.store.read() as connection:
            left = [part for kept, part in staged.left(connection) if kept == run]
        for part in left:
            self._store(run, part, ())
        with self.store.read() as connection:
            if not outbox.of_run(connection, run, [each.record_id for each in edits]):
                return []
            return _stored_before(connection, run, edits)

    def archive(self, entity_name: str, record_id: str, op_id: str | None = None) -> Saved:
        """Archive the record (D3), by an entry of that id where one was chosen.

        Raises :class:`RefusedEntryError` when there is none.
        """
        writable(entity_name)
        with self.store.write() as connection:
            check_allowed(connection, entity_name)
            return self.save_in(connection, Edit(entity_name, record_id, {}, op_id=op_id, archives=True))

    def _named(self, edit: Edit) -> Named:
        return Named(edit.entity_id or key_id(edit, self.school_id) or self.new_id(), edit)

    def _check(self, parts: Sequence[Sequence[Named]]) -> None:
        """Refuse all while nothing is stored, where one breaks a rule."""
        with self.store.read() as connection:
            for part in parts:
                around = Surroundings(connection, part)
                for named in part:
                    here = around.of(named.record_id)
                    if named.edit.archives:
                        self._check_archiving(connection, named, here)
                    else:
                        self._check_fields(connection, named, changes_of(named.without_next_numbers(), here))

    def _check_fields(self, connection: Connection, named: Named, changes: Changes) -> None:
        before = {name: change["had"] for name, change in changes.items()}
        after = {name: change["value"] for name, change in changes.items()}
        check_fields(connection, named.entity, self.role, before, after)

    def _check_archiving(self, connection: Connection, named: Named, here: Here | None) -> Here:
        if here is None:
            raise no_such_record()
        check_fields(connection, named.entity, self.role, here.values, {})
        return here

    def _numbered(self, connection: Connection, named: Named) -> Named:
        """The edit with its number, where it asked for the next one (S16)."""
        changes = self.numbers.drawn(connection, named.entity, named.edit.changes)
        if changes == named.edit.changes:
            return named
        self.numbers.note_used(connection, named.entity, named.record_id, changes)
        return Named(named.record_id, replace(named.edit, changes=changes))

    def _store(self, run: str, number: int, expected: Sequence[Named]) -> list[Saved]:
        with self.store.write() as connection:
            text = staged.take(connection, run, number)
            if text is None:  # another process went on with it
                saved = _stored_before(connection, run, expected)
            else:
                part = msgspec.json.decode(text, type=list[Named])
                refused: list[Refused] = []
                saved = self.save_all_in(connection, part, run, refused)
                if expected:
                    _note_not_stored(connection, part, saved)
                else:  # nobody waits for the answer any more
                    self._keep_refused(connection, refused, run)
        checkpoints.passed("client.save_many.part")
        time.sleep(_ROOM_FOR_OTHERS_SECONDS)  # who waits for the store gets it now
        return saved

    def save_all_in(
        self,
        connection: Connection,
        edits: Sequence[Named],
        run: str | None,
        refused: list[Refused] | None = None,
    ) -> list[Saved]:
        """Save edits in their order. One that breaks a rule stops all, but where there is a list for it."""
        saved: list[Saved] = []
        for part in each_record_once(_meant(connection, edits)):
            around = Surroundings(connection, part)
            named_records = NamedRecords(connection, part, around)
            saves = outbox.of_ids(connection, [each.edit.op_id for each in part if each.edit.op_id])
            news: dict[str, list[NewEntry]] = {}
            for named in part:
                if named.edit.op_id in saves:  # it is that save (S26)
                    saved.append(_there(saves[named.edit.op_id]))
                    continue
                try:
                    new = self._new_entry(connection, around, named, run)
                except RefusedEntryError as refusal:
                    if refused is None:
                        raise
                    refused.append((named, refusal))
                    saved.append(self._not_stored(named, REFUSED))
                    continue
                if new is None:
                    saved.append(self._not_stored(named, UNCHANGED))
                    continue
                here = around.of(named.record_id)
                new = named_records.completed(named.entity, here, _under(named.edit.op_id, new))
                news.setdefault(named.edit.entity, []).append(new)
                saved.append(_queued(named, new.op_id, new.action_id))
            for name, some in news.items():
                outbox.add_all(connection, ENTITIES[name], some)
        return saved

    def _remember(
        self, connection: Connection, run: str, note: RunNote | None, edits: Sequence[Named]
    ) -> None:
        if note is not None:
            made = [(each.edit.entity, each.record_id, each.edit.op_id or "") for each in edits]
            runs.keep(connection, run, note, made, self.clock.now().isoformat(), self.user)

    def _keep_refused(self, connection: Connection, refused: Sequence[Refused], run: str) -> None:
        """As entries that need a person: who entered them was told that they are sure (D9)."""
        for named, refusal in refused:
            kind = _kind_of(named.edit)
            changes = {name: {"had": None, "value": value} for name, value in named.edit.changes.items()}
            entry = self._entry(Here(None, {}), named.record_id, kind, changes, run)
            new = _under(named.edit.op_id, entry)
            outbox.add(connection, ENTITIES[named.edit.entity], new)
            errors = tuple(FieldProblem(b.field, b.message, b.suggestion, b.code) for b in refusal.breaches)
            outbox.park(connection, new.op_id, problem("validation-failed", errors=errors))

    def _not_stored(self, named: Named, why: str) -> Saved:
        return Saved(named.edit.entity, named.record_id, None, self.new_id(), why)

    def _new_entry(
        self, connection: Connection, around: Surroundings, named: Named, run: str | None
    ) -> NewEntry | None:
        """The entry that an edit becomes; ``None`` where nothing differs from what the person saw."""
        here = around.of(named.record_id)
        if named.edit.archives:
            here = self._check_archiving(connection, named, here)
            new = self._entry(here, named.record_id, Kind.ARCHIVE, {}, run)
            return _seen_under_own_edits(connection, named.entity, new)
        changes = changes_of(self._numbered(connection, named), here)
        self._check_fields(connection, named, changes)
        entered = {name: change["value"] for name, change in changes.items()}
        self.numbers.note_used(connection, named.entity, named.record_id, entered)
        if here is not None and (named.edit.anew or named.edit.entity_id is None):
            return self._created_again(connection, named, here, run)
        if here is None:
            return self._entry(Here(None, {}), named.record_id, Kind.CREATE, changes, run)
        if not changes:
            return None
        refused = around.mendable(named.record_id)
        if refused is not None and not changes.keys() & outbox.set_later(connection, refused):
            return self._mended(connection, here, refused, changes)
        # Where an entry that is on its way sets the same field, this one goes last: it was meant last.
        return self._entry(here, named.record_id, Kind.UPDATE, changes, run)

    def _created_again(
        self, connection: Connection, named: Named, here: Here, run: str | None
    ) -> NewEntry | None:
        """Create what is here already, by its natural key (S16).

        Nothing of it was seen: the school merges it by field, and asks where values differ. What is archived
        is created again on top of its tombstone, with what it held.
        """
        version, base, archived = replica.base_of(connection, named.entity, named.record_id)
        changes = changes_of_create(self._numbered(connection, named), here, base if archived else {})
        if not archived and all(here.values.get(name) == each["value"] for name, each in changes.items()):
            return None
        entry = self._entry(here, named.record_id, Kind.CREATE, changes, run)
        return replace(entry, base_version=version if archived else None)

    def _mended(self, connection: Connection, here: Here, refused: Any, changes: Changes) -> NewEntry:
        """A new entry in the place of the refused one, with all that it and those behind it wanted (S7).

        What waited behind it rides in it too: else an older value would go after the one entered now.
        """
        taken = [*outbox.group(connection, refused.op_id), *outbox.behind(connection, refused)]
        entries = [outbox.exported(row)["changes"] for row in taken]
        composed: Changes = {}
        for edit in [*entries, changes]:
            for name, change in edit.items():
                composed[name] = {"had": composed.get(name, change)["had"], "value": change["value"]}
        for row in taken:
            outbox.mark_replaced(connection, row.op_id, self.clock.now().isoformat())
        entry = self._entry(here, refused.entity_id, Kind(refused.kind), composed, refused.run)
        return replace(entry, replaces=refused.op_id, base_version=refused.base_version)

    def _entry(self, here: Here, record_id: str, kind: Kind, changes: Changes, run: str | None) -> NewEntry:
        entered = {name: change["value"] for name, change in changes.items()}
        return NewEntry(
            op_id=self.new_id(),
            kind=kind,
            entity_id=record_id,
            changes=changes,
            base_version=here.version,
            action_id=self.new_id(),
            created_at=self.clock.now().isoformat(),
            created_by=self.user,
            label=label_of({**here.values, **entered}),
            run=run,
        )


def _meant(connection: Connection, edits: Sequence[Named]) -> Sequence[Named]:
    """The edits on the records that they mean (D4)."""
    known = aliases.meant_all(connection, [each.record_id for each in edits])
    if not known:
        return edits
    return [replace(each, record_id=known.get(each.record_id, each.record_id)) for each in edits]


def _kind_of(edit: Edit) -> Kind:
    if edit.archives:
        return Kind.ARCHIVE
    return Kind.CREATE if edit.entity_id is None else Kind.UPDATE


def _note_not_stored(connection: Connection, edits: Sequence[Named], saved: Sequence[Saved]) -> None:
    """Rows of a run whose edit made no entry say why."""
    both = zip(edits, saved, strict=True)
    runs.end(connection, [(s.state, e.edit.op_id) for e, s in both if s.op_id is None and e.edit.op_id])


def _under(op_id: str | None, new: NewEntry) -> NewEntry:
    """The entry under the id that was chosen for it, where one was."""
    return new if op_id is None else replace(new, op_id=op_id)


def _there(row: Any) -> Saved:
    return Saved(row.entity, row.entity_id, row.op_id, row.action_id, row.state)


def _queued(named: Named, op_id: str, action_id: str) -> Saved:
    return Saved(named.edit.entity, named.record_id, op_id, action_id, State.QUEUED)


def _stored_before(connection: Connection, run: str, edits: Sequence[Named]) -> list[Saved]:
    found = outbox.of_run(connection, run, [each.record_id for each in edits])
    return [
        _queued(each, found[each.record_id].op_id, found[each.record_id].action_id)
        if each.record_id in found
        else Saved(each.edit.entity, each.record_id, None, run, UNCHANGED)
        for each in edits
    ]


def _seen_under_own_edits(connection: Connection, entity: EntityType, archive: NewEntry) -> NewEntry:
    """Edits that wait hide the school's values: the person saw only what the first of them had seen (S15).

    Where that was a form opened before the school's value came, they never saw that at all: 0 is no version.
    """
    waiting = outbox.rows_of_record(connection, archive.entity_id)
    if not waiting:
        return archive
    _version, base, _archived = replica.base_of(connection, entity, archive.entity_id)
    had: dict[str, Any] = {}
    for row in waiting:
        for name, change in changes_of_entry(row.changes).items():
            had.setdefault(name, change["had"])
    hidden = any(base.get(name) != value for name, value in had.items())
    return replace(archive, base_version=0 if hidden else waiting[0].base_version)
