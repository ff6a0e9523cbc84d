"""OneRoster packages in (D9, D11): bulk and delta, 1.1 and 1.2, references, roles, what is gone."""

from pathlib import Path

import pytest

from rollbook.exchange import Outcome
from support.packages import (
    SMALL,
    carried_out,
    classlink,
    codes,
    counted,
    part,
    plan_of,
    problems,
    small,
    texts,
    zipped,
)


def _only(records: list[object]) -> dict[str, object]:
    (known,) = records
    return {name: value for name, value in known.values.items() if value is not None}  # type: ignore[attr-defined]


def test_d11_each_file_becomes_its_entities_and_names_what_it_should(tmp_path: Path) -> None:
    plan = plan_of(small(tmp_path / "small.zip"))
    assert problems(plan) == []
    school = carried_out(plan)
    by_title = {known.values["title"]: known for known in school["academic_session"]}
    assert by_title["Autumn"].values["parent_id"] == by_title["2026/27"].id
    assert by_title["2026/27"].values["type"] == "school_year"
    section = school["section"][0]
    assert section.values["course_id"] == school["course"][0].id
    assert section.values["academic_session_id"] == by_title["Autumn"].id
    students = {known.values["given_name"]: known for known in school["student"]}
    assert students["Ana"].values["student_number"] == "0012"
    assert students["Ana"].values["birth_date"] == "2012-03-04"
    assert _only(school["staff"])["user_name"] == "mk"
    assert _only(school["contact"])["mobile"] == "69 1"
    link = _only(school["student_contact"])
    assert (link["student_id"], link["contact_id"]) == (students["Ana"].id, school["contact"][0].id)
    assert link["relationship"] == "parent"
    assert len(school["section_enrolment"]) == 2
    assert _only(school["section_teacher"])["is_primary"] == "yes"
    category, item, result = school["category"][0], school["line_item"][0], school["result"][0]
    assert (category.values["section_id"], category.values["weight"]) == (section.id, "2")
    assert item.values["category_id"] == category.id
    assert (result.values["score"], result.values["score_status"]) == ("14.5", "fully_graded")
    assert not any("secret" in str(known.values) for records in school.values() for known in records)


def test_d10_a_second_import_changes_nothing(tmp_path: Path) -> None:
    file = small(tmp_path / "small.zip")
    again = plan_of(file, carried_out(plan_of(file)))
    assert set(counted(again)) == {"same"}


def test_d11_sessions_are_stored_before_what_is_part_of_them(tmp_path: Path) -> None:
    plan = plan_of(small(tmp_path / "small.zip"))
    sessions = part(plan, "academicSessions", "academic_session")
    assert [row.number for row in sessions.rows] == [2, 3]
    assert [row.number for row in sessions.to_write()] == [3, 2]


def test_d11_sessions_that_are_parts_of_each_other_are_told(tmp_path: Path) -> None:
    rows = ["a,,,A,term,2026-09-01,2026-12-20,b,2027", "b,,,B,term,2026-09-01,2026-12-20,a,2027"]
    plan = plan_of(small(tmp_path / "small.zip", academicSessions=rows, courses=[], classes=[]))
    assert [code for file, _row, _column, code in problems(plan) if file == "academicSessions"] == [
        "reference-circle",
        "reference-circle",
    ]


def test_d11_a_reference_that_leads_nowhere_is_told_at_its_row_and_stops_no_other(tmp_path: Path) -> None:
    plan = plan_of(
        small(
            tmp_path / "small.zip",
            classes=["cl,,,Maths 9A,nowhere,scheduled,org,t1"],
            enrollments=["e1,,,cl,org,s1,student,", "e2,,,cl,org,gone,student,", "e3,,,lost,org,s2,student,"],
        )
    )
    assert problems(plan) == [
        ("classes", 2, "courseSourcedId", "reference-nowhere"),
        ("enrollments", 3, "userSourcedId", "reference-nowhere"),
        ("enrollments", 4, "classSourcedId", "reference-nowhere"),
    ]
    assert part(plan, "classes", "section").rows[0].outcome is Outcome.NEW  # it does without its course
    assert part(plan, "enrollments", "section_enrolment").count(Outcome.NEW) == 1


