"""What may be handed over, and how it is done by the program whose engine runs (S26)."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from rollbook.client.commands import Archiving, Choice, ManyEdits, UndoneRun, edit_of
from rollbook.client.handover.asking import BrokenOffError, NobodyThereError, ask
from rollbook.client.values import Edit, Saved, Status
from rollbook.store.runs import RunNote
from rollbook.sync.engine import EngineBusyError, SyncEngine

_SYNC_SECONDS = 600.0
_BUSY_SECONDS = 30.0
_AGAIN_SECONDS = 0.2


class Facade(Protocol):
    """The commands of the client's facade."""

    account: Any

    def save(self, edit: Edit) -> Saved: ...
    def save_many(self, edits: list[Edit], run: str, note: RunNote | None = None) -> list[Saved]: ...
    def archive(self, entity: str, entity_id: str, op_id: str | None = None) -> Saved: ...
    def undo_by(self, run: str, by: str, keep_later: bool, overwrite: bool) -> None: ...
    def take_back(self, op_id: str) -> bool: ...
    def retry(self, op_id: str) -> None: ...
    def discard(self, op_id: str, *, together: bool = False) -> list[dict[str, Any]]: ...
    def resolve(self, op_id: str, choices: Any) -> Saved: ...
    def status(self) -> Status: ...
    async def sync_with_the_others(self) -> Status: ...
    async def sign_out(self) -> None: ...


class Handed:
    """Does handed-over commands with the facade of this program, so that its window sees them too."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade
        self._commands: dict[str, Callable[[Any], Any]] = {
            "save": self._save,
            "save_many": self._save_many,
            "archive": self._archive,
            "resolve": self._resolve,
            "take_back": lambda given: facade.take_back(str(given)),
            "retry": lambda given: facade.retry(str(given)),
            "undo": self._undo,
            "discard": lambda given: facade.discard(str(given)),
            "discard_together": lambda given: facade.discard(str(given), together=True),
        }

    async def do(self, command: str, given: Any) -> Any:
        """Do one; raises what the facade raises, and ``KeyError`` for one that this version does not know."""
        if command == "sync":
            return await self._facade.sync_with_the_others()
        if command == "sign_out":
            return await self._facade.sign_out()
        return await asyncio.to_thread(self._commands[command], given)

    def _save(self, given: Any) -> Saved:
        return self._facade.save(edit_of(msgspec.convert(given, Edit)))

    def _save_many(self, given: Any) -> list[Saved]:
        many = msgspec.convert(given, ManyEdits)
        return self._facade.save_many([edit_of(edit) for edit in many.edits], many.run, many.note)

    def _archive(self, given: Any) -> Saved:
        wanted = msgspec.convert(given, Archiving)
        return self._facade.archive(wanted.entity, wanted.entity_id, wanted.op_id)

    def _undo(self, given: Any) -> None:
        wanted = msgspec.convert(given, UndoneRun)
        self._facade.undo_by(wanted.run, wanted.by, wanted.keep_later, wanted.overwrite)

    def _resolve(self, given: Any) -> Saved:
        choice = msgspec.convert(given, Choice)
        return self._facade.resolve(choice.op_id, choice.choices)


async def synced(facade: Facade, engine: SyncEngine, seconds: float | None) -> Status:
    """One whole cycle: of the engine that runs for the store, wherever it runs, else of this program's own.

    Raises :class:`CallFailedError`, or :class:`EngineBusyError` when another holds the store and answers not.
    """
    gives_up = asyncio.get_running_loop().time() + (seconds or _BUSY_SECONDS)
    while True:
        try:
            return await asyncio.to_thread(
                ask, facade.account.folder, "sync", None, Status, seconds or _SYNC_SECONDS
            )
        except (NobodyThereError, BrokenOffError):
            pass  # it does not run, or has just ended: then this program may
        try:
            await engine.once()
        except EngineBusyError:
            if asyncio.get_running_loop().time() > gives_up:
                raise
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            return facade.status()
