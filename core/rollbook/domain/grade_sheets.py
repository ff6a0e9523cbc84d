"""The rules of entering scores, on a desk and at the server (D2, D7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rollbook.domain.canonical import UnfitError, canonical_value
from rollbook.domain.class_rows import RowEdit, UnfitRowError, breach
from rollbook.domain.entity import Values
from rollbook.domain.grades import RESULT

EXEMPT = "exempt"
MISSING = "missing"
NOT_THERE = "This student is not in the section."
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
    ``conflict``, as a record's mark on a computer (W5).
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
    """A line item as it is shown. ``maximum`` is a number as text, or unknown."""

    line_item_id: str
    section_id: str
    title: str
    maximum: str | None
    lines: tuple[GradeLine, ...]

    def line(self, student_id: str) -> GradeLine | None:
        """The line of a student."""
        return next((each for each in self.lines if each.student_id == student_id), None)


def graded(line: GradeLine, result: Mapping[str, Any] | None) -> GradeLine:
    """The line of a student with their result, a record with its ``id`` and, on a computer, its ``mark``."""
    if result is None:
        return line
    told = ("score", "text_score", "score_status", "late", "missing", "comment")
    return GradeLine(
        line.student_id,
        line.label,
        line.student_number,
        result_id=result["id"],
        state=result.get("mark") or "",
        **{name: result[name] for name in told},
    )


def score_edit(
    sheet: GradeSheet, line: GradeLine, score: Score, seen: GradeSheet | None = None
) -> RowEdit | None:
    """The edit of a student's result, against what the person saw of it; none where it changes nothing.

    A result that came after they had looked is entered as if there were none: the school asks about it.
    Raises :class:`UnfitRowError`.
    """
    values = _values(sheet, line, score)
    shown = line if seen is None else seen.line(line.student_id)
    if line.result_id is not None and shown is not None and shown.result_id is not None:
        saw = {name: getattr(shown, name) for name in values}
        return None if saw == values else RowEdit(line.student_id, line.result_id, dict(values), seen=saw)
    entered = {name: value for name, value in values.items() if value is not None}
    key = {"line_item_id": sheet.line_item_id, "student_id": line.student_id}
    return RowEdit(line.student_id, None, key | entered) if entered else None


def _values(sheet: GradeSheet, line: GradeLine, score: Score) -> Values:
    """The result's fields that a score sets, in canonical form."""
    typed = "" if score is None else str(score).strip()
    if not typed:
        return _NOTHING
    if typed.casefold() in _WORDS:
        return _WORDS[typed.casefold()]
    number = _number(line, typed)
    if Decimal(number) < 0:
        raise _unfit(line, "too-small", f"{typed} is less than nothing.", "Enter 0 or more.")
    if sheet.maximum is not None and Decimal(number) > Decimal(sheet.maximum):
        raise _unfit(
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
        raise _unfit(line, unfit.breach.code, unfit.breach.message, suggestion) from unfit


def _unfit(line: GradeLine, code: str, message: str, suggestion: str) -> UnfitRowError:
    return UnfitRowError(line.student_id, breach(line.label, "score", code, message, suggestion))
