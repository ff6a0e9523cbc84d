"""The dry run (D9): every row's outcome, worked out without storing anything."""

from collections import Counter
from collections.abc import Collection, Iterator

from rollbook.domain.entity import RuleBreach
from rollbook.domain.student import STUDENT
from rollbook.exchange.columns import ColumnMapping
from rollbook.exchange.deciding import decided, repeated, with_problems
from rollbook.exchange.existing import Existing, Known
from rollbook.exchange.headings import Aside
from rollbook.exchange.matching import find_match, keys_of
from rollbook.exchange.outcomes import FileWarning, ImportPlan, Outcome, RowOutcome, RowProblem
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
        match = find_match(STUDENT, read.values, self._existing, self._school_id)
        if match.breach is not None:
            return self._problem(read, match.breach)
        if match.known is not None and not self._claim_record(read, match.known):
            return self._problem(read)
        if match.note:
            read.notes.append(match.note)
        return decided(STUDENT, read, match, self._reader.column_name)

    def _claim(self, read: ReadRow) -> None:
        """Have this row speak for its keys; one that is taken is a problem that names the first row."""
        for key in keys_of(STUDENT, read.values, whole=not read.problems):
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
        return problem_of(read.number, self._reader.column_name(field), repeated(field, what, first))

    def _problem(self, read: ReadRow, *breaches: RuleBreach) -> RowOutcome:
        return with_problems(read, self._reader.column_name, *breaches)


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