def test_d11_what_names_a_row_with_a_problem_is_told_of_that_row(tmp_path: Path) -> None:
    plan = plan_of(small(tmp_path / "small.zip", classes=["cl,,,,co,scheduled,org,t1"]))
    assert ("classes", 2, "title", "required") in problems(plan)
    assert ("enrollments", 2, "classSourcedId", "reference-bad") in problems(plan)


def test_d11_an_id_that_stands_twice_counts_once(tmp_path: Path) -> None:
    users = [*SMALL["users"], "s1,,,true,org,teacher,x,Xenia,Other,,,,,,,"]
    plan = plan_of(small(tmp_path / "small.zip", users=users))
    assert problems(plan) == [("users", 6, "sourcedId", "repeated")]
    assert len(carried_out(plan)["student"]) == 2


def test_d11_words_in_another_case_are_accepted_and_said(tmp_path: Path) -> None:
    files = texts(
        {
            **SMALL,
            "academicSessions": ["y1,,,2026/27,SCHOOLYEAR,2026-09-01,2027-06-30,,2027"],
            "enrollments": ["e1,,,cl,org,s1,Student,", "e3,,,cl,org,t9,TEACHER,TRUE"],
        }
    )
    files["users.csv"] = files["users.csv"].replace("sourcedId", "SourcedID")
    files["manifest.csv"] = files["manifest.csv"].replace("file.users,bulk", "File.Users,BULK")
    plan = plan_of(zipped(tmp_path / "odd.zip", files))
    assert [each for each in problems(plan) if each[3] != "reference-nowhere"] == []
    said = " ".join(warning.message for warning in plan.warnings if warning.code == "letter-case")
    for words in ("“SCHOOLYEAR” for “schoolYear”", "“SourcedID”", "“BULK” for “bulk”", "“TRUE” for “true”"):
        assert words in said
    assert plan.known == 0
    assert part(plan, "users", "student").count(Outcome.NEW) == 2


def test_d11_a_word_that_is_not_known_is_told_with_those_that_are(tmp_path: Path) -> None:
    rows = ["y1,,,2026/27,decade,2026-09-01,2027-06-30,,2027"]
    plan = plan_of(small(tmp_path / "small.zip", academicSessions=rows, courses=[], classes=[]))
    _part, problem = next(iter(plan.problems))
    assert (problem.row, problem.column, problem.code) == (2, "type", "not-a-choice")
    assert "schoolYear" in problem.suggestion


def test_d11_in_1_2_roles_tell_who_is_who_and_who_stays_from_when(tmp_path: Path) -> None:
    rows = {name: lines for name, lines in SMALL.items() if name != "users"}
    files = texts(
        rows
        | {
            "roles": [
                "a,,,s1,primary,student,2026-09-01,,org",
                "b,,,s2,primary,student,,,org",
                "c,,,t9,secondary,parent,,,org",
                "d,,,t9,primary,teacher,,,org",
                "e,,,p1,primary,guardian,,,org",
            ]
        },
        version="1.2",
    )
    users = texts({"users": [line.replace(",org,", ",,", 1) for line in SMALL["users"]]})["users.csv"]
    files["users.csv"] = _without_columns(users, {"orgSourcedIds", "role"})
    files["manifest.csv"] += "file.users,bulk\r\n"
    plan = plan_of(zipped(tmp_path / "new.zip", files))
    assert problems(plan) == []
    school = carried_out(plan)
    assert [len(school[each]) for each in ("student", "staff", "contact")] == [2, 1, 1]
    assert _only(school["enrolment"])["entry_date"] == "2026-09-01"
    assert _only(school["student_contact"])["relationship"] == "guardian"
    assert set(counted(plan_of(tmp_path / "new.zip", school))) == {"same"}


def _without_columns(text: str, headings: set[str]) -> str:
    lines = [line.split(",") for line in text.split("\r\n") if line]
    kept = [place for place, heading in enumerate(lines[0]) if heading not in headings]
    return "\r\n".join(",".join(line[place] for place in kept) for line in lines) + "\r\n"


