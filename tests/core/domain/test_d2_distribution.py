"""D2: how averages are spread, exactly, and how the classes of a course stand beside each other."""

import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.distribution import bands_of, compared, distribution_of, quantile

PERCENTS = st.lists(st.fractions(0, 100, max_denominator=60), min_size=1, max_size=30)


def test_d2_of_nothing_nothing_is_known() -> None:
    assert distribution_of([]) is None


@pytest.mark.parametrize(
    ("share", "figure"), [("0", 10), ("1/4", 20), ("1/2", 30), ("1/3", "70/3"), ("1", 50)]
)
def test_d2_a_quantile_lies_on_the_line_between_its_neighbours(share: str, figure: int | str) -> None:
    assert quantile([Fraction(each) for each in (10, 20, 30, 40, 50)], Fraction(share)) == Fraction(figure)


@given(PERCENTS)
def test_d2_the_figures_stand_in_their_order_and_each_student_is_in_one_band(
    percents: list[Fraction],
) -> None:
    found = distribution_of(percents)
    assert found is not None
    in_order = [found.lowest, found.lower_quartile, found.median, found.upper_quartile, found.highest]
    assert in_order == sorted(in_order)
    assert found.lowest <= found.mean <= found.highest
    assert sum(found.bands) == found.count == len(percents)
    assert found.median == statistics.median(percents)


@given(PERCENTS)
def test_d2_the_order_in_which_they_come_says_nothing(percents: list[Fraction]) -> None:
    assert distribution_of(reversed(percents)) == distribution_of(percents)


def test_d2_a_boundary_belongs_to_the_band_above_and_100_to_the_last() -> None:
    bands = bands_of([Fraction(0), Fraction(10), Fraction("9.99"), Fraction(90), Fraction(100)])
    assert bands == (2, 1, 0, 0, 0, 0, 0, 0, 0, 2)


def test_d2_a_class_stands_so_many_points_above_all_together() -> None:
    found = compared({"1A": [Fraction(40), Fraction(60)], "1B": [Fraction(80), Fraction(90)], "1C": []})
    assert (found["1A"].from_all, found["1B"].from_all) == (-20, 15)
    assert (found["1C"].distribution, found["1C"].from_all) == (None, None)  # unknown, which is not level


@given(PERCENTS)
def test_d2_a_class_alone_stands_level_with_itself(percents: list[Fraction]) -> None:
    assert compared({"1A": percents})["1A"].from_all == 0
