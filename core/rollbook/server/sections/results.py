"""A section's results: read whole, and entered for many students at once by the rules of the desk (D2)."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection

from rollbook.contract.operations import Kind
from rollbook.contract.problems import FieldProblem
from rollbook.contract.sections import (
    LineItemResults,
    ResultRow,
    ResultsEntry,
    ResultsView,
    ScoreEntry,
)
from rollbook.domain.class_rows import RowEdit, UnfitRowError, breach
from rollbook.domain.entity import RuleBreach
from rollbook.domain.grade_sheets import NOT_THERE, GradeLine, GradeSheet, graded, score_edit
from rollbook.domain.grades import RESULT
from rollbook.domain.scope import Act
from rollbook.server.auth.caller import Caller
from rollbook.server.problems import ProblemError, field_problems
from rollbook.server.sections.reading import (
    Pupil,
    Row,
    by_student,
    inside,
    live,
    meant_students,
    pupils_of,
    rows_of,
    section_for,
    spans_of,
    version_of,
)
from rollbook.server.sync.identity import hold_keys, names_of, read_aliases
from rollbook.server.sync.together import Step


@dataclass(frozen=True, slots=True)
class FoundSheet:
    """A line item's sheet with the results that it shows, archived ones too, by student."""

    sheet: GradeSheet
    results: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class FoundResults:
    """The sheets of a section by line item, and their version taken together."""

    section_id: str
    sheets: Mapping[str, FoundSheet]
    version: int


def show_results(
    connection: Connection, caller: Caller, section_id: str, line_item_id: str | None
) -> ResultsView:
    """The results of all line items of the section, or of one. Raises :class:`ProblemError`."""
    section = section_for(connection, caller, Act.READ, section_id, RESULT.name)
    found = _find(connection, caller, section.id, line_item_id)
    return ResultsView(
        found.section_id,
        found.version,
        [
            LineItemResults(
                each.sheet.line_item_id,
                each.sheet.title,
                each.sheet.maximum,
                [_row(line) for line in each.sheet.lines],
            )
            for each in found.sheets.values()
        ],
    )


def plan_results(
    connection: Connection,
    caller: Caller,
    section_id: str,
    line_item_id: str | None,
    entry: ResultsEntry,
    seen_version: int,
) -> list[Step]:
    """What entering these scores changes. Raises :class:`ProblemError` that names each wrong row."""
    section = section_for(connection, caller, Act.WRITE, section_id, RESULT.name)
    hold_keys(connection, caller.school_id, RESULT.name)
    found = _find(connection, caller, section.id, line_item_id)
    if found.version != seen_version:
        raise ProblemError("version-mismatch")
    school = caller.school_id
    students = meant_students(connection, school, [each.student_id for each in entry.results])
    items = read_aliases(connection, school, "line_item", {each.line_item_id for each in entry.results})
    wrong: list[FieldProblem] = []
    steps: list[Step] = []
    entered: set[tuple[str, str]] = set()
    for place, each in enumerate(entry.results):
        item_id, student_id = items.get(each.line_item_id, each.line_item_id), students[each.student_id]
        try:
            if (item_id, student_id) in entered:
                raise _unfit(each, "student_id", "twice", "This student stands here twice.", "Enter once.")
            entered.add((item_id, student_id))
            sheet = _sheet_of(found, each, item_id)
            edit = score_edit(sheet.sheet, _line_of(sheet, each, student_id), each.score)
        except UnfitRowError as unfit:
            wrong += _at(place, unfit.breach)
            continue
        if edit is not None:
            steps.append(_step(sheet, edit, school, f"results.{place}"))
    if wrong:
        raise ProblemError("validation-failed", errors=tuple(wrong))
    return steps


def _sheet_of(found: FoundResults, entry: ScoreEntry, line_item_id: str) -> FoundSheet:
    sheet = found.sheets.get(line_item_id)
    if sheet is None:
        raise _unfit(
            entry,
            "line_item_id",
            "no-such-record",
            "This line item is not the section's.",
            "Choose one of it.",
        )
    return sheet


