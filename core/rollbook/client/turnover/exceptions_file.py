"""Exceptions from a file: one student a row, each wrong row told (D14, D9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rollbook.client.facade import Client
from rollbook.client.turnover.values import Choice, StudentException
from rollbook.domain.classes import EXIT_TYPES
from rollbook.exchange import ColumnsError, Row, RowProblem, Table, read_table
from rollbook.schema.search_text import fold

_COLUMNS = {
    "student": ("student number", "number", "student id", "id", "student"),
    "choice": ("outcome", "decision", "exception"),
    "grade": ("grade level", "grade", "new grade"),
    "homeroom": ("homeroom", "new homeroom", "class"),
    "exit_type": ("exit type",),
}
_WORDS = {
    "promote": Choice.PROMOTE,
    "promoted": Choice.PROMOTE,
    "repeat": Choice.REPEAT,
    "repeats": Choice.REPEAT,
    "skip": Choice.SKIP,
    "skips": Choice.SKIP,
    "grade": Choice.GRADE,
    "moved": Choice.GRADE,
    "graduate": Choice.GRADUATE,
    "graduates": Choice.GRADUATE,
    "leave": Choice.LEAVE,
    "leaves": Choice.LEAVE,
}


@dataclass(frozen=True, slots=True)
class ExceptionsFile:
    """What a file says. Where there are problems, ``exceptions`` are those of the other rows."""

    exceptions: tuple[StudentException, ...]
    problems: tuple[RowProblem, ...]


class _RowError(Exception):
    def __init__(self, column: str, code: str, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.column, self.code, self.message, self.suggestion = column, code, message, suggestion


def read_exceptions(client: Client, file: Path) -> ExceptionsFile:
    """Read a CSV file or a workbook with the columns student number (or id) and outcome, and where wanted
    grade, homeroom and exit type. Raises :class:`ExchangeError` for what is no such table.
    """
    table = read_table(file)
    places = _places(table)
    found: dict[str, StudentException] = {}
    problems: list[RowProblem] = []
    for row in table.rows:
        cells = {name: row.cells[at].strip() for name, at in places.items() if at < len(row.cells)}
        if not any(cells.values()):
            continue
        try:
            each = _exception(client, row, cells)
            if each.student_id in found:
                raise _RowError("student", "twice", "This student stands in the file twice.", "Decide once.")
            found[each.student_id] = each
        except _RowError as wrong:
            heading = table.headers[places[wrong.column]] if wrong.column in places else ""
            problems.append(RowProblem(row.number, heading, wrong.code, wrong.message, wrong.suggestion))
    return ExceptionsFile(tuple(found.values()), tuple(problems))


def _places(table: Table) -> dict[str, int]:
    """Which column holds what. Raises :class:`ColumnsError`."""
    headings = [fold(heading.replace("_", " ")).strip() for heading in table.headers]
    places = {
        name: headings.index(word)
        for name, known in _COLUMNS.items()
        for word in reversed(known)
        if word in headings
    }
    if not {"student", "choice"} <= places.keys():
        raise ColumnsError(
            "columns-missing",
            "The file needs a column “student_number” (or “id”) and a column “outcome”.",
            "Name them in its first row.",
        )
    return places


def _exception(client: Client, row: Row, cells: Mapping[str, str]) -> StudentException:
    if row.fault:
        raise _RowError("", "row-form", row.fault, "Correct the row.")
    word = fold(cells.get("choice", "")).strip()
    if word not in _WORDS:
        raise _RowError(
            "choice",
            "not-an-outcome",
            f"“{cells.get('choice', '')}” is no outcome.",
            f"Use one of: {', '.join(Choice)}.",
        )
    choice, grade, exit_type = _WORDS[word], cells.get("grade") or None, cells.get("exit_type") or None
    if choice is Choice.GRADE and grade is None:
        raise _RowError("grade", "required", "The outcome is a grade, but not which.", "Name the grade.")
    if exit_type is not None and exit_type not in EXIT_TYPES:
        raise _RowError(
            "exit_type",
            "not-a-choice",
            f"“{exit_type}” is not known here.",
            f"Use one of: {', '.join(EXIT_TYPES)}.",
        )
    student = _student(client, cells.get("student", ""))
    return StudentException(student, choice, grade, cells.get("homeroom") or None, exit_type)


def _student(client: Client, wanted: str) -> str:
    found = client.bulk.named("student", wanted) if wanted else []
    if len(found) != 1:
        raise _RowError(
            "student",
            "not-found",
            f"{len(found) or 'No'} students here have the number or ID “{wanted}”.",
            "Look at the number, or give the ID.",
        )
    return found[0]
