"""D9, D10: the dry run says what each row would do, and a second run of the same file does nothing."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.domain.ids import natural_id
from rollbook.exchange import (
    ColumnsError,
    FieldDifference,
    Known,
    NotATableError,
    Outcome,
    bad_rows_file,
    plan_as_data,
    plan_as_text,
    read_table,
)
from support.student_files import SCHOOL, SDS, only_row, plan_of, problem_texts, stored, table_of, values_of


def known(record_id: str = "k1", *, archived: bool = False, **values: str) -> Known:
    return Known(record_id, values, archived)


def test_d8_the_sds_sample_is_86_new_students_of_two_schools_that_do_not_exist() -> None:
    plan = plan_of(read_table(SDS))
    assert plan.counts == {
        Outcome.NEW: 86, Outcome.CHANGED: 0, Outcome.SAME: 0, Outcome.PROBLEM: 0, Outcome.LEFT_OUT: 0,
        Outcome.REMOVED: 0,
    }  # fmt: skip
    assert values_of(plan.rows[0]) == {
        "source_system": "sds", "sourced_id": "13001", "given_name": "Ora", "family_name": "Klein",
        "middle_name": "Christopher", "student_number": "13001", "grade_level": "9",
        "birth_date": "2000-04-02",
    }  # fmt: skip
    (schools,) = [warning for warning in plan.warnings if warning.code == "school-unknown"]
    assert "“10001” (60 rows)" in schools.message
    assert "“10002” (26 rows)" in schools.message
    assert "your school" in schools.suggestion


def test_d8_a_school_that_exists_is_not_reported() -> None:
    plan = plan_of(read_table(SDS), schools=["10001", "10002"])
    assert "school-unknown" not in [warning.code for warning in plan.warnings]


def test_d10_the_same_file_twice_changes_nothing() -> None:
    first = plan_of(read_table(SDS))
    second = plan_of(read_table(SDS), stored(first))
    assert second.count(Outcome.SAME) == 86
    assert list(second.to_write()) == []


def test_s16_two_desks_make_the_same_ids_from_the_same_file() -> None:
    ids = [row.record_id for row in plan_of(read_table(SDS)).rows]
    assert ids == [row.record_id for row in plan_of(read_table(SDS)).rows]
    assert ids[0] == natural_id("student", SCHOOL, "sds", "13001")
    assert len(set(ids)) == 86


def test_d9_a_changed_row_says_from_what_to_what() -> None:
    before = known(student_number="7", family_name="Klein", given_name="Ora", phone="591")
    row = only_row(plan_of("Last Name,First Name,Student Number,Phone\nKlein,Ora,7,592\n", [before]))
    assert (row.outcome, row.record_id) == (Outcome.CHANGED, "k1")
    assert row.differences == {"phone": FieldDifference("591", "592")}


def test_d9_an_empty_cell_leaves_the_record_as_it_is_and_says_so() -> None:
    before = known(student_number="7", family_name="Klein", phone="591")
    row = only_row(plan_of("Last Name,Student Number,Phone\nKlein,7,\n", [before]))
    assert row.outcome is Outcome.SAME
    assert "phone" in row.notes[0]


def test_d9_a_key_twice_in_the_file_is_a_problem_that_names_the_first_row() -> None:
    plan = plan_of("Last Name,Student Number\nKlein,7\nStark,8\nKlein,7\n")
    assert [row.outcome.value for row in plan.rows] == ["new", "new", "problem"]
    (problem,) = plan.problems
    assert (problem.row, problem.column, problem.code) == (4, "Student Number", "repeated")
    assert "Row 2" in problem.message


def test_d9_two_rows_that_name_one_record_differently_do_not_both_change_it() -> None:
    before = known(student_number="7", source_system="sds", sourced_id="a", family_name="Klein")
    plan = plan_of("SIS ID,Last Name,Student Number\na,Klein,\n,Klein,7\n", [before])
    assert [row.outcome.value for row in plan.rows] == ["same", "problem"]


def test_d10_a_student_entered_by_hand_is_recognised_by_the_number_and_takes_the_files_id() -> None:
    before = known(student_number="13001", family_name="Klein", given_name="Ora")
    plan = plan_of("SIS ID,Last Name,First Name,Student Number\nx1,Klein,Ora,13001\n", [before])
    row = only_row(plan)
    assert (row.outcome, row.record_id) == (Outcome.CHANGED, "k1")
    assert values_of(row) == {"source_system": "sds", "sourced_id": "x1"}


def test_d10_an_id_of_another_system_is_kept() -> None:
    before = known(student_number="7", family_name="Klein", source_system="oneroster", sourced_id="o1")
    row = only_row(plan_of("SIS ID,Last Name,Student Number\nx1,Klein,7\n", [before]))
    assert row.outcome is Outcome.SAME


def test_d9_a_number_that_another_student_has_is_a_problem() -> None:
    same_system = known("a", student_number="7", family_name="Hall", source_system="sds", sourced_id="y")
    another = known("b", student_number="8", family_name="Ruiz", birth_date="2010-01-01")
    itself = known("c", source_system="sds", sourced_id="z", family_name="Lees")
    plan = plan_of(
        "SIS ID,Last Name,Student Number,Birthdate\nx,Klein,7,\nw,Stark,8,2011-01-01\nz,Lees,7,\n",
        [same_system, another, itself],
    )
    assert [item[2] for item in problem_texts(plan)][:2] == ["student-number-taken"] * 2
    assert plan.rows[2].outcome is Outcome.PROBLEM


def test_d9_an_archived_student_is_not_changed_unasked() -> None:
    before = known(student_number="7", family_name="Klein", archived=True)
    plan = plan_of("Last Name,Student Number,Grade\nKlein,7,9\n", [before])
    assert problem_texts(plan) == [(2, "", "archived")]


def test_d10_a_file_without_keys_is_still_imported_once() -> None:
    text = "Last Name,First Name,Homeroom\nKlein,Ora,9A\nKlein,Ora,9B\n"
    first = plan_of(text)
    assert first.count(Outcome.NEW) == 2  # namesakes are allowed (D4)
    assert [row.record_id for row in first.rows] == [None, None]
    second = plan_of(text, stored(first))
    assert second.count(Outcome.SAME) == 2
    assert "no-key" in [warning.code for warning in first.warnings]


def test_d4_a_namesake_with_the_same_birth_date_is_asked_and_another_is_told() -> None:
    before = known(family_name="Klein", given_name="Ora", birth_date="2010-02-03", phone="591")
    text = "Last Name,First Name,Birthdate,Phone\nKLEIN,Óra,2010-02-03,592\nKlein,Ora,2011-02-03,593\n"
    plan = plan_of(text, [before])
    assert [row.outcome.value for row in plan.rows] == ["problem", "new"]
    assert plan.problems[0].code == "perhaps-the-same"
    assert plan.rows[1].notes == ("A student of this name exists already.",)


def test_d11_parents_and_inactive_rows_are_left_out_and_counted() -> None:
    plan = plan_of(
        "sourcedId,role,status,givenName,familyName\n"
        "1,student,active,Ora,Klein\n2,parent,active,Ed,Klein\n3,Student,tobedeleted,Al,Hall\n"
    )
    assert [row.outcome.value for row in plan.rows] == ["new", "left_out", "left_out"]
    assert any("not a student (parent)" in warning.message for warning in plan.warnings)


def test_d8_a_national_id_that_all_share_is_no_ones() -> None:
    plan = plan_of("Last Name,State ID,Student Number\nKlein,WA,1\nStark,WA,2\n")
    assert all("national_id" not in values_of(row) for row in plan.rows)
    assert plan.mapping.column_of("national_id") is None
    assert "not-personal" in [warning.code for warning in plan.warnings]


SECRET = "Hunter2-never-kept"  # made up, and must be found nowhere


def test_d10_passwords_are_in_no_row_plan_report_or_file_of_bad_rows() -> None:
    table = table_of(
        "Last Name,First Name,Password,Birthdate\n"
        f"Klein,Ora,{SECRET},2010-01-01\n"
        f"Stark,Flo,{SECRET},31/02/2010\n"
        f"Lees,Ron,too,{SECRET},2010-01-01\n"
        f"Hall,{SECRET},2010-01-01\n"
        f'Ruiz,"Ann,{SECRET}\nKing,Bob,{SECRET},2010-01-01\n'
    )
    plan = plan_of(table)
    assert plan.count(Outcome.PROBLEM) == 4
    everything = (
        repr(table),
        repr(plan),
        json.dumps(plan_as_data(table, plan)),
        plan_as_text(table, plan),
        bad_rows_file(table, plan).decode(),
    )
    assert [SECRET in text for text in everything] == [False] * 5


def test_d9_bad_rows_come_back_in_the_files_layout_with_a_reason() -> None:
    text = "Επώνυμο;Όνομα;Φύλο\r\nΨαρρά;Άννα;Θ\r\nΡήγας;Νίκος;;;?\r\nΠαππά;Εύα;ξ\r\n"
    table = table_of(text, "cp1253")
    returned = bad_rows_file(table, plan_of(table))
    lines = returned.decode("cp1253").splitlines()
    assert lines[0] == "Επώνυμο;Όνομα;Φύλο;Rollbook: problem"
    assert lines[1].startswith('Ρήγας;Νίκος;;;?;"This row has 5 cells')
    assert lines[2].startswith("Παππά;Εύα;ξ;Φύλο: “ξ” is not known here.")
    assert len(lines) == 3


def test_d9_bad_rows_corrected_in_their_file_go_in() -> None:
    table = table_of("Last Name,Birthdate\nKlein,31/02/2014\n")
    returned = bad_rows_file(table, plan_of(table)).decode()
    corrected = plan_of(returned.replace("Klein,31/02/2014", "Klein,28/02/2014", 1))
    assert values_of(only_row(corrected)) == {"family_name": "Klein", "birth_date": "2014-02-28"}
    again = table_of(returned)
    assert bad_rows_file(again, plan_of(again)).decode() == returned


def test_d9_the_plan_as_data_is_json_with_every_row() -> None:
    table = table_of("Last Name,Birthdate\nKlein,2014-02-28\nStark,31/02/2014\n")
    data = json.loads(json.dumps(plan_as_data(table, plan_of(table))))
    assert data["counts"] == {"new": 1, "changed": 0, "same": 0, "problem": 1, "left_out": 0, "removed": 0}
    assert data["rows"][0]["changes"]["birth_date"] == {"from": None, "to": "2014-02-28"}
    assert data["problems"][0]["row"] == 3
    assert "rows" not in plan_as_data(table, plan_of(table), with_rows=False)


def test_d9_the_plan_as_text_names_counts_columns_and_problems() -> None:
    table = table_of("Last Name,Birthdate,Shoe size\nKlein,2014-02-28,3\nStark,31/02/2014,4\n")
    text = plan_as_text(table, plan_of(table))
    assert "1 new" in text
    assert "1 with a problem" in text
    assert "Last Name → family_name" in text
    assert "not recognised and are left out: Shoe size" in text
    assert "Row 3, Birthdate: “31/02/2014”" in text


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet='aÉΨ,;"\n\r\t|=0\x00', max_size=120).map(str.encode))
)
def test_d8_whatever_the_bytes_every_row_is_planned_or_the_file_refused(data: bytes) -> None:
    try:
        table = read_table(b"Last Name,First Name\n" + data)
        plan = plan_of(table)
    except (NotATableError, ColumnsError):
        return
    assert [row.number for row in plan.rows] == [row.number for row in table.rows]
    json.dumps(plan_as_data(table, plan))
    bad_rows_file(table, plan)
