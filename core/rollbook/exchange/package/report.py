"""The dry run of a package told: as plain data for programs, as text for people (D9)."""

from collections.abc import Iterator
from typing import Any

from rollbook.exchange.outcomes import Outcome
from rollbook.exchange.package.outcome import PackagePlan, PartPlan
from rollbook.exchange.report import WORDS, problem_data, row_data, warning_data

_SHOWN_PROBLEMS = 50


def package_as_data(plan: PackagePlan, *, with_rows: bool = True) -> dict[str, Any]:
    """The plan as what JSON can hold; ``with_rows`` adds every row's outcome."""
    return {
        "package": plan.name,
        "format": plan.form,
        "source_system": plan.source_system,
        "rows_read": plan.rows_read,
        "counts": _counts(plan.counts),
        "removals": plan.removals,
        "known_from_source": plan.known,
        "warnings": [warning_data(item) for item in plan.warnings],
        "problems": [{"file": part.file, **problem_data(problem)} for part, problem in plan.problems],
        "parts": [_part_data(part, with_rows=with_rows) for part in plan.parts],
    }


def package_as_text(plan: PackagePlan) -> str:
    """The plan in a few lines for people, with the first problems in full."""
    return "\n".join(_lines(plan))


def _part_data(part: PartPlan, *, with_rows: bool) -> dict[str, Any]:
    counts = {outcome: part.count(outcome) for outcome in Outcome}
    data: dict[str, Any] = {"file": part.file, "entity": part.entity or None, "counts": _counts(counts)}
    if with_rows:
        data["rows"] = [row_data(row) for row in part.rows]
    return data


def _counts(counts: dict[Outcome, int]) -> dict[str, int]:
    return {outcome.value: number for outcome, number in counts.items()}


def _lines(plan: PackagePlan) -> Iterator[str]:
    yield f"{plan.name}: {plan.form}, {plan.rows_read:,} rows."
    yield _told(plan.counts) + "."
    for part in plan.parts:
        what = part.entity.replace("_", " ") or "rows of no record"
        yield f"  {part.file}, {what}: {_told({each: part.count(each) for each in Outcome})}."
    for warning in plan.warnings:
        yield f"Note: {warning.message} {warning.suggestion}".rstrip()
    problems = list(plan.problems)
    for part, problem in problems[:_SHOWN_PROBLEMS]:
        place = f", {problem.column}" if problem.column else ""
        yield f"{part.file}, row {problem.row}{place}: {problem.message} {problem.suggestion}".rstrip()
    if len(problems) > _SHOWN_PROBLEMS:
        yield f"… and {len(problems) - _SHOWN_PROBLEMS:,} more problems."


def _told(counts: dict[Outcome, int]) -> str:
    said = [f"{number:,} {WORDS[outcome]}" for outcome, number in counts.items() if number]
    return ", ".join(said) or "nothing"
