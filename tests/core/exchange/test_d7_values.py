"""D7 and D8: what a cell means."""

import pytest

from rollbook.exchange import ImportPlan
from support.student_files import only_row, plan_of, problem_texts, values_of


def births(*cells: str, heading: str = "Last Name,Birthdate") -> ImportPlan:
    return plan_of(heading + "\n" + "".join(f"N{index},{cell}\n" for index, cell in enumerate(cells)))


def dates(plan: ImportPlan) -> list[object]:
    return [values_of(row)["birth_date"] for row in plan.rows]


def warned(plan: ImportPlan, code: str) -> bool:
    return code in [warning.code for warning in plan.warnings]


@pytest.mark.parametrize("cell", ["2014-02-28", "2014/2/28", "20140228", "2014-02-28T00:00:00", "28.2.2014"])
def test_d8_dates_of_one_meaning_are_read_without_a_question(cell: str) -> None:
    plan = births(cell)
    assert dates(plan) == ["2014-02-28"]
    assert not warned(plan, "date-order")


def test_d8_one_part_over_twelve_settles_the_order_of_the_whole_column() -> None:
    assert dates(births("3/4/2014", "25/12/2013")) == ["2014-04-03", "2013-12-25"]
    assert dates(births("3/4/2014", "12/25/2013")) == ["2014-03-04", "2013-12-25"]


def test_d8_dates_that_could_be_both_are_day_first_with_a_warning() -> None:
    plan = births("3/4/2014", "5/6/2013")
    assert dates(plan) == ["2014-04-03", "2013-06-05"]
    assert warned(plan, "date-order")


def test_d8_dates_that_could_be_both_are_month_first_in_sds() -> None:
    plan = plan_of("SIS ID,Last Name,Birthdate\n1,Klein,3/4/2014\n")
    assert values_of(only_row(plan))["birth_date"] == "2014-03-04"
    assert not warned(plan, "date-order")


def test_d8_a_column_of_both_orders_reads_the_certain_dates_and_asks_about_the_others() -> None:
    plan = births("25/12/2013", "12/25/2013", "3/4/2014")
    assert [row.outcome.value for row in plan.rows] == ["new", "new", "problem"]
    assert warned(plan, "date-order")


def test_d9_the_31st_of_february_is_a_problem_and_does_not_turn_the_column_round() -> None:
    plan = births(*[f"1/{day}/2014" for day in range(13, 29)], "31/02/2014", "3/4/2014")
    assert values_of(plan.rows[-1])["birth_date"] == "2014-03-04"
    (problem,) = plan.problems
    assert (problem.row, problem.column, problem.code) == (18, "Birthdate", "not-a-date")
    assert "31/02/2014" in problem.message
    assert "2014-02-28" in problem.suggestion


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("31/02/2014", "not a date of the calendar"),
        ("2014-02-31", "not a date of the calendar"),
        ("3/4/14", "two digits"),
        ("41698", "count of days"),
        ("soon", "can be read"),
    ],
)
def test_d9_a_date_that_is_none_says_why(cell: str, says: str) -> None:
    (problem,) = births(cell).problems
    assert says in problem.message
    assert problem.suggestion


@pytest.mark.parametrize(
    ("cell", "sex"),
    [
        ("F", "female"), ("Female", "female"), ("girl", "female"), ("Θήλυ", "female"), ("ΘΗΛΥ", "female"),
        ("Κορίτσι", "female"), ("Θ", "female"), ("M", "male"), ("boy", "male"), ("Άρρεν", "male"),
        ("ΑΓΟΡΙ", "male"), ("Αγόρι", "male"), ("Non-binary", "other"), ("Unspecified", "unspecified"),
    ],
)  # fmt: skip
def test_d8_sex_is_read_in_the_words_of_schools(cell: str, sex: str) -> None:
    assert values_of(only_row(plan_of(f"Last Name,Sex\nKlein,{cell}\n")))["sex"] == sex


def test_d9_a_sex_that_is_no_known_word_names_the_choices() -> None:
    (problem,) = plan_of("Last Name,Sex\nKlein,Q\n").problems
    assert problem.code == "not-a-choice"
    assert "female" in problem.suggestion


@pytest.mark.parametrize("cell", ["NULL", "N/A", "-", "n/a"])
def test_d8_words_for_nothing_are_unknown_and_said(cell: str) -> None:
    row = only_row(plan_of(f"Last Name,Phone\nKlein,{cell}\n"))
    assert "phone" not in values_of(row)
    assert f"“{cell}”" in row.notes[0]


def test_d7_null_and_na_are_names() -> None:
    row = only_row(plan_of("Last Name,First Name\nNull,Na\n"))
    assert values_of(row) == {"family_name": "Null", "given_name": "Na"}


def test_d7_leading_zeros_and_phones_are_kept_as_typed() -> None:
    plan = plan_of('Last Name;Student Number;Phone\nKlein;="00012";(0030) 59-1\nStark;0007;59 2\n')
    assert [values_of(row)["student_number"] for row in plan.rows] == ["00012", "0007"]
    assert values_of(plan.rows[0])["phone"] == "(0030) 59-1"


def test_d8_a_number_that_a_spreadsheet_shortened_is_a_problem() -> None:
    plan = plan_of("Last Name,Student Number,Phone\nKlein,1.23457E+11,\nStark,1,6.9E+09\n")
    assert problem_texts(plan) == [
        (2, "Student Number", "shortened-number"),
        (3, "Phone", "shortened-number"),
    ]


def test_d7_text_is_nfc_without_odd_blanks() -> None:
    row = only_row(plan_of("Last Name,First Name\n\u00a0Ka\u0301li  Mo\u200b ,Lu\n"))
    assert values_of(row)["family_name"] == "Káli Mo"


def test_d7_one_word_apostrophes_and_other_scripts_are_names() -> None:
    plan = plan_of("Last Name,First Name\n,Suharto\nO'Neill-D’Arcy,Ann\n王,若汐\n")
    assert [row.outcome.value for row in plan.rows] == ["new", "new", "new"]


def test_d9_a_row_without_any_name_is_a_problem() -> None:
    plan = plan_of("Last Name,First Name,Grade\n,,9\n")
    assert problem_texts(plan) == [(2, "Last Name", "name-missing")]


def test_d9_all_problems_of_a_row_are_told_at_once() -> None:
    plan = plan_of("Last Name,Birthdate,Email,Sex\nKlein,31/02/2014,nowhere,Q\n")
    assert [item.column for item in plan.problems] == ["Birthdate", "Email", "Sex"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [("'=cmd()", "=cmd()"), ("'+30 210 1", "+30 210 1"), ("'s-Gravenhage", "'s-Gravenhage")],
)
def test_d7_the_guard_of_our_own_reports_is_taken_away_again(cell: str, value: str) -> None:
    plan = plan_of(f"Last Name,Address\nHaddad,{cell}\n")
    assert values_of(only_row(plan))["address"] == value
