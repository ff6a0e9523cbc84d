"""Taking a file in: the same code for the window and the command line (D9, D12)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rollbook.client.facade import Client
from rollbook.client.values import Edit, Saved
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


@dataclass(frozen=True, slots=True)
class DryRun:
    """A file as read, and what importing it would do to each row. Nothing is stored yet."""

    table: Table
    plan: ImportPlan

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
class ImportRun:
    """What one import stored here, under one run id."""

    run: str
    saved: tuple[Saved, ...]


def dry_run(client: Client, file: Path) -> DryRun:
    """Read and check a file against this computer's records. Raises :class:`ExchangeError` for no table."""
    table = read_table(file)
    mapping = match_columns(table.headers)
    account = client.account
    records = (Known(row.id, row.values, archived) for row, archived in client.every_record("student"))
    plan = plan_import(
        table,
        mapping,
        KnownRecords(records),
        school_id=account.school_id,
        schools=(account.school_id, account.school_name),
    )
    return DryRun(table, plan)


def take_in(client: Client, checked: DryRun) -> ImportRun:
    """Store the rows that are new or changed, all as one; rows with problems stay out."""
    edits = [
        Edit(
            "student",
            row.record_id,
            {name: change.value for name, change in row.differences.items()},
            seen=None
            if row.outcome is Outcome.NEW
            else {name: change.had for name, change in row.differences.items()},
        )
        for row in checked.plan.to_write()
    ]
    run = client.new_run()
    return ImportRun(run, tuple(client.save_many(edits, run)))
