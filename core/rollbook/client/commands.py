"""The facade's commands, done in this program, or by the one whose engine runs for the store (S26)."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from rollbook.client.edit_checks import key_id
from rollbook.client.handover.asking import BrokenOffError, NobodyThereError, ask
from rollbook.client.numbers import NEXT_NUMBER
from rollbook.client.resolving import Chosen, Resolving
from rollbook.client.saving import Saving
from rollbook.client.undoing import Undoing
from rollbook.client.values import Edit, Saved
from rollbook.domain.registry import ENTITIES
from rollbook.store import notices, outbox
from rollbook.store.database import StoreDatabase
from rollbook.store.errors import NotAllowedNowError
from rollbook.store.runs import RunNote
from rollbook.store.states import State

_Shape = TypeVar("_Shape")


_NEXT_NUMBER = {"rollbook": "next number"}
"""Stands for :data:`NEXT_NUMBER` on the wire; no field holds a mapping."""


def plain(given: Any) -> Any:
    """The argument of a command as it is handed over."""
    return msgspec.to_builtins(given, enc_hook=_stand_in)


def edit_of(edit: Edit) -> Edit:
    """An edit that was handed over, as it was meant."""
    changes = {name: NEXT_NUMBER if value == _NEXT_NUMBER else value for name, value in edit.changes.items()}
    return replace(edit, changes=changes)


def _stand_in(value: Any) -> Any:
    if value is NEXT_NUMBER:
        return _NEXT_NUMBER
    raise NotImplementedError(type(value).__name__)


class ManyEdits(msgspec.Struct, frozen=True):
    """Edits to be saved as one under a run id, and what is remembered of it."""

    edits: list[Edit]
    run: str
    note: RunNote | None = None


class Archiving(msgspec.Struct, frozen=True):
    """A record to be archived by an entry of that id."""

    entity: str
    entity_id: str
    op_id: str


class UndoneRun(msgspec.Struct, frozen=True):
    """A run to be undone, by a run of the id ``by``; see :class:`Undoing`."""

    run: str
    by: str
    keep_later: bool
    overwrite: bool


class Choice(msgspec.Struct, frozen=True):
    """A conflict to be settled, and how."""

    op_id: str
    choices: dict[str, Chosen]


@dataclass(slots=True)
class Commands:
    """Each command is such that doing it twice is doing it once, so that one that was handed over and never
    answered is simply done here: whoever was first, it is there once. ``mine``: this program's engine runs.
    """

    store: StoreDatabase
    saving: Saving
    resolving: Resolving
    folder: Path
    mine: bool = field(default=False)

    def save(self, edit: Edit) -> Saved:
        """Save an edit."""
        named = self._named(edit)
        return self._elsewhere("save", named, Saved, lambda _again: self.saving.save(named))

    def save_many(self, edits: list[Edit], run: str, note: RunNote | None = None) -> list[Saved]:
        """Save all edits, or none."""
        many = ManyEdits([self._named(edit) for edit in edits], run, note)
        return self._elsewhere(
            "save_many",
            many,
            list[Saved],
            lambda again: self.saving.save_many(many.edits, run, note, again=again),
        )

    def undo(self, run: str, by: str, keep_later: bool, overwrite: bool) -> None:
        """Undo a run."""
        wanted = UndoneRun(run, by, keep_later, overwrite)
        undoing = Undoing(self.store, self.saving)

        def here(_again: bool) -> None:
            undoing.undo(run, by, keep_later=keep_later, overwrite=overwrite)

        self._elsewhere("undo", wanted, type(None), here)

    def archive(self, entity: str, entity_id: str, op_id: str | None = None) -> Saved:
        """Archive a record."""
        named = Archiving(entity, entity_id, op_id or self.saving.new_id())
        return self._elsewhere(
            "archive", named, Saved, lambda _again: self.saving.archive(entity, entity_id, named.op_id)
        )

    def resolve(self, op_id: str, choices: Mapping[str, Chosen]) -> Saved:
        """Settle a conflict."""
        choice = Choice(op_id, dict(choices))
        return self._elsewhere(
            "resolve", choice, Saved, lambda again: self.resolving.resolve(op_id, choices, again=again)
        )

    def retry(self, op_id: str) -> None:
        """Send an entry again."""
        self._elsewhere("retry", op_id, type(None), lambda _again: self._retry(op_id))

    def take_back(self, op_id: str) -> bool:
        """Undo an entry that was never sent."""
        return self._elsewhere("take_back", op_id, bool, lambda again: self._take_back(op_id, again))

    def discard(self, op_id: str, *, together: bool) -> list[dict[str, Any]]:
        """Give an entry up; ``together`` with those of other records that hang on it."""
        do = "discard_together" if together else "discard"
        return self._elsewhere(
            do, op_id, list[dict[str, Any]], lambda again: self._discard(op_id, again, together=together)
        )

    def tell(self, do: str) -> None:
        """Have the program whose engine runs do it too, where that is another one."""
        if not self.mine:
            with contextlib.suppress(NobodyThereError, BrokenOffError):
                ask(self.folder, do, None, type(None))

    def notices_seen(self) -> None:
        """What befell the store was read."""
        with self.store.write() as connection:
            notices.seen(connection)

    def _elsewhere(self, do: str, given: Any, shape: type[_Shape], here: Callable[[bool], _Shape]) -> _Shape:
        """Hand it over where another program's engine runs, else do it ``here``.

        ``here`` is told whether it was asked for already, and may have been done.
        """
        if self.mine:
            return here(False)
        try:
            return ask(self.folder, do, plain(given), shape)
        except NobodyThereError:
            return here(False)
        except BrokenOffError:
            return here(True)

    def _named(self, edit: Edit) -> Edit:
        """With its ids chosen before anybody is asked; a natural key gives the same one every time (S16)."""
        named = replace(edit, op_id=edit.op_id or self.saving.new_id())
        if edit.entity_id or key_id(edit, self.saving.school_id):
            return named
        return replace(named, entity_id=self.saving.new_id(), seen=None)

    def _retry(self, op_id: str) -> None:
        with self.store.write() as connection:
            outbox.retry(connection, op_id)

    def _take_back(self, op_id: str, again: bool) -> bool:
        with self.store.write() as connection:
            row = outbox.find(connection, op_id)
            if row is None:
                return again
            return outbox.take_back(connection, ENTITIES[row.entity], op_id)

    def _discard(self, op_id: str, again: bool, *, together: bool) -> list[dict[str, Any]]:
        with self.store.write() as connection:
            row = outbox.find(connection, op_id)
            if row is None:
                raise NotAllowedNowError("There is no such entry.")
            if again and row.state == State.DISCARDED:
                return [outbox.exported(each) for each in outbox.group(connection, op_id)]
            at = self.saving.clock.now().isoformat()
            return outbox.discard(connection, op_id, at, together=together)
