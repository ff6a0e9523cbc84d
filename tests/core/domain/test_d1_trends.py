"""D1, D2: attendance and averages over weeks and terms; what is unknown of a stretch is no zero in it."""

from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.attendance_rate import Attendance, attendance_in, together
from rollbook.domain.trends import (
    Stretch,
    attendance_over,
    averages_over,
    change_in,
    latest_run,
    sessions_of,
    weeks_of,
)

CODES = [{"key": "A", "counts_as": "absent"}, {"key": "L", "counts_as": "present", "late": "yes"}]
DAYS = st.dates(date(2026, 8, 1), date(2027, 6, 30)).map(date.isoformat)
REGISTERS = st.dictionaries(
    st.tuples(st.just("1A"), DAYS, st.sampled_from(["day", "2"])), st.sampled_from([None, "A", "L", "?"])
)


def test_d1_a_week_goes_from_monday_to_sunday_and_one_without_a_register_is_there() -> None:
    weeks = weeks_of(["2026-09-27", "2026-09-09"])
    assert [(week.first, week.last) for week in weeks] == [
        ("2026-09-07", "2026-09-13"),
        ("2026-09-14", "2026-09-20"),
        ("2026-09-21", "2026-09-27"),
    ]
    assert weeks_of([]) == []


@given(REGISTERS)
def test_d1_each_register_is_in_one_week_and_the_weeks_together_are_the_whole(registers: Any) -> None:
    weeks = attendance_over(weeks_of(day for _, day, _ in registers), registers, CODES)
    assert together(found for _week, found in weeks) == attendance_in(registers.values(), CODES)


def test_d1_a_week_without_registers_is_unknown() -> None:
    registers = {("1A", "2026-09-07", "day"): None, ("1A", "2026-09-21", "day"): "A"}
    found = attendance_over(weeks_of(day for _, day, _ in registers), registers, CODES)
    assert [attended.rate for _week, attended in found] == [100, None, 0]


def test_d2_an_average_of_a_term_is_of_what_was_due_in_it() -> None:
    terms = [
        Stretch("2026-09-01", "2026-12-20"),
        Stretch("2027-01-07", "2027-03-31"),
        Stretch("2027-04-01", "2027-06-30"),
    ]
    items: dict[str, dict[str, Any]] = {
        "test": {"maximum": "20", "due_date": "2026-12-20"},
        "essay": {"maximum": "20", "due_date": "2027-01-07"},
        "undated": {"maximum": "20", "due_date": None},
    }
    results = [
        {"line_item_id": name, "score": score}
        for name, score in (("test", "10"), ("essay", "20"), ("undated", "1"))
    ]
    found = [average for _term, average in averages_over(terms, results, items, {})]
    assert [None if each is None else each.percent for each in found] == [50, 100, None]


def test_d2_a_change_is_from_one_known_figure_to_the_next() -> None:
    assert change_in([Fraction(50), None, Fraction(80), None]) == 30
    assert change_in([None, Fraction(80)]) is None
    assert change_in([]) is None


def test_d1_sessions_of_a_type_stand_in_their_order() -> None:
    def session(kind: str, title: str, first: str | None) -> dict[str, Any]:
        return {"type": kind, "title": title, "start_date": first, "end_date": "2027-06-30"}

    given_ = [
        session("term", "Second", "2027-01-07"),
        session("school_year", "2026", "2026-09-01"),
        session("term", "First", "2026-09-01"),
        session("term", "Undated", None),
    ]
    assert [each.title for each in sessions_of(given_, "term")] == ["First", "Second"]


@given(st.lists(DAYS), st.sets(DAYS))
def test_d1_a_latest_run_has_no_gap_and_ends_with_the_last_day(days: list[str], away: set[str]) -> None:
    away |= set(days[:3])
    run = latest_run(days, away.__contains__)
    in_order = sorted(set(days))
    assert run == in_order[len(in_order) - len(run) :]
    assert away.issuperset(run)
    before = in_order[: len(in_order) - len(run)]
    assert not before or before[-1] not in away


@given(st.lists(st.builds(Attendance, present=st.integers(0, 9), absent=st.integers(0, 9))))
def test_d1_several_together_are_in_between(parts: list[Attendance]) -> None:
    whole = together(parts)
    rates = [each.rate for each in parts if each.rate is not None]
    assert (whole.rate is None) is not bool(rates)
    assert whole.rate is None or min(rates) <= whole.rate <= max(rates)
