"""Taking a file in: the same code for the window and the command line (D9, D12)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rollbook.client.facade import Client
from rollbook.client.import_edits import edits_of
from rollbook.client.runs import RunNote
from rollbook.client.values import Saved
from rollbook.domain.registry import ENTITIES
from rollbook.exchange import (
    ImportPlan,
    Known,
    KnownRecords,
    Outcome,
    Table,
    match_columns,
    plan_as_data,
    plan_as_text,
    plan_import,
    read_table,
)
from rollbook.exchange.package import (
    PackagePlan,
    is_package,
    package_as_data,
    package_as_text,
    plan_package,
    read_files,
)

MUCH_REMOVED = 0.05
"""The share of a source's records that an import may archive without a person confirming the number (D10)."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """A file as read, and what importing it would do to each row. Nothing is stored yet."""

    table: Table
    plan: ImportPlan

    @property
    def name(self) -> str:
        """The file's name."""
        return self.table.name

    @property
    def problems(self) -> int:
        """How many rows cannot go in as they are."""
        return self.plan.count(Outcome.PROBLEM)

    def as_data(self) -> dict[str, Any]:
        """The report as plain data."""
        return plan_as_data(self.table, self.plan)

    def as_text(self) -> str:
        """The report for people."""
        return plan_as_text(self.table, self.plan)


@dataclass(frozen=True, slots=True)
class PackageDryRun:
    """A package as read, and what importing it would do to each row. Nothing is stored yet."""

    plan: PackagePlan

    @property
    def name(self) -> str:
        """The package's name."""
        return self.plan.name

    @property
    def problems(self) -> int:
        """How many rows cannot go in as they are."""
        return self.plan.counts[Outcome.PROBLEM]

    @property
    def to_confirm(self) -> int:
        """How many records it would archive, where they are so many that a person must confirm it; else 0."""
        return self.plan.removals if self.plan.removes_much(MUCH_REMOVED) else 0

    def as_data(self) -> dict[str, Any]:
        """The report as plain data."""
        return package_as_data(self.plan) | {"to_confirm": self.to_confirm}

    def as_text(self) -> str:
        """The report for people."""
        return package_as_text(self.plan)


@dataclass(frozen=True, slots=True)
class ImportRun:
    """What one import stored here, under one run id."""

    run: str
    saved: tuple[Saved, ...]


def dry_run(client: Client, file: Path) -> DryRun | PackageDryRun:
    """Read and check a file or package against this computer's records.

    Raises :class:`ExchangeError` for what is neither a table nor a package.
    """
    names = (client.account.school_id, client.account.school_name)
    if is_package(file):
        known = _Known(client)
        plan = plan_package(read_files(file), known.of, school_id=client.account.school_id, schools=names)
        return PackageDryRun(plan)
    table = read_table(file)
    mapping = match_columns(table.headers)
    records = _Known(client).of("student")
    students = plan_import(table, mapping, records, school_id=client.account.school_id, schools=names)
    return DryRun(table, students)


def take_in(client: Client, checked: DryRun | PackageDryRun) -> ImportRun:
    """Store the rows that are new, changed or gone, all as one; rows with problems stay out.

    What became of each row is remembered with the run.
    """
    made = edits_of(checked.plan)
    run = client.new_run()
    note = RunNote("import", checked.name, rows=tuple(made.rows))
    return ImportRun(run, tuple(client.save_many(made.edits, run, note)))


class _Known:
    """The records of this computer, read once for each entity that is asked for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._records: dict[str, KnownRecords] = {}

    def of(self, entity: str) -> KnownRecords:
        """All of the entity, archived ones too."""
        if entity not in self._records:
            rows = self._client.every_record(entity)
            known = (Known(row.id, row.values, archived) for row, archived in rows)
            self._records[entity] = KnownRecords(known, ENTITIES[entity])
        return self._records[entity]
