"""The dry run told: as plain data for programs, as text for people, and the bad rows as a file (D9)."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from rollbook.exchange.columns import Column, ColumnMapping, Use
from rollbook.exchange.headings import REASON_HEADING
from rollbook.exchange.outcomes import FileWarning, ImportPlan, Outcome, RowOutcome, RowProblem
from rollbook.exchange.table import Table
from rollbook.exchange.writing import save_workbook

WORDS = {
    Outcome.NEW: "new",
    Outcome.CHANGED: "changed",
    Outcome.SAME: "unchanged",
    Outcome.PROBLEM: "with a problem",
    Outcome.LEFT_OUT: "left out",
    Outcome.REMOVED: "to be archived",
}
_SHOWN_PROBLEMS = 50


def plan_as_data(table: Table, plan: ImportPlan, *, with_rows: bool = True) -> dict[str, Any]:
    """The plan as what JSON can hold; ``with_rows`` adds every row's outcome."""
    data: dict[str, Any] = {
        "file": table.name,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "source_system": plan.mapping.source_system,
        "rows_read": len(table.rows),
        "counts": {outcome.value: number for outcome, number in plan.counts.items()},
        "columns": [_column_data(column) for column in plan.mapping.columns],
        "notes": list(table.notes),
        "warnings": [warning_data(item) for item in plan.warnings],
        "problems": [problem_data(problem) for problem in plan.problems],
    }
    if with_rows:
        data["rows"] = [row_data(row) for row in plan.rows]
    return data


def plan_as_text(table: Table, plan: ImportPlan) -> str:
    """The plan in a few lines for people, with the first problems in full."""
    return "\n".join(_lines(table, plan))


def bad_rows_file(table: Table, plan: ImportPlan) -> bytes:
    """The rows with problems in the layout, encoding and separator of the file, with a column of reasons.

    Cells of password columns are empty. Where the reasons need characters that the encoding lacks, the file
    is UTF-8 with a mark.
    """
    headings = [*_without_reason(table, table.headers), REASON_HEADING]
    if not table.delimiter:
        workbook = io.BytesIO()
        save_workbook(workbook, headings, _bad_rows(table, plan))
        return workbook.getvalue()
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=table.delimiter).writerows([headings, *_bad_rows(table, plan)])
    return _encoded(text.getvalue(), table.encoding)


def _bad_rows(table: Table, plan: ImportPlan) -> Iterator[list[str]]:
    by_number = {row.number: row for row in plan.rows if row.outcome is Outcome.PROBLEM}
    for row in table.rows:
        bad = by_number.get(row.number)
        if bad is not None:
            cells = _without_reason(table, row.cells)
            padding = [""] * (len(_without_reason(table, table.headers)) - len(cells))
            yield [*cells, *padding, " ".join(_sentence(item) for item in bad.problems)]


def _without_reason(table: Table, cells: tuple[str, ...]) -> list[str]:
    """A file of bad rows that comes back has a column of reasons already."""
    return [
        cell
        for index, cell in enumerate(cells)
        if index >= len(table.headers) or table.headers[index] != REASON_HEADING
    ]


def _encoded(text: str, encoding: str) -> bytes:
    marked = {"utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(encoding, encoding)
    try:
        return text.encode(marked)
    except UnicodeEncodeError:
        return text.encode("utf-8-sig")


def _lines(table: Table, plan: ImportPlan) -> Iterator[str]:
    yield f"{table.name or 'The file'}: {len(table.rows):,} rows. {' '.join(table.notes)}"
    yield ", ".join(f"{number:,} {WORDS[outcome]}" for outcome, number in plan.counts.items()) + "."
    yield from _column_lines(plan.mapping)
    for warning in plan.warnings:
        yield f"Note: {warning.message} {warning.suggestion}".rstrip()
    problems = plan.problems
    for problem in problems[:_SHOWN_PROBLEMS]:
        place = f", {problem.column}" if problem.column else ""
        yield f"Row {problem.row}{place}: {problem.message} {problem.suggestion}".rstrip()
    if len(problems) > _SHOWN_PROBLEMS:
        yield f"… and {len(problems) - _SHOWN_PROBLEMS:,} more problems."


def _column_lines(mapping: ColumnMapping) -> Iterator[str]:
    used = ", ".join(f"{column.heading} → {column.target}" for column in mapping.of_use(Use.FIELD))
    yield f"Columns: {used}."
    for use, words in (
        (Use.UNMATCHED, "Columns that were not recognised and are left out"),
        (Use.LEFT_OUT, "Columns left out"),
        (Use.SECRET, "Passwords are never stored; left out"),
    ):
        columns = mapping.of_use(use)
        if columns:
            yield f"{words}: {', '.join(column.heading for column in columns)}."


def _column_data(column: Column) -> dict[str, str]:
    return {
        "heading": column.heading,
        "use": column.use.value,
        "target": column.target,
        "note": column.note,
    }


def warning_data(warning: FileWarning) -> dict[str, str]:
    """A warning as what JSON can hold."""
    return {"code": warning.code, "message": warning.message, "suggestion": warning.suggestion}


def row_data(row: RowOutcome) -> dict[str, Any]:
    """A row's outcome as what JSON can hold."""
    return {
        "row": row.number,
        "outcome": row.outcome.value,
        "id": row.record_id,
        "changes": {
            name: {"from": change.had, "to": change.value} for name, change in row.differences.items()
        },
        "problems": [problem_data(problem) for problem in row.problems],
        "edited": {
            name: {"here": change.had, "file": change.value} for name, change in (row.edited or {}).items()
        },
        "notes": list(row.notes),
    }


def problem_data(problem: RowProblem) -> dict[str, Any]:
    """A problem as what JSON can hold."""
    return {
        "row": problem.row,
        "column": problem.column,
        "field": problem.field,
        "code": problem.code,
        "message": problem.message,
        "suggestion": problem.suggestion,
    }


def _sentence(problem: RowProblem) -> str:
    place = f"{problem.column}: " if problem.column else ""
    return f"{place}{problem.message} {problem.suggestion}".rstrip()