def test_d11_what_a_whole_file_has_no_more_is_archived_and_counted_for_a_person(tmp_path: Path) -> None:
    school = carried_out(plan_of(small(tmp_path / "first.zip")))
    less = small(
        tmp_path / "less.zip",
        users=[line for line in SMALL["users"] if not line.startswith("s2")],
        enrollments=[line for line in SMALL["enrollments"] if ",s2," not in line],
    )
    plan = plan_of(less, school)
    removed = [(each.entity, row.record_id) for each in plan.parts for row in each.rows if not row.number]
    bo = next(known.id for known in school["student"] if known.values["given_name"] == "Bo")
    assert ("student", bo) in removed
    assert {entity for entity, _id in removed} == {"student", "section_enrolment"}
    assert plan.removals == 2
    assert plan.removes_much(0.05)
    assert not plan.removes_much(0.5)
    assert set(counted(plan_of(less, carried_out(plan, school)))) == {"same"}


def test_d11_a_file_that_could_not_be_read_whole_removes_nothing(tmp_path: Path) -> None:
    school = carried_out(plan_of(small(tmp_path / "first.zip")))
    plan = plan_of(small(tmp_path / "bad.zip", users=[SMALL["users"][0], "s2,one,cell,too,few"]), school)
    assert ("users", 3, "", "row-form") in problems(plan)
    assert plan.removals == 0
    worse = plan_of(zipped(tmp_path / "worse.zip", {**texts(SMALL), "users.csv": b"%PDF-1.4"}), school)
    assert [code for _file, row, _column, code in problems(worse) if row == 0] == ["not-a-table"]
    assert part(worse, "users", "").count(Outcome.PROBLEM) == 1
    assert worse.removals == 0


def test_d11_a_row_with_a_problem_is_no_reason_to_archive_its_record(tmp_path: Path) -> None:
    school = carried_out(plan_of(small(tmp_path / "first.zip")))
    users = [
        SMALL["users"][0].replace("0012", "0012").replace(",,p1,09", "no digits,,p1,09"),
        *SMALL["users"][1:],
    ]
    plan = plan_of(small(tmp_path / "bad.zip", users=users), school)
    assert plan.counts[Outcome.PROBLEM] > 0
    assert plan.removals == 0


def test_d11_a_delta_says_what_goes_and_leaves_the_rest(tmp_path: Path) -> None:
    school = carried_out(plan_of(small(tmp_path / "first.zip")))
    rows = {
        "users": [
            "s2,tobedeleted,2026-10-01T00:00:00.000Z,true,org,student,bo,Bo,Lind,0013,,,,,09,",
            "s1,active,2026-10-01T00:00:00.000Z,true,org,student,ana,Ana,Ferreira,0012,,,,p1,10,",
            "s7,tobedeleted,2026-10-01T00:00:00.000Z,true,org,student,x,X,Y,,,,,,09,",
        ]
    }
    plan = plan_of(zipped(tmp_path / "delta.zip", texts(rows, "delta")), school)
    students = part(plan, "users", "student")
    assert [row.outcome.value for row in students.rows] == ["removed", "changed", "left_out"]
    change = students.rows[1].differences["grade_level"]
    assert (change.had, change.value) == ("09", "10")
    assert (plan.removals, plan.known) == (1, 4)  # of two students, a contact, a teacher


def test_d11_what_a_delta_takes_away_need_say_no_more_than_its_id(tmp_path: Path) -> None:
    school = carried_out(plan_of(small(tmp_path / "first.zip")))
    when = "tobedeleted,2026-10-01T00:00:00.000Z"
    rows = {
        "users": [f"s2,{when},,,student,,,,,,,,,,"],
        "enrollments": [f"e2,{when},,,,student,", f"e3,{when},cl,org,t9,teacher,"],
    }
    plan = plan_of(zipped(tmp_path / "delta.zip", texts(rows, "delta")), school)
    assert problems(plan) == []
    removed = {each.entity: each.count(Outcome.REMOVED) for each in plan.parts}
    assert removed == {"student": 1, "section_enrolment": 1, "section_teacher": 1}
    assert {
        known.values["given_name"] for known in carried_out(plan, school)["student"] if not known.archived
    } == {"Ana"}


def test_d11_what_one_row_takes_away_and_another_has_stays(tmp_path: Path) -> None:
    gone = "e9,tobedeleted,2026-10-01T00:00:00.000Z,cl,org,t9,teacher,"
    file = small(tmp_path / "both.zip", enrollments=[gone, *SMALL["enrollments"]])
    school = carried_out(plan_of(file))
    assert part(plan_of(file, school), "enrollments", "section_teacher").count(Outcome.REMOVED) == 0
    assert len(school["section_teacher"]) == 1


