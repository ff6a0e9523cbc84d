"""The Sync centre's list: every entry that the school does not have yet (W6)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from rollbook.client.values import WaitingEntry
from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.choosing import choose
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels import moments
from rollbook_desktop.viewmodels.entry_words import STATE_ICONS, EntryWords, export_text, summary_of, words_of
from rollbook_desktop.viewmodels.labels import state_label

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
SETTLE_MS = 80
STATE_COLUMN = 2


class EntryTable(QAbstractTableModel):
    """Entries of the outbox, oldest first. Selection follows the entry, not the row (W15)."""

    renewed = Signal()
    told = Signal(str)
    """What became of a command, for a toast."""

    def __init__(
        self,
        facade: Facade,
        bridge: Bridge,
        now: Callable[[], datetime],
        icon: Callable[[str], Any] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._facade, self._bridge, self._now, self._icon = facade, bridge, now, icon
        self._entries: tuple[WaitingEntry, ...] = ()
        self._ticket: Ticket | None = None
        self.loaded = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.refresh)
        bridge.status_changed.connect(self._on_changed)

    def refresh(self) -> None:
        """Ask for the entries."""
        if self._ticket is None:
            self._ticket = self._bridge.query(self._facade.entries, self._take, self._failed)

    def number_of(self, op_id: str) -> int:
        """The row of an entry; -1 for none."""
        return next((number for number, entry in enumerate(self._entries) if entry.op_id == op_id), -1)

    def words(self, number: int) -> EntryWords | None:
        """All that is said of the entry in a row."""
        return words_of(self._entries[number], self._now()) if 0 <= number < len(self._entries) else None

    def export(self, op_id: str) -> str:
        """The entry as text to keep; empty when it is gone."""
        number = self.number_of(op_id)
        return export_text(self._entries[number]) if number >= 0 else ""

    def retry(self, op_id: str) -> None:
        """Try the entry again now."""
        self._bridge.command(partial(self._facade.retry, op_id), lambda _none: self._tell("retried"))

    def discard(self, op_id: str) -> None:
        """Drop the entry; the person has confirmed it."""
        self._bridge.command(partial(self._facade.discard, op_id), lambda _what: self._tell("discarded"))

    def export_and_discard(self, op_id: str, file: Path) -> None:
        """Write the entry to ``file``, and only then drop it."""
        text = self.export(op_id)
        if not text:
            self._tell("gone")
            return

        def work() -> None:
            file.write_text(text, encoding="utf-8")
            self._facade.discard(op_id)

        self._bridge.command(work, lambda _none: self._tell("exported"))

    def choose(self, op_id: str, side: str) -> None:
        """Settle a conflict for ``mine`` or ``theirs`` (S14)."""
        number = self.number_of(op_id)
        if number >= 0:
            work = partial(choose, self._facade, self._entries[number], side)
            self._bridge.command(work, lambda _saved: self._tell(side))

    def take_back(self, op_id: str) -> None:
        """Undo an entry that was never sent (S6)."""
        work = partial(self._facade.take_back, op_id)
        self._bridge.command(work, lambda done: self._tell("taken_back" if done else "too_late"))

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """The entries."""
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """Record, change, state, when."""
        return 0 if parent.isValid() else 4

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Student"), self.tr("Entry"), self.tr("State"), self.tr("When"))[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text of a cell, and the state's icon beside its word."""
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(entry, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._text(entry, index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == STATE_COLUMN and self._icon:
            return self._icon(STATE_ICONS.get(entry.state, "waiting"))
        return None

    def _text(self, entry: WaitingEntry, column: int) -> str:
        if column == 0:
            return entry.label or self.tr("(no name)")
        if column == 1:
            return summary_of(entry)
        if column == STATE_COLUMN:
            return state_label(entry.state)
        return moments.ago(entry.created_at, self._now())

    def _take(self, entries: tuple[WaitingEntry, ...]) -> None:
        self._ticket = None
        self.layoutAboutToBeChanged.emit()
        held = [(index, self._entries[index.row()].op_id) for index in self.persistentIndexList()]
        self._entries, self.loaded = entries, True
        for index, op_id in held:
            number = self.number_of(op_id)
            self.changePersistentIndex(index, self.index(number, index.column()) if number >= 0 else NO_INDEX)
        self.layoutChanged.emit()
        self.renewed.emit()

    def _failed(self, error: Exception) -> None:
        self._ticket = None
        self._bridge.unexpected.emit(error)

    def _on_changed(self) -> None:
        if not self._settle.isActive():
            self._settle.start()

    def _tell(self, what: str) -> None:
        self.told.emit(
            {
                "retried": self.tr("It is tried again now."),
                "discarded": self.tr("The entry is discarded."),
                "exported": self.tr("A copy is saved; the entry is discarded."),
                "mine": self.tr("Yours is kept, and goes to the school now."),
                "theirs": self.tr("The school's is kept."),
                "gone": self.tr("The entry is not here any more."),
                "taken_back": self.tr("Taken back."),
                "too_late": self.tr("It is on its way already and can't be taken back."),
            }[what]
        )
        self.refresh()
