"""The dry run (D9): every row's outcome, worked out without storing anything."""

from collections import Counter
from collections.abc import Collection, Iterator

from rollbook.domain.canonical import breaches_of
from rollbook.domain.entity import RuleBreach, Values
from rollbook.domain.student import STUDENT
from rollbook.exchange.columns import ColumnMapping
from rollbook.exchange.existing import Existing, Known
from rollbook.exchange.headings import Aside
from rollbook.exchange.matching import Match, find_match, keys_of
from rollbook.exchange.outcomes import (
    FieldDifference,
    FileWarning,
    ImportPlan,
    Outcome,
    RowOutcome,
    RowProblem,
)
from rollbook.exchange.row_reading import ReadRow, RowReader, problem_of
from rollbook.exchange.table import Row, Table


def plan_import(
    table: Table,
    mapping: ColumnMapping,
    existing: Existing,
    *,
    school_id: str,
    schools: Collection[str] = (),
) -> ImportPlan:
    """Work out what importing ``table`` into the school ``school_id`` would do.

    ``schools`` are the ids and names under which the user's school may be named in a file; a reference to any
    other is reported, and its students go to the user's school.
    """
    planner = _Planner(table, mapping, existing, school_id)
    rows = tuple(planner.outcome(row) for row in table.rows)
    warnings = (*planner.warnings, *_file_warnings(table, mapping, rows, schools))
    return ImportPlan(rows, warnings, planner.mapping)


class _Planner:
    """Goes through the rows in order, remembering what each has claimed, so that a second claim is seen."""

    def __init__(self, table: Table, mapping: ColumnMapping, existing: Existing, school_id: str) -> None:
        self._reader = RowReader(table, mapping)
        self._existing = existing
        self._school_id = school_id
        self._claimed: dict[tuple[str, ...], int] = {}

    @property
    def warnings(self) -> list[FileWarning]:
        return self._reader.warnings

    @property
    def mapping(self) -> ColumnMapping:
        return self._reader.mapping

    def outcome(self, row: Row) -> RowOutcome:
        read = self._reader.read(row)
        if read.left_out:
            return RowOutcome(row.number, Outcome.LEFT_OUT, notes=(read.left_out,))
        self._claim(read)
        if read.problems:
            return self._problem(read)
        match = find_match(read.values, self._existing, self._school_id)
        if match.breach is not None:
            return self._problem(read, match.breach)
        if match.known is not None and not self._claim_record(read, match.known):
            return self._problem(read)
        if match.note:
            read.notes.append(match.note)
        return self._new(read, match) if match.known is None else self._known(read, match, match.known)

    def _claim(self, read: ReadRow) -> None:
        """Have this row speak for its keys; one that is taken is a problem that names the first row."""
        for key in keys_of(read.values, whole=not read.problems):
            first = self._claimed.setdefault(key, read.number)
            if first != read.number:
                read.problems.append(self._repeated(read, key[0], first))
                return

    def _claim_record(self, read: ReadRow, known: Known) -> bool:
        """Two rows may name one record in different ways, one by its id, the other by its number."""
        first = self._claimed.setdefault(("record", known.id), read.number)
        if first != read.number:
            read.problems.append(self._repeated(read, "student", first))
        return first == read.number

    def _repeated(self, read: ReadRow, what: str, first: int) -> RowProblem:
        field = {"id": "sourced_id", "student number": "student_number"}.get(what, "")
        breach = RuleBreach(
            field,
            "repeated",
            f"Row {first} of this file has the same {what}.",
            "Keep one of the two rows, or correct the other.",
        )
        return problem_of(read.number, self._reader.column_name(field), breach)

    def _new(self, read: ReadRow, match: Match) -> RowOutcome:
        breaches = breaches_of(STUDENT, read.values)
        if breaches:
            return self._problem(read, *breaches)
        changes = {name: FieldDifference(None, value) for name, value in read.values.items()}
        return RowOutcome(read.number, Outcome.NEW, match.new_id, changes, notes=tuple(read.notes))

    def _known(self, read: ReadRow, match: Match, known: Known) -> RowOutcome:
        changes = _differences(read.values, known.values, keep_source=match.keep_source)
        merged = {**known.values, **{name: change.value for name, change in changes.items()}}
        breaches = breaches_of(STUDENT, merged)
        if breaches:
            return self._problem(read, *breaches)
        kept = [name for name in read.empty if known.values.get(name) is not None]
        if kept:
            read.notes.append(f"Empty in the file, left as it is: {', '.join(kept)}.")
        outcome = Outcome.CHANGED if changes else Outcome.SAME
        return RowOutcome(read.number, outcome, known.id, changes, notes=tuple(read.notes))

    def _problem(self, read: ReadRow, *breaches: RuleBreach) -> RowOutcome:
        more = [
            problem_of(read.number, self._reader.column_name(breach.field), breach) for breach in breaches
        ]
        return RowOutcome(
            read.number, Outcome.PROBLEM, problems=(*read.problems, *more), notes=tuple(read.notes)
        )


def _differences(values: Values, had: Values, *, keep_source: bool) -> dict[str, FieldDifference]:
    return {
        name: FieldDifference(had.get(name), value)
        for name, value in values.items()
        if had.get(name) != value and not (keep_source and name in {"source_system", "sourced_id"})
    }


def _file_warnings(
    table: Table, mapping: ColumnMapping, rows: tuple[RowOutcome, ...], schools: Collection[str]
) -> Iterator[FileWarning]:
    if not table.rows:
        yield FileWarning(
            "no-rows", "The file has headings but no rows.", "Look whether it is the right one."
        )
    yield from _unknown_schools(table, mapping, rows, schools)
    if not mapping.column_of("sourced_id") and not mapping.column_of("student_number"):
        yield FileWarning(
            "no-key",
            "The file has neither ids nor numbers; students are recognised only where all values agree.",
            "Add a column with the student number if the file is to change students.",
        )
    yield from _left_out(rows)


def _unknown_schools(
    table: Table, mapping: ColumnMapping, rows: tuple[RowOutcome, ...], schools: Collection[str]
) -> Iterator[FileWarning]:
    column = mapping.column_of(Aside.SCHOOL)
    if column is None:
        return
    known = {name.casefold() for name in schools}
    counts = Counter(
        reference
        for row, outcome in zip(table.rows, rows, strict=True)
        if outcome.outcome is not Outcome.LEFT_OUT and not row.fault
        for reference in (part.strip() for part in row.cells[column.index].split(","))
        if reference and reference.casefold() not in known
    )
    if counts:
        named = ", ".join(f"“{name}” ({number:,} rows)" for name, number in counts.most_common(20))
        yield FileWarning(
            "school-unknown",
            f"The column “{column.heading}” names schools that do not exist here: {named}.",
            "Their students go to your school.",
        )


def _left_out(rows: tuple[RowOutcome, ...]) -> Iterator[FileWarning]:
    reasons = Counter(row.notes[0] for row in rows if row.outcome is Outcome.LEFT_OUT)
    for reason, number in reasons.most_common():
        yield FileWarning("rows-left-out", f"{number:,} rows were left out: {reason}.")
