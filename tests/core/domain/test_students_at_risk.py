"""Who is at risk (D1, D2): each rule has a threshold, its figures, and no word where little is known."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.students_at_risk import (
    Gradebook,
    Reason,
    Thresholds,
    attendance_reasons,
    grade_reasons,
    pass_mark,
)

CODES: list[dict[str, Any]] = [
    {"key": "A", "counts_as": "absent"},
    {"key": "X", "counts_as": "partial"},
    {"key": "O", "counts_as": "not_expected"},
]
TODAY = "2026-11-27"
GREEK = {"kind": "numeric", "minimum": "0", "maximum": "20", "pass_mark": "10"}
USUAL = Thresholds()


def registers(*keys: str | None, period: str = "day") -> dict[tuple[str, str, str], str | None]:
    """One a day from the first of October on."""
    return {("1A", f"2026-10-{day:02}", period): key for day, key in enumerate(keys, 1)}


def rules(found: list[Reason]) -> list[str]:
    """By name."""
    return [each.rule for each in found]


def test_d1_attendance_is_low_below_the_threshold_and_not_on_it() -> None:
    on_it = registers("A", *[None] * 9)
    assert attendance_reasons(on_it, CODES, USUAL) == []
    below = registers("A", "X", *[None] * 8)
    [found] = attendance_reasons(below, CODES, USUAL)
    assert found == Reason("attendance_low", "85.0", "90.0", 10)


def test_d1_of_too_few_registers_nothing_is_said() -> None:
    few = registers("A", "A", *[None] * 7)
    assert attendance_reasons(few, CODES, USUAL) == []
    assert rules(attendance_reasons(few, CODES, replace(USUAL, least_registers=9))) == ["attendance_low"]


def test_d1_days_absent_in_a_row_are_the_latest_and_whole() -> None:
    lenient = replace(USUAL, attendance=Fraction(0))
    assert rules(attendance_reasons(registers("A", "A", "A", None), CODES, lenient)) == []
    away = registers(None, "A", "A", "O", "A")
    [found] = attendance_reasons(away, CODES, lenient)
    assert found == Reason("days_absent", "3", "3", 3)  # nobody was expected off site: no gap, no day
    there_later = away | {("1B", "2026-10-05", "2"): None}
    assert attendance_reasons(there_later, CODES, lenient) == []


ITEMS: dict[str, dict[str, Any]] = {
    name: {"maximum": "20", "due_date": due}
    for name, due in (
        ("a", "2026-09-20"),
        ("b", "2026-10-01"),
        ("c", "2026-10-30"),
        ("d", "2026-10-31"),
        ("e", "2026-11-10"),
        ("f", TODAY),
    )
}


def graded(
    *scores: str | None, scale: dict[str, Any] = GREEK
) -> tuple[list[dict[str, Any]], dict[str, Gradebook]]:
    """Results in 1A, in the order of what was due."""
    results = [
        {"line_item_id": name, "score": score, "missing": "yes" if score == "missing" else None}
        for name, score in zip(ITEMS, scores, strict=False)
    ]
    return results, {"1A": Gradebook(ITEMS, {}, scale)}


def test_d2_an_average_is_low_below_the_pass_mark_of_its_scale() -> None:
    assert grade_reasons(*graded("10", "10", "10"), TODAY, USUAL) == []
    [found] = grade_reasons(*graded("10", "10", "9"), TODAY, USUAL)
    assert found == Reason("average_low", "48.3", "50.0", 3, "1A")
    strict = graded("10", "10", "10", scale=GREEK | {"pass_mark": "12"})
    assert [each.threshold for each in grade_reasons(*strict, TODAY, USUAL)] == ["60.0"]


def test_d2_of_too_few_results_nothing_is_said() -> None:
    assert grade_reasons(*graded("1", "1"), TODAY, USUAL) == []
    assert grade_reasons([], {}, TODAY, USUAL) == []


def test_d2_an_average_falls_by_so_many_points_and_both_are_told() -> None:
    fell = graded("18", "18", "18", "15", "15", "15")
    [found] = grade_reasons(*fell, TODAY, USUAL)
    assert found == Reason("average_falling", "75.0", "15.0", 3, "1A", "90.0")
    assert grade_reasons(*fell, TODAY, replace(USUAL, fall=Fraction("15.1"))) == []
    assert grade_reasons(*graded("18", "18", None, "15", "15", "15"), TODAY, USUAL) == []  # of two, no word
    assert grade_reasons(*graded("10", "10", "10", "20", "20", "20"), TODAY, USUAL) == []


def test_d2_what_is_missing_is_counted_and_told() -> None:
    missing = graded("missing", "missing", "missing", "20", "20", "20")
    assert rules(grade_reasons(*missing, TODAY, USUAL)) == ["work_missing"]
    assert rules(grade_reasons(*missing, TODAY, replace(USUAL, missing=4))) == []
    elsewhere = {"1B": Gradebook({}, {}, GREEK)}
    assert grade_reasons(missing[0], elsewhere, TODAY, USUAL) == []  # of no class that is looked at


@pytest.mark.parametrize(
    ("scale", "per_cent"),
    [
        (GREEK, 50),
        ({"kind": "percent", "pass_mark": "60"}, 60),
        ({"kind": "letters", "pass_mark": "70", "minimum": "0", "maximum": "4"}, 70),
        ({"kind": "numeric", "minimum": "1", "maximum": "6", "pass_mark": "4"}, 60),
        ({"kind": "numeric", "minimum": "5", "maximum": "5", "pass_mark": "5"}, 42),
        ({}, 42),
    ],
)
def test_d2_a_pass_mark_is_read_by_its_scale(scale: dict[str, Any], per_cent: int) -> None:
    assert pass_mark(scale, Fraction(42)) == per_cent


@given(st.lists(st.sampled_from([None, "A", "X", "O", "?"]), max_size=28))
def test_d1_one_more_absence_never_takes_a_student_from_the_list(keys: list[str | None]) -> None:
    before = rules(attendance_reasons(registers(*keys), CODES, USUAL))
    after = rules(attendance_reasons(registers(*keys, "A"), CODES, USUAL))
    assert set(before) <= set(after)


@given(
    st.lists(st.sampled_from([None, "A", "X"]), max_size=28),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_d1_a_stricter_threshold_never_names_fewer(keys: list[str | None], one: int, other: int) -> None:
    lenient, strict = (
        replace(USUAL, attendance=Fraction(each)) for each in (min(one, other), max(one, other))
    )
    by_lenient = rules(attendance_reasons(registers(*keys), CODES, lenient))
    assert set(by_lenient) <= set(rules(attendance_reasons(registers(*keys), CODES, strict)))
