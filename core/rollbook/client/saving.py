"""The one write path: a person's edit becomes an entry of the outbox, in one transaction (S1, H2)."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from rollbook.client.numbers import Numbers
from rollbook.client.values import Edit, RefusedEntryError, Saved
from rollbook.contract.operations import Kind
from rollbook.domain import checkpoints
from rollbook.domain.canonical import breaches_of, canonical_values
from rollbook.domain.clock import Clock
from rollbook.domain.entity import EntityType, RuleBreach
from rollbook.domain.ids import IdSource
from rollbook.domain.registry import ENTITIES
from rollbook.store import listing, outbox, replica
from rollbook.store.database import StoreDatabase
from rollbook.store.outbox import NewEntry
from rollbook.store.states import State


@dataclass(frozen=True, slots=True)
class Saving:
    """Saves edits for one user of one store."""

    store: StoreDatabase
    clock: Clock
    new_id: IdSource
    user: str
    numbers: Numbers

    def save(self, edit: Edit) -> Saved:
        """Make the edit durable here. Raises :class:`RefusedEntryError` or :class:`StoreError`."""
        with self.store.write() as connection:
            saved = self.save_in(connection, edit)
            checkpoints.passed("client.save.before_commit")
        checkpoints.passed("client.save.committed")
        return saved

    def save_many(self, edits: list[Edit], run: str) -> list[Saved]:
        """Make all edits durable as one, or none (D9)."""
        with self.store.write() as connection:
            return [self.save_in(connection, edit, run) for edit in edits]

    def save_in(self, connection: Connection, edit: Edit, run: str | None = None) -> Saved:
        """Save inside the caller's transaction."""
        entity = _writable(edit.entity)
        record_id = edit.entity_id or self.new_id()
        shown = _shown(connection, entity, record_id)
        if shown is None and edit.entity_id is not None and edit.seen is not None:
            raise _refused("id", "not-found", "There is no such record here.", "Refresh and look again.")
        values = _canonical(entity, self.numbers.drawn(connection, entity, edit.changes))
        seen = shown if edit.seen is None else {**(shown or {}), **edit.seen}
        changes = _changes(values, seen)
        _check_whole(entity, {**(shown or {}), **values})
        if shown is not None and not changes:
            return Saved(entity.name, record_id, None, self.new_id(), "unchanged")
        self.numbers.note_used(connection, entity, record_id, values)
        return self._store_entry(connection, entity, record_id, changes, creates=shown is None, run=run)

    def archive(self, entity_name: str, record_id: str) -> Saved:
        """Archive the record (D3). Raises :class:`RefusedEntryError` when there is none."""
        entity = _writable(entity_name)
        with self.store.write() as connection:
            if _shown(connection, entity, record_id) is None:
                raise _refused("id", "not-found", "There is no such record here.", "Refresh and look again.")
            new = self._entry(connection, entity, record_id, Kind.ARCHIVE, {}, None)
            outbox.add(connection, entity, _seen_under_own_edits(connection, new))
        return Saved(entity_name, record_id, new.op_id, new.action_id, State.QUEUED)

    def _store_entry(
        self,
        connection: Connection,
        entity: EntityType,
        record_id: str,
        changes: dict[str, dict[str, Any]],
        *,
        creates: bool,
        run: str | None,
    ) -> Saved:
        refused = None if creates else outbox.refused_entry(connection, record_id)
        if refused is not None and outbox.mendable(refused):
            new = self._mended(connection, entity, refused, changes)
        else:
            kind = Kind.CREATE if creates else Kind.UPDATE
            new = self._entry(connection, entity, record_id, kind, changes, run)
        outbox.add(connection, entity, new)
        return Saved(entity.name, record_id, new.op_id, new.action_id, State.QUEUED)

    def _mended(
        self, connection: Connection, entity: EntityType, refused: Any, changes: dict[str, dict[str, Any]]
    ) -> NewEntry:
        """A new entry in the place of the refused one, with all that it and those behind it wanted (S7).

        What waited behind it rides in it too: else an older value would go after the one entered now.
        """
        taken = [*outbox.group(connection, refused.op_id), *outbox.behind(connection, refused)]
        entries = [outbox.exported(row)["changes"] for row in taken]
        composed: dict[str, dict[str, Any]] = {}
        for edit in [*entries, changes]:
            for name, change in edit.items():
                composed[name] = {"had": composed.get(name, change)["had"], "value": change["value"]}
        for row in taken:
            outbox.mark_replaced(connection, row.op_id, self.clock.now().isoformat())
        return self._entry(
            connection,
            entity,
            refused.entity_id,
            Kind(refused.kind),
            composed,
            refused.run,
            replaces=refused.op_id,
            base_version=refused.base_version,
        )

    def _entry(
        self,
        connection: Connection,
        entity: EntityType,
        record_id: str,
        kind: Kind,
        changes: dict[str, dict[str, Any]],
        run: str | None,
        *,
        replaces: str | None = None,
        base_version: int | None = None,
    ) -> NewEntry:
        version, _values, _deleted = replica.base_of(connection, entity, record_id)
        shown = _shown(connection, entity, record_id) or {}
        label_values = {**shown, **{name: change["value"] for name, change in changes.items()}}
        return NewEntry(
            op_id=self.new_id(),
            kind=kind,
            entity_id=record_id,
            changes=changes,
            base_version=version if replaces is None else base_version,
            action_id=self.new_id(),
            created_at=self.clock.now().isoformat(),
            created_by=self.user,
            label=label_of(label_values),
            run=run,
            replaces=replaces,
        )


def _seen_under_own_edits(connection: Connection, archive: NewEntry) -> NewEntry:
    """Edits that wait hide the school's values: the person saw only what the first of them had seen (S15)."""
    waiting = outbox.rows_of_record(connection, archive.entity_id)
    return replace(archive, base_version=waiting[0].base_version) if waiting else archive


def label_of(values: dict[str, Any]) -> str:
    """What a person calls the record: its name, with the number where it has one."""
    name = " ".join(
        str(part) for part in (values.get("given_name"), values.get("family_name")) if part
    ) or str(values.get("native_name") or values.get("name") or "")
    number = values.get("student_number")
    return f"{name} ({number})" if number else name


def _writable(name: str) -> EntityType:
    entity = ENTITIES[name]
    if not entity.writable:
        raise _refused("entity", "read-only", f"A {name} is kept at the server.", "Ask an administrator.")
    return entity


def _shown(connection: Connection, entity: EntityType, record_id: str) -> dict[str, Any] | None:
    row = listing.one(connection, entity.name, record_id)
    return None if row is None else {name: row[name] for name in entity.names}


def _canonical(entity: EntityType, changes: dict[str, Any]) -> dict[str, Any]:
    values, breaches = canonical_values(entity, changes)
    if breaches:
        raise RefusedEntryError(breaches)
    return values


def _check_whole(entity: EntityType, values: dict[str, Any]) -> None:
    breaches = breaches_of(entity, values)
    if breaches:
        raise RefusedEntryError(breaches)


def _changes(values: dict[str, Any], seen: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Only what differs from what the person saw; a create's ``had`` is absent, ``None``."""
    before = seen or {}
    return {
        name: {"had": before.get(name), "value": value}
        for name, value in values.items()
        if before.get(name) != value
    }


def _refused(field: str, code: str, message: str, suggestion: str) -> RefusedEntryError:
    return RefusedEntryError((RuleBreach(field, code, message, suggestion),))
