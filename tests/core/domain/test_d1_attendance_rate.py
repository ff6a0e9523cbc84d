"""D1: the attendance rate, code by code and for whatever registers there are."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.attendance import DEFAULT_CODES
from rollbook.domain.attendance_rate import Attendance, attendance_of

_NAMES = ("key", "title", "counts_as", "late", "excused", "teacher_may_use", "needs_reason")
CODES = [dict(zip(_NAMES, code, strict=True)) for code in DEFAULT_CODES]
ENROLLED = [{"section_id": "1A", "student_id": "eleni", "begin_date": "2026-09-10", "end_date": "2026-12-20"}]


def taken(*dates: str) -> list[dict[str, Any]]:
    """Registers of 1A."""
    return [{"section_id": "1A", "date": date, "period": "day"} for date in dates]


def mark(date: str, teacher: str | None = None, office: str | None = None) -> dict[str, Any]:
    """Eleni in a register of 1A."""
    codes = {"teacher_code": teacher, "office_code": office}
    return {"section_id": "1A", "student_id": "eleni", "date": date, "period": "day"} | codes


def of(registers: list[dict[str, Any]], *marks: dict[str, Any]) -> Attendance:
    """Eleni's attendance."""
    return attendance_of("eleni", ENROLLED, registers, marks, CODES)


def test_d1_without_a_register_nothing_is_known() -> None:
    assert of([]).rate is None


def test_d1_who_has_no_mark_in_a_register_was_present() -> None:
    assert of(taken("2026-09-11", "2026-09-14")).rate == 100


def test_d1_late_is_not_absent() -> None:
    found = of(taken("2026-09-11"), mark("2026-09-11", "L"))
    assert (found.rate, found.late, found.absent) == (100, 1, 0)


def test_d1_excused_is_absent_and_counted_apart() -> None:
    found = of(taken("2026-09-11", "2026-09-14"), mark("2026-09-11", "E"))
    assert (found.rate, found.absent, found.excused) == (50, 1, 1)


def test_d1_partly_present_counts_as_half() -> None:
    assert of(taken("2026-09-11"), mark("2026-09-11", "X")).rate == 50


def test_d1_who_is_not_expected_counts_neither_way() -> None:
    found = of(taken("2026-09-11"), mark("2026-09-11", "O"))
    assert (found.rate, found.not_expected) == (None, 1)


def test_d1_the_offices_code_goes_before_the_teachers() -> None:
    assert of(taken("2026-09-11"), mark("2026-09-11", "A", "P")).rate == 100


def test_d1_registers_from_before_and_after_the_student_was_in_the_class_do_not_count() -> None:
    found = of(taken("2026-09-09", "2026-09-10", "2026-12-20", "2026-12-21"))
    assert (found.present, found.rate) == (2, 100)


def test_d1_a_mark_of_their_own_counts_whatever_the_dates_say() -> None:
    assert of([], mark("2026-12-21", "A")).absent == 1


def test_d1_a_code_that_is_not_known_is_told_and_counts_neither_way() -> None:
    found = of(taken("2026-09-11", "2026-09-14"), mark("2026-09-11", "?"))
    assert (found.rate, found.unknown) == (100, 1)


def test_d1_another_students_marks_are_theirs() -> None:
    absent = mark("2026-09-11", "A") | {"student_id": "hana"}
    assert of(taken("2026-09-11"), absent).rate == 100


CHOSEN = st.lists(st.sampled_from([None, *(code["key"] for code in CODES), "?"]), max_size=30)


@given(CHOSEN)
def test_d1_it_lies_between_0_and_100_and_all_registers_are_accounted_for(chosen: list[str | None]) -> None:
    dates = [f"2026-10-{day:02d}" for day in range(1, len(chosen) + 1)]
    found = of(taken(*dates), *(mark(d, key) for d, key in zip(dates, chosen, strict=True) if key))
    assert found.expected + found.not_expected + found.unknown == len(chosen)
    assert found.rate is None or 0 <= found.rate <= 100


@given(CHOSEN)
def test_d1_another_day_present_never_lowers_it(chosen: list[str | None]) -> None:
    dates = [f"2026-10-{day:02d}" for day in range(1, len(chosen) + 1)]
    marks = [mark(d, key) for d, key in zip(dates, chosen, strict=True) if key]
    before, after = of(taken(*dates), *marks), of(taken(*dates, "2026-11-02"), *marks)
    assert after.rate is not None
    assert after.rate >= (before.rate or 0)
