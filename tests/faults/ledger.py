"""What people entered and decided, as they themselves would tell it. Knows no rule of merging."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

FIELDS = ("family_name", "given_name", "student_number", "homeroom", "address", "phone")
Key = tuple[str, str, str]
"""Desk, record, field."""


@dataclass(slots=True)
class Entry:
    """One entry: its values by field; ``archive`` for an archive. ``step`` is when it was entered."""

    op_id: str
    desk: str
    record: str
    values: dict[str, Any]
    step: int
    place: int  # an entry that a decision made stands where the one stood that it goes on for
    archive: bool = False
    follows: str | None = None  # the entry that a person's decision made this one of


@dataclass(slots=True)
class Decision:
    """A person ended an entry. ``dropped`` fields are given up; the others go on in ``successor``."""

    how: str
    successor: str | None = None
    dropped: frozenset[str] = frozenset()


@dataclass(slots=True)
class Ledger:
    """Entries by op_id, decisions by op_id, and what each desk's people had in front of them, and when."""

    entries: dict[str, Entry] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    seen: dict[Key, dict[Any, int]] = field(default_factory=dict)
    entered: dict[Key, dict[Any, int]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """The number of the present step."""
        return len(self.steps)

    def say(self, what: str) -> None:
        """Note a step, for whoever reads a failing history."""
        self.steps.append(what)

    def saw(self, desk: str, record: str, values: dict[str, Any]) -> None:
        """The person had these values in front of them."""
        for name, value in values.items():
            self.seen.setdefault((desk, record, name), {}).setdefault(value, self.step)

    def went_out(self, op_ids: Iterable[str], held: Collection[str]) -> None:
        """The desk sends these: what its people come to see from now on changes nothing in them.

        What the school ``held`` back the last time goes as it is meant now.
        """
        for op_id in op_ids:
            if op_id in held or op_id not in self.sent:
                self.sent[op_id] = self.step

    def enter(self, entry: Entry) -> None:
        """A person entered this."""
        self.entries[entry.op_id] = entry
        for name, value in entry.values.items():
            self.entered.setdefault((entry.desk, entry.record, name), {})[value] = self.step

    def left_empty(self, desk: str, record: str, names: Iterable[str]) -> None:
        """A person gave values up, and has no others for these fields."""
        for name in names:
            self.entered.setdefault((desk, record, name), {})[None] = self.step

    def decide(self, op_ids: Iterable[str], decision: Decision) -> None:
        """A person ended these entries."""
        for op_id in op_ids:
            self.decisions[op_id] = decision

    def place_of(self, op_ids: Iterable[str]) -> int:
        """Where an entry stands that goes on for these; a new one stands at the present step."""
        return min(
            (self.entries[op_id].place for op_id in op_ids if op_id in self.entries), default=self.step
        )

    def composed(self, op_ids: Iterable[str]) -> dict[str, Any]:
        """The last values of several entries of one record, in their order."""
        chosen = sorted(
            (self.entries[op_id] for op_id in op_ids if op_id in self.entries), key=lambda one: one.place
        )
        return {name: value for entry in chosen for name, value in entry.values.items()}
