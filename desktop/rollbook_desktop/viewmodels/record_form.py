"""One record in a form: what was seen, what was typed, and what became of it (W11, S13)."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from rollbook.client.values import Edit, RecordRow, RefusedEntryError, Saved
from rollbook.domain.entity import EntityType
from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.facade import Facade


@dataclass
class Draft:
    """``seen`` are the values that the person had before them; ``typed`` is what differs from them.

    ``meanwhile`` names typed fields whose value here has become another since.
    """

    seen: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    meanwhile: set[str] = field(default_factory=set)


class RecordForm(QObject):
    """The form of one entity. Nothing typed is lost by a refresh or by looking at another record."""

    opened = Signal()
    """Another record, or the same afresh: every field is to be filled."""
    refreshed = Signal(object)
    """Names of fields whose value is another now; the person has not typed into them."""
    errors_changed = Signal()
    state_changed = Signal()
    saved = Signal(object, str)
    """A :class:`Saved`, and what the record is called."""
    archived = Signal(object, str)
    missing = Signal()
    """The record is not here any more."""

    rights_changed = Signal()

    def __init__(self, facade: Facade, bridge: Bridge, entity: EntityType, may_write: bool) -> None:
        super().__init__()
        self._facade, self._bridge, self._entity = facade, bridge, entity
        self._drafts: dict[str | None, Draft] = {}
        self._draft = Draft()
        self._ticket: Ticket | None = None
        self._saving = False
        self.may_write = may_write
        self.record_id: str | None = None
        self.is_open = False
        self.mark = ""
        self.errors: dict[str, tuple[str, str]] = {}
        bridge.records_changed.connect(self._on_changed)

    def allow(self, may_write: bool) -> None:
        """Whether the user may change records from now on; what was typed stays (S23)."""
        if may_write != self.may_write:
            self.may_write = may_write
            self.rights_changed.emit()

    @property
    def is_new(self) -> bool:
        """A record that is not saved yet."""
        return self.is_open and self.record_id is None

    @property
    def is_dirty(self) -> bool:
        """Something is typed that is not saved."""
        return bool(self._draft.typed)

    @property
    def unsaved_count(self) -> int:
        """Records with something typed that is not saved, this one included."""
        return sum(bool(draft.typed) for draft in self._drafts.values())

    @property
    def changed_meanwhile(self) -> tuple[str, ...]:
        """Typed fields whose value has become another since they were seen."""
        return tuple(sorted(self._draft.meanwhile))

    @property
    def values(self) -> dict[str, Any]:
        """The record as it was seen, with what was typed over it."""
        return {**self._draft.seen, **self._draft.typed}

    def text_of(self, name: str) -> str:
        """What the field is to show."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def open(self, record_id: str) -> None:
        """Show a record; what was typed into it before is there again."""
        if self.is_open and record_id == self.record_id:
            return
        self._ask(record_id, self._take_opened)

    def open_new(self) -> None:
        """Show an empty form; what was typed into it before is there again."""
        self._drop()
        self._show(None, self._drafts.setdefault(None, Draft()), "")

    def close(self) -> None:
        """Show no record."""
        self._drop()
        self.is_open, self.record_id, self._draft, self.mark = False, None, Draft(), ""
        self.opened.emit()
        self.state_changed.emit()

    def edit(self, name: str, typed: str) -> None:
        """The person typed into a field; typing what was there takes the edit back."""
        if typed == _text(self._draft.seen.get(name)):
            self._draft.typed.pop(name, None)
            self._draft.meanwhile.discard(name)
        else:
            self._draft.typed[name] = typed
        if self.errors.pop(name, None):
            self.errors_changed.emit()
        self.state_changed.emit()

    def revert(self) -> None:
        """Forget what was typed and show the record as it is here."""
        if self.record_id is None:
            self._drafts.pop(None, None)
            self.open_new()
            return
        self._drafts.pop(self.record_id, None)
        self._ask(self.record_id, self._take_opened)

    def save(self) -> None:
        """Save what was typed; only changed fields go, with the values that were seen (S13)."""
        if self._saving or not self.is_open or not (self.is_dirty or self.is_new):
            return
        self._saving = True
        edit = Edit(self._entity.name, self.record_id, dict(self._draft.typed), dict(self._draft.seen))
        self._bridge.command(
            partial(self._facade.save, edit),
            partial(self._take_saved, self._draft, edit),
            partial(self._refused, self._draft),
        )

    def archive(self) -> None:
        """Archive the record."""
        if self.record_id is not None:
            record_id, values = self.record_id, self.values
            self._bridge.command(
                partial(self._facade.archive, self._entity.name, record_id),
                partial(self._take_archived, values),
            )

    def _ask(self, record_id: str, take: Any) -> None:
        self._drop()
        work = partial(self._facade.record, self._entity.name, record_id)
        self._ticket = self._bridge.query(work, partial(take, record_id))

    def _drop(self) -> None:
        if self._ticket is not None:
            self._ticket.drop()

    def _take_opened(self, record_id: str, row: RecordRow | None) -> None:
        if row is None:
            self.missing.emit()
            return
        draft = self._drafts.setdefault(record_id, Draft())
        self._bring_up_to_date(draft, row)
        self._show(record_id, draft, row.mark)

    def _show(self, record_id: str | None, draft: Draft, mark: str) -> None:
        self._forget_empty()
        self._drafts[record_id] = draft
        self.is_open, self.record_id, self._draft, self.mark = True, record_id, draft, mark
        self.errors = {}
        self.opened.emit()
        self.errors_changed.emit()
        self.state_changed.emit()

    def _forget_empty(self) -> None:
        self._drafts = {key: draft for key, draft in self._drafts.items() if draft.typed}

    def _bring_up_to_date(self, draft: Draft, row: RecordRow) -> set[str]:
        """Take over the record's values but for typed fields; gives the names of those taken over."""
        changed = set()
        for name in self._entity.names:
            value = row.values.get(name)
            if value == draft.seen.get(name):
                draft.meanwhile.discard(name)
            elif name in draft.typed:
                draft.meanwhile.add(name)
            else:
                draft.seen[name] = value
                changed.add(name)
        return changed

    def _on_changed(self, entity: str, ids: frozenset[str] | None) -> None:
        mine = ids is None or self.record_id in ids
        if entity == self._entity.name and self.record_id is not None and mine and not self._saving:
            self._ask(self.record_id, self._take_refreshed)

    def _take_refreshed(self, record_id: str, row: RecordRow | None) -> None:
        if record_id != self.record_id:
            return
        if row is None:
            self.missing.emit()
            return
        changed = self._bring_up_to_date(self._draft, row)
        self.mark = row.mark
        if changed:
            self.refreshed.emit(changed)
        self.state_changed.emit()

    def _take_saved(self, draft: Draft, edit: Edit, saved: Saved) -> None:
        self._saving = False
        for name, value in edit.changes.items():
            draft.seen[name] = value
            draft.meanwhile.discard(name)
            if draft.typed.get(name) == value:
                del draft.typed[name]
        if edit.entity_id is None:
            self._drafts.pop(None, None)
            self._drafts[saved.entity_id] = draft
            if draft is self._draft:
                self.record_id = saved.entity_id
        if draft is self._draft:
            self.errors = {}
            self.errors_changed.emit()
            self._ask(saved.entity_id, self._take_refreshed)
        self.saved.emit(saved, self._called({**draft.seen, **draft.typed}))
        self.state_changed.emit()

    def _refused(self, draft: Draft, error: Exception) -> None:
        self._saving = False
        if not isinstance(error, RefusedEntryError):
            self._bridge.unexpected.emit(error)
            return
        if draft is self._draft:
            self.errors = {item.field: (item.message, item.suggestion) for item in error.breaches}
            self.errors_changed.emit()

    def _take_archived(self, values: dict[str, Any], saved: Saved) -> None:
        self._drafts.pop(saved.entity_id, None)
        if self.record_id == saved.entity_id:
            self.close()
        self.archived.emit(saved, self._called(values))

    @staticmethod
    def _called(values: dict[str, Any]) -> str:
        parts = (values.get("given_name"), values.get("family_name"))
        return " ".join(str(part) for part in parts if part) or str(values.get("native_name") or "")


def _text(value: Any) -> str:
    return "" if value is None else str(value)
