"""D2: averages by weight, what does not count, and how a scale writes them."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.grade_average import Average, average_of, on_scale

ITEMS: dict[str, dict[str, Any]] = {
    "test": {"maximum": "20", "category_id": "tests"},
    "big test": {"maximum": "20", "category_id": "tests", "weight": "3"},
    "essay": {"maximum": "10", "category_id": "essays"},
    "quiz": {"maximum": "100"},
}
CATEGORIES: dict[str, dict[str, Any]] = {"tests": {"weight": "60"}, "essays": {"weight": "40"}}
GREEK = {"kind": "numeric", "minimum": "0", "maximum": "20"}
LETTERS = {"kind": "letters", "steps": "A=90\nB=75\nC=50\nD=0"}


def result(item: str, score: str | None = None, **more: str) -> dict[str, Any]:
    """A student's result."""
    return {"line_item_id": item, "score": score} | more


def of(*results: dict[str, Any], categories: dict[str, dict[str, Any]] = CATEGORIES) -> Average | None:
    """The student's average."""
    return average_of(results, ITEMS, categories)


def percent(*results: dict[str, Any]) -> Fraction | None:
    """Of the average."""
    found = of(*results)
    return None if found is None else found.percent


def test_d2_without_results_there_is_no_average() -> None:
    assert of() is None
    assert of(result("test")) is None


def test_d2_line_items_weigh_as_they_say() -> None:
    assert percent(result("test", "20"), result("big test", "10")) == Fraction("62.5")


def test_d2_categories_weigh_against_each_other_where_they_hold_results() -> None:
    assert percent(result("test", "20"), result("essay", "5")) == 80
    assert percent(result("essay", "5")) == 50


def test_d2_the_lowest_results_of_a_category_are_left_out_but_one_stays() -> None:
    lenient = {"tests": {"drop_lowest": 1}}
    found = of(result("test", "2"), result("big test", "18"), categories=lenient)
    assert found is not None
    assert (found.percent, found.counted) == (90, 1)
    alone = of(result("test", "2"), categories=lenient)
    assert alone is not None
    assert alone.percent == 10


def test_d2_what_is_missing_counts_as_nothing_and_what_is_exempt_not_at_all() -> None:
    assert percent(result("test", "20"), result("essay", missing="yes")) == 60
    assert percent(result("test", "20"), result("essay", score_status="exempt")) == 100
    assert percent(result("test", "20"), result("essay", score_status="not_submitted")) == 100


@pytest.mark.parametrize(("scale", "shown"), [(GREEK, "14.5"), ({"kind": "percent"}, "72.3"), (LETTERS, "C")])
def test_d2_a_scale_writes_it_in_its_own_way(scale: dict[str, str], shown: str) -> None:
    assert on_scale(Fraction("72.25"), scale) == shown


def test_d2_who_is_just_on_a_boundary_gets_the_better_letter() -> None:
    """Thirds have no end as decimals: 50 % was once 49.99… %."""
    scores = {"a": ("10", "15", "2"), "b": ("5", "6", "1"), "c": ("3", "9", "2"), "d": ("4", "12", "2")}
    items = {name: {"maximum": best, "weight": weight} for name, (_score, best, weight) in scores.items()}
    found = average_of([result(name, score) for name, (score, *_) in scores.items()], items, {})
    assert found is not None
    assert (found.percent, on_scale(found.percent, LETTERS)) == (50, "C")


SCORES = st.lists(
    st.tuples(st.sampled_from(["test", "big test", "essay"]), st.integers(0, 100)), min_size=1, max_size=12
)


@given(SCORES)
def test_d2_it_lies_within_the_scale_whatever_the_order(scores: list[tuple[str, int]]) -> None:
    results = [result(item, str(Decimal(ITEMS[item]["maximum"]) * share / 100)) for item, share in scores]
    found = percent(*results)
    assert found is not None
    assert 0 <= found <= 100
    backwards = percent(*reversed(results))
    assert found == backwards


@given(SCORES)
def test_d2_an_exempt_result_changes_nothing(scores: list[tuple[str, int]]) -> None:
    results = [result(item, str(share // 10)) for item, share in scores]
    assert percent(*results) == percent(*results, result("test", "0", score_status="exempt"))
