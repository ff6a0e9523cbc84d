"""A row's cells read into a student's values, or its problems; and what the columns tell beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rollbook.domain.entity import FieldSpec, FieldType, RuleBreach
from rollbook.domain.student import STUDENT
from rollbook.exchange.columns import Column, ColumnMapping, Use
from rollbook.exchange.dates import Order, find_order
from rollbook.exchange.headings import Aside, folded
from rollbook.exchange.outcomes import FileWarning, RowProblem
from rollbook.exchange.table import Row, Table
from rollbook.exchange.values import CellError, read_cell

_INACTIVE = frozenset({"inactive", "tobedeleted", "deleted", "withdrawn", "ανενεργοσ", "ανενεργη"})
_PUPILS = frozenset({"student", "pupil", "learner", "μαθητησ", "μαθητρια", ""})


@dataclass(slots=True)
class ReadRow:
    """A row's values in canonical form (known ones only), and what was found on the way.

    ``empty`` names the fields whose cell said nothing; ``left_out`` says why the row is no student of today.
    ``reported`` are problems that do not keep the row from going in.
    """

    number: int
    values: dict[str, str | int] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    reported: list[RowProblem] = field(default_factory=list)
    left_out: str = ""


class RowReader:
    """Reads the rows of one table. The order of dates is settled once, from the whole column."""

    def __init__(self, table: Table, mapping: ColumnMapping) -> None:
        self.warnings: list[FileWarning] = []
        self.mapping = self._without_shared_ids(table, mapping)
        self._role = mapping.column_of(Aside.ROLE)
        self._status = mapping.column_of(Aside.STATUS)
        self._fields = list(_fields_of(self.mapping))
        self._orders = {
            column.index: self._order(table, column)
            for column, spec in self._fields
            if spec.type is FieldType.DATE
        }

    def read(self, row: Row) -> ReadRow:
        """The values of a row, its problems, or why it is left out."""
        found = ReadRow(row.number)
        if row.fault:
            found.problems.append(_form_problem(row))
            return found
        found.left_out = self._reason_to_leave_out(row)
        if not found.left_out:
            for column, spec in self._fields:
                self._read_cell(row, column, spec, found)
            self._add_source(found)
        return found

    def column_name(self, field_name: str) -> str:
        """The heading of the column that gives a field; the field's name where none does."""
        column = self.mapping.column_of(field_name)
        return column.heading if column else ""

    def _read_cell(self, row: Row, column: Column, spec: FieldSpec, found: ReadRow) -> None:
        order = self._orders.get(column.index, Order.DAY_FIRST)
        try:
            cell = read_cell(spec, row.cells[column.index], order)
        except CellError as error:
            found.problems.append(problem_of(row.number, column.heading, error.breach))
            return
        if cell.note:
            found.notes.append(f"{column.heading}: {cell.note}")
        if cell.value is None:
            found.empty.append(spec.name)
        else:
            found.values[spec.name] = cell.value

    def _add_source(self, found: ReadRow) -> None:
        """An id of the file is one together with the system that it is from; a system alone says nothing."""
        if "sourced_id" in found.values:
            found.values.setdefault("source_system", self.mapping.source_system)
        else:
            found.values.pop("source_system", None)

    def _reason_to_leave_out(self, row: Row) -> str:
        if self._role and folded(row.cells[self._role.index]) not in _PUPILS:
            return f"not a student ({row.cells[self._role.index].strip()})"
        if self._status and folded(row.cells[self._status.index]) in _INACTIVE:
            return f"not active in the file ({row.cells[self._status.index].strip()})"
        return ""

    def _without_shared_ids(self, table: Table, mapping: ColumnMapping) -> ColumnMapping:
        """A national id that all rows share is the state's name, as some files have it, and no one's id."""
        column = mapping.column_of("national_id")
        if column is None or not _one_value_for_all(table, column):
            return mapping
        self.warnings.append(_no_personal_id(column))
        return mapping.without(column, "The same in every row.")

    def _order(self, table: Table, column: Column) -> Order:
        american = self.mapping.source_system == "sds"
        default = Order.MONTH_FIRST if american else Order.DAY_FIRST
        cells = (row.cells[column.index] for row in table.rows if not row.fault)
        found = find_order(cells, default, sure=american)
        if found.warning:
            self.warnings.append(FileWarning("date-order", f"{column.heading}: {found.warning}"))
        return found.order


def problem_of(row: int, column: str, breach: RuleBreach) -> RowProblem:
    """A breach of the domain's rules as a problem of a row."""
    return RowProblem(row, column, breach.code, breach.message, breach.suggestion, breach.field)


def _fields_of(mapping: ColumnMapping) -> Iterator[tuple[Column, FieldSpec]]:
    for column in mapping.of_use(Use.FIELD):
        spec = STUDENT.field(column.target)
        if spec is not None:
            yield column, spec


def _form_problem(row: Row) -> RowProblem:
    return RowProblem(
        row.number,
        "",
        "row-form",
        row.fault,
        "A separator or a quotation mark may be missing or too many in this line; correct it in the file.",
    )


def _one_value_for_all(table: Table, column: Column) -> bool:
    cells = [row.cells[column.index].strip() for row in table.rows if not row.fault]
    given = [cell for cell in cells if cell]
    return len(given) > 1 and len(set(given)) == 1


def _no_personal_id(column: Column) -> FileWarning:
    return FileWarning(
        "not-personal",
        f"The column “{column.heading}” has the same value in every row, so it is no one's own id.",
        "It was left out.",
    )