def test_d11_a_file_that_the_manifest_names_and_that_is_missing_is_said(tmp_path: Path) -> None:
    files = texts(SMALL)
    del files["courses.csv"]
    plan = plan_of(zipped(tmp_path / "less.zip", files))
    assert "file-missing" in codes(plan)
    assert ("classes", 2, "courseSourcedId", "reference-nowhere") in problems(plan)
    assert plan.removals == 0


def test_d11_without_a_manifest_nothing_is_removed(tmp_path: Path) -> None:
    school = carried_out(plan_of(small(tmp_path / "first.zip")))
    files = texts({**SMALL, "users": SMALL["users"][:1]})
    del files["manifest.csv"]
    plan = plan_of(zipped(tmp_path / "none.zip", files), school)
    assert "manifest-missing" in codes(plan)
    assert plan.removals == 0


def test_d11_rows_of_another_school_are_left_out_where_ones_own_is_named(tmp_path: Path) -> None:
    plan = plan_of(
        small(
            tmp_path / "two.zip",
            orgs=["org,,,Harbour School,school,,", "hill,,,Hill School,school,,"],
            users=[*SMALL["users"], "h1,,,true,hill,student,h,Hal,Hill,,,,,,,"],
            enrollments=["e9,,,cl,org,h1,student,"],
        )
    )
    assert problems(plan) == []
    assert len(carried_out(plan)["student"]) == 2
    assert part(plan, "enrollments", "section_enrolment").rows[0].notes == (
        "names a student that is left out",
    )


def test_d11_a_school_that_the_list_lacks_is_told_at_its_row(tmp_path: Path) -> None:
    users = [SMALL["users"][1].replace(",org,", ",nowhere,")]
    plan = plan_of(small(tmp_path / "org.zip", users=users, enrollments=[], demographics=[], results=[]))
    assert problems(plan) == [("users", 2, "orgSourcedIds", "reference-nowhere")]
    assert part(plan, "users", "student").rows[0].outcome is Outcome.NEW


def test_d11_columns_and_files_without_a_place_are_named_and_counted(tmp_path: Path) -> None:
    files = texts(SMALL)
    files["users.csv"] = (
        files["users.csv"].replace("password", "metadata.shoeSize").replace(",09,secret", ",09,41")
    )
    files["resources.csv"] = "sourcedId,title\r\nx,y\r\n"
    plan = plan_of(zipped(tmp_path / "more.zip", files))
    said = " ".join(warning.message for warning in plan.warnings)
    assert "“metadata.shoeSize” (1 rows)" in said
    assert "resources.csv is not read" in said
    assert "“username” (3 rows)" in said  # kept of staff alone


def test_d8_the_public_set_gives_students_parents_and_who_is_whose(tmp_path: Path) -> None:
    plan = plan_of(classlink(tmp_path / "classlink"))
    assert part(plan, "users", "contact").count(Outcome.NEW) == 812
    assert part(plan, "users", "student").count(Outcome.NEW) == 1186
    assert part(plan, "users", "student_contact").count(Outcome.NEW) == 2388
    assert ("users", 1829, "identifier", "repeated") in problems(plan)
    assert "school-unknown" in codes(plan)
    again = plan_of(tmp_path / "classlink", carried_out(plan))
    assert counted(again) == {"same": 4386, "problem": 3}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1253"])
def test_d8_files_of_other_encodings_and_separators_with_null_as_text_are_read(
    tmp_path: Path, encoding: str
) -> None:
    users = ["s1,,,true,org,student,ana,Άννα,Παππά,NULL,NULL,,,,09,"]
    files = texts({**SMALL, "users": users, "enrollments": SMALL["enrollments"][:1], "demographics": []})
    coded = {
        name: text.replace(",", ";").encode(encoding) if name == "users.csv" else text.encode()
        for name, text in files.items()
    }
    student = carried_out(plan_of(zipped(tmp_path / "coded.zip", coded)))["student"][0].values
    assert (student["family_name"], student.get("student_number"), student["grade_level"]) == (
        "Παππά",
        None,
        "09",
    )
