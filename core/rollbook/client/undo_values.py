"""What undoing a run would do, entry by entry, and what it leaves alone (D9)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rollbook.store.entry_text import Changes, changes_of


class Way(StrEnum):
    """How an entry is undone (S6)."""

    TAKEN_BACK = "taken_back"  # never sent: as if it had never been
    GIVEN_UP = "given_up"  # refused or in conflict: the school never took it
    COMPENSATED = "compensated"  # sent: a new entry writes what was before


class Reason(StrEnum):
    """Why something of a run stays."""

    LATER_EDIT = "later_edit"  # the field was changed since
    USED_SINCE = "used_since"  # the new record was changed since, or others name it
    MENDED = "mended"  # a person corrected the refused row
    ARCHIVED_SINCE = "archived_since"
    NEEDS_DECISION = "needs_decision"  # another entry of the record needs a person first
    ON_ITS_WAY = "on_its_way"  # an archive whose answer has not come: it can be undone after that
    WITH_REGISTRAR = "with_registrar"
    REFUSED = "refused"  # what was before breaks a rule now
    MERGE = "merge"  # two records made one are parted by a way of their own


ASKED = frozenset({Reason.LATER_EDIT, Reason.USED_SINCE, Reason.MENDED})
"""What a person may say to be undone all the same."""


@dataclass(frozen=True, slots=True)
class Left:
    """Something of a run that is left as it is. ``field`` is empty where the whole record is meant."""

    op_id: str
    entity: str
    entity_id: str
    label: str
    field: str
    reason: Reason
    had: Any = None
    wrote: Any = None
    now: Any = None

    @property
    def asked(self) -> bool:
        """Whether a person may say that it is to be undone all the same."""
        return self.reason in ASKED


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoing would do now: how many entries in each way, and what it would leave alone."""

    run: str
    ways: dict[Way, int]
    left: tuple[Left, ...]

    @property
    def to_ask(self) -> tuple[Left, ...]:
        """What a person must have seen: it was changed or used since."""
        return tuple(each for each in self.left if each.asked)


class LaterEditsError(Exception):
    """Something that the run wrote was changed or used since; nothing was undone. ``plan`` names it."""

    def __init__(self, plan: UndoPlan) -> None:
        super().__init__(f"{len(plan.to_ask)} of what it wrote was changed or used since.")
        self.plan = plan


@dataclass(slots=True)
class Decision:
    """What is done about one entry: the fields to write back, by what each is to hold then."""

    row: Any
    record_id: str
    way: Way | None = None
    back: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Field to (what is there now, what was before)."""
    archives: bool = False
    restores: bool = False
    left: list[Left] = field(default_factory=list)

    @property
    def changes(self) -> Changes:
        """What the entry wrote."""
        return changes_of(self.row.changes)