def _line_of(found: FoundSheet, entry: ScoreEntry, student_id: str) -> GradeLine:
    line = found.sheet.line(student_id)
    if line is None:
        raise _unfit(entry, "student_id", "not-in-section", NOT_THERE, "Leave this student out.")
    return line


def _unfit(entry: ScoreEntry, name: str, code: str, message: str, suggestion: str) -> UnfitRowError:
    return UnfitRowError(entry.student_id, breach(entry.student_id, name, code, message, suggestion))


def _at(place: int, wrong: RuleBreach) -> list[FieldProblem]:
    return [
        msgspec.structs.replace(each, field=f"results.{place}.{each.field}")
        for each in field_problems((wrong,))
    ]


def _step(found: FoundSheet, edit: RowEdit, school_id: str, place: str) -> Step:
    row = found.results.get(edit.student_id)
    if edit.record_id is not None:
        assert row is not None
        had = {name: row[name] for name in edit.changes}
        return Step(RESULT.name, edit.record_id, edit.changes, row["version"], had, place=place)
    record_id = RESULT.natural_id(school_id, edit.changes) if row is None else row["id"]
    assert record_id is not None
    base = None if row is None else row["version"]
    return Step(RESULT.name, record_id, edit.changes, base, kind=Kind.CREATE, place=place)


def _find(connection: Connection, caller: Caller, section_id: str, line_item_id: str | None) -> FoundResults:
    school = caller.school_id
    named = names_of(connection, school, "section", [section_id])
    items = live(rows_of(connection, school, "line_item", section_id=named))
    if line_item_id is not None:
        known = read_aliases(connection, school, "line_item", [line_item_id])
        items = [each for each in items if each["id"] == known.get(line_item_id, line_item_id)]
        if not items:
            raise ProblemError("not-found", "The section has no such line item.")
    items.sort(key=lambda item: (item["due_date"] or "", item["title"] or "", item["id"]))
    rows, of_item = _results_of(connection, school, [item["id"] for item in items])
    spans = spans_of(connection, school, section_id)
    meant = meant_students(connection, school, [row["student_id"] for row in rows])
    everybody = pupils_of(connection, school, {*inside(spans), *meant.values()})
    sheets = {
        item["id"]: _sheet(section_id, item, spans, everybody, by_student(of_item[item["id"]], meant))
        for item in items
    }
    return FoundResults(section_id, sheets, version_of(rows))


def _results_of(
    connection: Connection, school_id: str, item_ids: list[str]
) -> tuple[list[Row], dict[str, list[Row]]]:
    """All results of the line items, archived ones too, and the same by the line item that each means."""
    named = names_of(connection, school_id, "line_item", item_ids)
    rows = rows_of(connection, school_id, RESULT.name, line_item_id=named)
    meant = read_aliases(connection, school_id, "line_item", {row["line_item_id"] for row in rows})
    found: dict[str, list[Row]] = {item_id: [] for item_id in item_ids}
    for row in rows:
        item_id = str(row["line_item_id"])
        found.setdefault(meant.get(item_id, item_id), []).append(row)
    return rows, found


def _sheet(
    section_id: str, item: Row, spans: list[Row], everybody: list[Pupil], results: Mapping[str, Row]
) -> FoundSheet:
    """Who was there when it was due, then who has a result all the same."""
    shown = {student: row for student, row in results.items() if row["deleted_at"] is None}
    there = inside(spans, not_ended_before=item["due_date"])
    listed = [
        each
        for each in everybody
        if each.student_id in there and (not each.archived or each.student_id in shown)
    ]
    known = {each.student_id for each in listed}
    listed += [each for each in everybody if each.student_id in shown and each.student_id not in known]
    lines = tuple(
        graded(GradeLine(each.student_id, each.label, each.student_number), shown.get(each.student_id))
        for each in listed
    )
    sheet = GradeSheet(item["id"], section_id, item["title"] or "", item["maximum"], lines)
    return FoundSheet(sheet, results)


def _row(line: GradeLine) -> ResultRow:
    return ResultRow(
        line.student_id,
        line.label,
        line.student_number,
        line.result_id,
        line.score,
        line.text_score,
        line.score_status,
        line.late,
        line.missing,
        line.comment,
    )
