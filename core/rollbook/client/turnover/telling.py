"""What a turn-over would do in words: for people, and as a table to be kept or sent round (D14)."""

from collections.abc import Iterator
from pathlib import Path

from rollbook.client.turnover.values import Outcome, StudentOutcome, TurnOverPlan
from rollbook.exchange import write_table

HEADINGS = (
    "student_id",
    "student_number",
    "name",
    "outcome",
    "grade",
    "new_grade",
    "homeroom",
    "new_homeroom",
    "in_words",
)


def in_words(each: StudentOutcome) -> str:
    """A student's outcome as a phrase: ``promoted 3 → 4, class 3A → 4A``."""
    grade = each.grade or "no grade"
    classes = f", class {each.homeroom or 'none'} → {each.new_homeroom}" if each.new_homeroom else ""
    match each.outcome:
        case Outcome.PROMOTED:
            return f"promoted {grade} → {each.new_grade}{classes}"
        case Outcome.MOVED:
            return f"moved {grade} → {each.new_grade}{classes}"
        case Outcome.REPEATS:
            return f"repeats {grade}{classes if each.new_homeroom != each.homeroom else ''}"
        case Outcome.GRADUATES:
            return f"graduates from {grade}"
        case Outcome.LEAVES:
            return f"leaves, from {grade}"
        case Outcome.UNCLEAR:
            return f"unclear: {each.why}"
        case _:
            return each.why


def write_report(plan: TurnOverPlan, file: Path, *, replace: bool = False) -> int:
    """Write every student's outcome to a CSV file or a workbook; returns how many.

    Raises :class:`UnwritableFileError`.
    """
    return write_table(file, HEADINGS, _rows(plan), replace=replace)


def _rows(plan: TurnOverPlan) -> Iterator[list[str]]:
    for each in plan.students:
        told = (
            each.student_id,
            each.student_number,
            each.label,
            each.outcome.value,
            each.grade,
            each.new_grade,
            each.homeroom,
            each.new_homeroom,
            in_words(each),
        )
        yield [cell or "" for cell in told]
