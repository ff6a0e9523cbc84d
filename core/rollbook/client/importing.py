"""Taking a file in: the same code for the window and the command line (D9, D12)."""

from collections.abc import Mapping, Sequence
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
    NotATableError,
    Outcome,
    RowOutcome,
    Table,
    match_columns,
    plan_as_data,
    plan_as_text,
    plan_import,
    read_table,
)
from rollbook.exchange.column_choice import read_choice as read_choice
from rollbook.exchange.package import (
    PackagePlan,
    is_package,
    package_as_data,
    package_as_text,
    plan_package,
    read_files,
)

FORMATS = ("auto", "csv", "xlsx", "oneroster", "sds")
_FORM_OF_PACKAGE = {"OneRoster": "oneroster", "School": "sds", "SDS": "sds"}
MUCH_REMOVED = 0.05
"""The share of a source's records that an import may archive without a person confirming the number (D10)."""
_EDITED = (
    "{0:,} rows have fields that were edited here since the last import; these are left as they are. "
    "With --overwrite-edited they get the file's values."
)


@dataclass(frozen=True, slots=True)
class DryRun:
    """A file as read, and what importing it would do to each row. Nothing is stored yet."""

    table: Table
    plan: ImportPlan
    chosen: Mapping[str, str | None] | None = None
    """How columns were matched by hand."""
    as_last_time: bool = False
    """Whether that is how they were matched the last time."""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.table.name

    @property
    def problems(self) -> int:
        """How many rows cannot go in as they are."""
        return self.plan.count(Outcome.PROBLEM)

    @property
    def edited(self) -> int:
        """How many rows have fields that were edited here since the last import; these stay (D10)."""
        return _edited(self.plan.rows)

    def as_data(self) -> dict[str, Any]:
        """The report as plain data."""
        return plan_as_data(self.table, self.plan) | {"edited": self.edited}

    def as_text(self) -> str:
        """The report for people."""
        again = "Columns were matched by hand as the last time.\n" if self.as_last_time else ""
        return again + plan_as_text(self.table, self.plan) + _told_edited(self.edited)


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

    @property
    def edited(self) -> int:
        """How many rows have fields that were edited here since the last import; these stay (D10)."""
        return sum(_edited(part.rows) for part in self.plan.parts)

    def as_data(self) -> dict[str, Any]:
        """The report as plain data."""
        return package_as_data(self.plan) | {"to_confirm": self.to_confirm, "edited": self.edited}

    def as_text(self) -> str:
        """The report for people."""
        return package_as_text(self.plan) + _told_edited(self.edited)


@dataclass(frozen=True, slots=True)
class ImportRun:
    """What one import stored here, under one run id."""

    run: str
    saved: tuple[Saved, ...]


@dataclass(frozen=True, slots=True)
class ImportChoices:
    """What a person says of a file. ``columns`` is heading to field, ``None`` to leave one out.

    Without ``columns`` they are matched as by the last import of a file with the same headings, else by name.
    ``overwrite_edited``: a field that was edited here since the last import gets the file's value, too (D10).
    """

    form: str = "auto"
    sheet: str = ""
    columns: Mapping[str, str | None] | None = None
    overwrite_edited: bool = False


def dry_run(client: Client, file: Path, choices: ImportChoices = ImportChoices()) -> DryRun | PackageDryRun:
    """Read and check a file or package against this computer's records.

    Raises :class:`ExchangeError` for what is neither a table nor a package, or not what it was said to be.
    """
    names = (client.account.school_id, client.account.school_name)
    known = _Known(client, respect_edits=not choices.overwrite_edited)
    if is_package(file):
        files = read_files(file)
        plan = plan_package(files, known.of, school_id=client.account.school_id, schools=names)
        _check_form(choices.form, {_FORM_OF_PACKAGE.get(plan.form.split()[0], plan.form)}, plan.form)
        return PackageDryRun(plan)
    table = read_table(file, sheet=choices.sheet)
    _check_form(choices.form, {"csv" if table.delimiter else "xlsx"}, "a table")
    chosen, kept = choices.columns, None
    if chosen is None:
        chosen = kept = _last_choice(client, table.headers)
    mapping = match_columns(table.headers, chosen)
    records = known.of("student")
    students = plan_import(table, mapping, records, school_id=client.account.school_id, schools=names)
    return DryRun(table, students, chosen, as_last_time=bool(kept))


def take_in(client: Client, checked: DryRun | PackageDryRun) -> ImportRun:
    """Store the rows that are new, changed or gone, all as one; rows with problems stay out.

    What became of each row is remembered with the run, and how its columns were matched.
    """
    made = edits_of(checked.plan)
    run = client.new_run()
    details: dict[str, Any] = {}
    if isinstance(checked, DryRun):
        details = {"headings": list(checked.table.headers), "columns": checked.chosen or {}}
    note = RunNote("import", checked.name, details, rows=tuple(made.rows))
    return ImportRun(run, tuple(client.save_many(made.edits, run, note)))


def _check_form(wanted: str, found: set[str], called: str) -> None:
    if wanted != "auto" and wanted not in found:
        raise NotATableError(
            "other-format",
            f"This is not {wanted}: it was read as {' or '.join(sorted(found))} ({called}).",
            "Choose the right file, or leave the format to be found out.",
        )


def _last_choice(client: Client, headings: Sequence[str]) -> dict[str, str | None] | None:
    """How the columns of such a file were matched by hand the last time."""
    for run in client.runs.kept("import"):
        if run.details.get("headings") == list(headings):
            return run.details.get("columns") or None
    return None


def _edited(rows: Sequence[RowOutcome]) -> int:
    return sum(row.edited is not None for row in rows)


def _told_edited(rows: int) -> str:
    return f"\n{_EDITED.format(rows)}" if rows else ""


class _Known:
    """The records of this computer, read once for each entity that is asked for."""

    def __init__(self, client: Client, *, respect_edits: bool) -> None:
        self._client = client
        self._respect_edits = respect_edits
        self._records: dict[str, KnownRecords] = {}

    def of(self, entity: str) -> KnownRecords:
        """All of the entity, archived ones too."""
        if entity not in self._records:
            marks = self._client.runs.imported(entity) if self._respect_edits else {}
            rows = self._client.every_record(entity)
            known = (Known(row.id, row.values, archived, marks.get(row.id, "")) for row, archived in rows)
            self._records[entity] = KnownRecords(known, ENTITIES[entity])
        return self._records[entity]
