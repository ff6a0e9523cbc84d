"""What a dry run finds: the plan, its rows and their problems (D9). Plain immutable values."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rollbook.exchange.columns import ColumnMapping


class Outcome(StrEnum):
    """What an import would do with a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    PROBLEM = "problem"
    LEFT_OUT = "left_out"  # no student of today: another role, or inactive in the file
    REMOVED = "removed"  # archived: the file says so, or it is whole and has it no more


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A value as it is (``None`` in a new record) and as the file has it, both canonical."""

    had: Any
    value: Any


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in a row. ``column`` is the heading, empty where the row as a whole is meant."""

    row: int
    column: str
    code: str
    message: str
    suggestion: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """One row of the dry run. ``number`` is its line in the file.

    ``record_id`` is the record that it is about; for a new one the id that every desk would give it (S16), or
    ``None`` where the file has no ids and the caller makes one. ``edited`` are differences that stay, as the
    field was changed here since the last import (D10). ``marks`` are those of what the file has, as text.
    """

    number: int
    outcome: Outcome
    record_id: str | None = None
    changes: dict[str, FieldDifference] | None = None
    problems: tuple[RowProblem, ...] = ()
    notes: tuple[str, ...] = ()
    edited: dict[str, FieldDifference] | None = None
    marks: str = ""

    @property
    def differences(self) -> dict[str, FieldDifference]:
        """The changes, empty where there are none."""
        return self.changes or {}


@dataclass(frozen=True, slots=True)
class FileWarning:
    """Something about the whole file that does not stop it. ``code`` is stable."""

    code: str
    message: str
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The dry run of a file: every row's outcome in the file's order. Nothing has been stored."""

    rows: tuple[RowOutcome, ...]
    warnings: tuple[FileWarning, ...]
    mapping: ColumnMapping

    def count(self, outcome: Outcome) -> int:
        """How many rows have that outcome."""
        return self.counts[outcome]

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rows have each outcome; all outcomes are named."""
        found = Counter(row.outcome for row in self.rows)
        return {outcome: found[outcome] for outcome in Outcome}

    @property
    def problems(self) -> tuple[RowProblem, ...]:
        """All problems of all rows."""
        return tuple(problem for row in self.rows for problem in row.problems)

    def to_write(self) -> Iterator[RowOutcome]:
        """The rows that would be stored: new and changed."""
        return (row for row in self.rows if row.outcome in {Outcome.NEW, Outcome.CHANGED})
