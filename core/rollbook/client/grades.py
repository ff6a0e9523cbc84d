"""Grades: a line item with its students' results, and scores for many of them as one entry (D2, D7, D12)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from rollbook.client.roster import (
    Pupil,
    RefusedRowsError,
    breach,
    by_student,
    existing,
    meant_students,
    pupils,
    pupils_of,
    strangers,
)
from rollbook.client.values import Edit, Saved
from rollbook.domain.canonical import UnfitError, canonical_value
from rollbook.domain.entity import Values
from rollbook.domain.grades import RESULT
from rollbook.store import aliases, listing
from rollbook.store.database import StoreDatabase

EXEMPT = "exempt"
MISSING = "missing"
Score = str | int | float | Decimal | None
"""As typed: a number such as 14,5 or 14.5; :data:`EXEMPT`; :data:`MISSING`; empty takes a score back."""
_NOTHING: Values = dict.fromkeys(("score", "text_score", "score_status", "missing"))
_WORDS = {
    EXEMPT: {**_NOTHING, "score_status": "exempt"},
    MISSING: {**_NOTHING, "score_status": "not_submitted", "missing": "yes"},
}


@dataclass(frozen=True, slots=True)
class GradeLine:
    """One student with their result. ``result_id`` is ``None`` where they have none.

    ``missing`` and ``late`` are ``yes``, ``no`` or unknown. ``state`` is empty, ``waiting``, ``parked`` or
    ``conflict``, as a record's mark (W5).
    """

    student_id: str
    label: str
    student_number: str | None
    result_id: str | None = None
    score: str | None = None
    text_score: str | None = None
    score_status: str | None = None
    late: str | None = None
    missing: str | None = None
    comment: str | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class GradeSheet:
    """A line item as this computer shows it. ``maximum`` is a number as text, or unknown."""

    line_item_id: str
    section_id: str
    title: str
    maximum: str | None
    lines: tuple[GradeLine, ...]

    def line(self, student_id: str) -> GradeLine | None:
        """The line of a student."""
        return next((each for each in self.lines if each.student_id == student_id), None)


@dataclass(frozen=True, slots=True)
class Grades:
    """The results of one user's school. Local; may be called from any thread.

    Both raise :class:`RefusedEntryError` for a line item that is not here.
    """

    store: StoreDatabase
    save_many: Callable[[list[Edit], str], list[Saved]]
    new_run: Callable[[], str]

    def read(self, line_item_id: str) -> GradeSheet:
        """The section's students by name, with their results: but for those who left before it was due."""
        with self.store.read() as connection:
            return _sheet(connection, line_item_id)

    def enter(
        self, line_item_id: str, scores: Mapping[str, Score], seen: GradeSheet | None = None
    ) -> list[Saved]:
        """Enter scores by student id, as one; who is not among them keeps what they have.

        ``seen`` is the sheet that the person had before them; ``None`` means what is shown here now.
        Raises :class:`RefusedRowsError` that names each wrong row; then nothing was stored.
        """
        with self.store.read() as connection:
            now = _sheet(connection, line_item_id)
            given = meant_students(connection, scores)
        inside = {line.student_id: line for line in now.lines}
        wrong = strangers(given, inside, "This student is not in the section.")
        edits = []
        for student_id, score in scores.items():
            line = inside.get(given[student_id])
            if line is None:
                continue
            try:
                values = _values(now, line, score)
            except RefusedRowsError as refused:
                wrong += [(student_id, each) for each in refused.breaches]
                continue
            edits += _edit(now, line, values, seen)
        if wrong:
            raise RefusedRowsError(tuple(wrong))
        return self.save_many(edits, self.new_run()) if edits else []


def _sheet(connection: Connection, line_item_id: str) -> GradeSheet:
    item = existing(connection, "line_item", line_item_id, "line_item_id")
    section_id = aliases.meant(connection, "section", item["section_id"])
    named = aliases.names_of(connection, "line_item", item["id"])
    results = by_student(connection, listing.matching(connection, "result", line_item_id=named))
    inside = [
        each
        for each in pupils(connection, section_id, not_ended_before=item["due_date"])
        if not each.archived or each.student_id in results
    ]
    known = {each.student_id for each in inside}
    inside += pupils_of(connection, [each for each in results if each not in known])
    lines = tuple(_line(each, results.get(each.student_id)) for each in inside)
    return GradeSheet(item["id"], section_id, item["title"] or "", item["maximum"], lines)


def _line(pupil: Pupil, result: Mapping[str, Any] | None) -> GradeLine:
    if result is None:
        return GradeLine(pupil.student_id, pupil.label, pupil.student_number)
    told = ("score", "text_score", "score_status", "late", "missing", "comment")
    return GradeLine(
        pupil.student_id,
        pupil.label,
        pupil.student_number,
        result_id=result["id"],
        state=result["mark"],
        **{name: result[name] for name in told},
    )


def _values(sheet: GradeSheet, line: GradeLine, score: Score) -> Values:
    """The result's fields that a score sets, in canonical form. Raises :class:`RefusedRowsError`."""
    typed = "" if score is None else str(score).strip()
    if not typed:
        return _NOTHING
    if typed.casefold() in _WORDS:
        return _WORDS[typed.casefold()]
    number = _number(line, typed)
    if Decimal(number) < 0:
        raise _refused(line, "too-small", f"{typed} is less than nothing.", "Enter 0 or more.")
    if sheet.maximum is not None and Decimal(number) > Decimal(sheet.maximum):
        raise _refused(
            line, "too-large", f"{typed} is more than there is to reach.", f"Enter {sheet.maximum} or less."
        )
    return {**_NOTHING, "score": number, "score_status": "fully_graded"}


def _number(line: GradeLine, typed: str) -> str:
    spec = RESULT.field("score")
    assert spec is not None
    try:
        return str(canonical_value(spec, typed))
    except UnfitError as unfit:
        suggestion = f"Write it like 14.5 or 14,5, or {EXEMPT}, or {MISSING}."
        raise _refused(line, unfit.breach.code, unfit.breach.message, suggestion) from unfit


def _edit(sheet: GradeSheet, line: GradeLine, values: Values, seen: GradeSheet | None) -> list[Edit]:
    """The edit of a student's result, against what the person saw of it; none where it empties nothing.

    A result that came after they had looked is entered as if there were none: the school asks about it.
    """
    shown = line if seen is None else seen.line(line.student_id)
    if line.result_id is not None and shown is not None and shown.result_id is not None:
        saw = {name: getattr(shown, name) for name in values}
        return [Edit("result", line.result_id, dict(values), seen=saw)] if saw != values else []
    entered = {name: value for name, value in values.items() if value is not None}
    key = {"line_item_id": sheet.line_item_id, "student_id": line.student_id}
    return [Edit("result", None, key | entered)] if entered else []


def _refused(line: GradeLine, code: str, message: str, suggestion: str) -> RefusedRowsError:
    return RefusedRowsError(((line.student_id, breach(line.label, "score", code, message, suggestion)),))
