"""D14: the year turns over by grade, with exceptions, as one run; twice is once, on two computers too."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollbook.client.turnover.values import Choice, Outcome, StudentException, TurnOver
from rollbook.client.values import Edit, RefusedEntryError
from support.client_desk import ClientDesk
from support.offline_desk import OfflineDesk

MakeDesk = Callable[..., ClientDesk]
ASKED = TurnOver("2025/26", "2026/27")
OLD = {"title": "2025/26", "type": "school_year", "start_date": "2025-09-11", "end_date": "2026-06-15"}
TERM = {"title": "Autumn term 2025/26", "type": "term", "start_date": "2025-09-11", "end_date": "2026-01-20"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[OfflineDesk]:
    """A computer without a server."""
    one = OfflineDesk(tmp_path / "here", "administrator")
    yield one
    one.close()


class OldYear:
    """A school year with a class of each grade, and who is in it."""

    def __init__(self, desk: ClientDesk, *grades: str) -> None:
        new = desk.client.new_run
        self.year, term, self.teacher = new(), new(), new()
        edits = [
            Edit("academic_session", self.year, OLD),
            Edit("academic_session", term, {**TERM, "parent_id": self.year}),
            Edit("staff", self.teacher, {"family_name": "Teacher"}),
        ]
        self.sections = {grade: new() for grade in dict.fromkeys(grades)}
        for grade, section in self.sections.items():
            class_values = {"title": f"{grade}A", "class_type": "homeroom", "academic_session_id": self.year}
            edits.append(Edit("section", section, {**class_values, "grade_level": grade, "capacity": 25}))
            teaches = {"section_id": section, "staff_id": self.teacher, "is_primary": "yes"}
            edits.append(Edit("section_teacher", None, teaches))
        self.students = [new() for _ in grades]
        for student, grade in zip(self.students, grades, strict=True):
            edits += self.enrolled(student, grade)
        desk.client.save_many(edits, new())

    def enrolled(self, student: str, grade: str) -> list[Edit]:
        """A student of a grade, in its class."""
        named = {"given_name": f"S{student[-4:]}", "grade_level": grade, "homeroom": f"{grade}A"}
        spell = {"student_id": student, "entry_date": "2025-09-11", "entry_type": "new", "grade_level": grade}
        member = {"section_id": self.sections[grade], "student_id": student, "begin_date": "2025-09-11"}
        return [
            Edit("student", student, named),
            Edit("enrolment", None, {**spell, "school_year_id": self.year}),
            Edit("section_enrolment", None, member),
        ]


def rows(desk: ClientDesk, entity: str) -> list[dict[str, Any]]:
    """The live records of an entity."""
    return [
        {"id": row.id, **row.values} for row, archived in desk.client.every_record(entity) if not archived
    ]


def spells_of(desk: ClientDesk, student: str) -> list[dict[str, Any]]:
    found = [row for row in rows(desk, "enrolment") if row["student_id"] == student]
    return sorted(found, key=lambda row: row["entry_date"])


def test_d14_a_dry_run_tells_each_students_outcome_and_stores_nothing(here: OfflineDesk) -> None:
    OldYear(here, "1", "2", "3")
    before = len(here.client.entries(limit=1_000))
    plan = here.client.turnovers.plan(ASKED)
    assert plan.grades == ("1", "2", "3")
    assert [
        (each.outcome, each.new_grade) for each in sorted(plan.students, key=lambda each: str(each.grade))
    ] == [
        (Outcome.PROMOTED, "2"),
        (Outcome.PROMOTED, "3"),
        (Outcome.GRADUATES, None),
    ]
    assert len(here.client.entries(limit=1_000)) == before


def test_d14_promotion_leavers_and_new_classes_are_one_run(here: OfflineDesk) -> None:
    old = OldYear(here, "1", "2", "3")
    done = here.client.turnovers.commit(here.client.turnovers.plan(ASKED))
    assert done.run is not None
    first, second, last = old.students
    student = here.values(first)
    assert (student["grade_level"], student["homeroom"]) == ("2", "2A")
    closed, opened = spells_of(here, first)
    assert (closed["exit_date"], closed["exit_type"]) == ("2026-06-15", "end_of_year")
    assert (opened["entry_type"], opened["grade_level"]) == ("next_year", "2")
    [left] = spells_of(here, last)
    assert left["exit_type"] == "graduated"
    assert here.values(second)["grade_level"] == "3"
    years = {row["title"] for row in rows(here, "academic_session") if row["type"] == "school_year"}
    assert years == {"2025/26", "2026/27"}
    [new_year] = [row["id"] for row in rows(here, "academic_session") if row["title"] == "2026/27"]
    classes = {row["title"]: row for row in rows(here, "section") if row["academic_session_id"] == new_year}
    members = {(row["section_id"], row["student_id"]) for row in rows(here, "section_enrolment")}
    assert (classes["2A"]["id"], first) in members
    taught = {(row["section_id"], row["staff_id"]) for row in rows(here, "section_teacher")}
    assert (classes["2A"]["id"], old.teacher) in taught
    [run] = here.client.runs.latest("year_turn_over")
    assert (run.run, run.title) == (done.run, "2025/26 → 2026/27")


def test_d14_exceptions_go_before_the_rule(here: OfflineDesk) -> None:
    old = OldYear(here, "1", "1", "1", "1", "2", "3")
    repeats, skips, leaves, moved = old.students[:4]
    asked = TurnOver(
        "2025/26",
        "2026/27",
        exceptions=(
            StudentException(repeats, Choice.REPEAT),
            StudentException(skips, Choice.SKIP),
            StudentException(leaves, Choice.LEAVE, exit_type="transferred"),
            StudentException(moved, Choice.GRADE, grade_level="3"),
        ),
    )
    here.client.turnovers.commit(here.client.turnovers.plan(asked))
    assert [here.values(each)["grade_level"] for each in (repeats, skips, moved)] == ["1", "3", "3"]
    assert [each["exit_type"] for each in spells_of(here, leaves)] == ["transferred"]
    with pytest.raises(RefusedEntryError) as refused:
        here.client.turnovers.plan(
            TurnOver("2025/26", "2026/27", exceptions=(StudentException("nobody", Choice.LEAVE),))
        )
    assert refused.value.breaches[0].field == "exceptions"


def test_d14_who_is_unclear_is_named_and_left_alone(here: OfflineDesk) -> None:
    old = OldYear(here, "1", "2")
    no_grade = here.add(given_name="Odd").entity_id
    here.client.save(Edit("enrolment", None, {"student_id": no_grade, "entry_date": "2025-09-11"}))
    without = here.add(given_name="Nobody", grade_level="1").entity_id
    plan = here.client.turnovers.plan(ASKED)
    unclear = {each.student_id: each.why for each in plan.unclear}
    assert unclear.keys() == {no_grade, without}
    assert "grade" in unclear[no_grade]
    here.client.turnovers.commit(plan)
    assert here.values(no_grade)["grade_level"] is None
    assert here.values(old.students[0])["grade_level"] == "2"


def test_d14_twice_is_once(here: OfflineDesk) -> None:
    OldYear(here, "1", "2", "3")
    here.client.turnovers.commit(here.client.turnovers.plan(ASKED))
    before = {name: rows(here, name) for name in ("student", "enrolment", "section", "section_enrolment")}
    again = here.client.turnovers.commit(here.client.turnovers.plan(ASKED))
    assert (again.run, again.saved) == (None, ())
    assert {name: rows(here, name) for name in before} == before


def test_d14_who_changed_after_the_dry_run_is_looked_at_again(here: OfflineDesk) -> None:
    old = OldYear(here, "1", "1", "2")
    plan = here.client.turnovers.plan(ASKED)
    here.client.save(Edit("student", old.students[0], {"grade_level": "2"}))
    done = here.client.turnovers.commit(plan)
    assert [each.student_id for each in done.left_out] == [old.students[0]]
    assert here.values(old.students[1])["grade_level"] == "2"


def test_d14_two_computers_turn_the_same_year_over_and_make_one(
    desk: ClientDesk, make_desk: MakeDesk
) -> None:
    old = OldYear(desk, "1", "2", "3")
    desk.sync()
    other = make_desk()
    other.sync()
    for each in (desk, other):
        each.client.turnovers.commit(each.client.turnovers.plan(ASKED))
    for each in (desk, other, desk):
        each.sync()
    assert desk.client.entries() == ()
    assert other.client.entries() == ()
    for name in ("academic_session", "section", "enrolment", "section_enrolment", "student"):
        assert sorted(rows(desk, name), key=str) == sorted(rows(other, name), key=str), name
    assert len(spells_of(desk, old.students[0])) == 2
    assert len([row for row in rows(desk, "section") if row["title"] == "2A"]) == 2


_STAYS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", None, "X"]),
        st.sampled_from(["open", "left", "future", "none", "two", "next"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STAYS)
def test_d14_nobody_is_lost_and_nobody_is_in_two_enrolments(
    tmp_path_factory: pytest.TempPathFactory, stays: list[tuple[str | None, str, bool]]
) -> None:
    here = OfflineDesk(tmp_path_factory.mktemp("year"), "administrator")
    try:
        _check_nobody_is_lost(here, stays)
    finally:
        here.close()


def _check_nobody_is_lost(here: OfflineDesk, stays: list[tuple[str | None, str, bool]]) -> None:
    OldYear(here, "1", "2", "3")
    for number, (grade, stay, archived) in enumerate(stays):
        student = here.add(given_name=f"N{number}", grade_level=grade).entity_id
        for entry, end in _SPELLS[stay]:
            values = {"student_id": student, "entry_date": entry, "exit_date": end, "grade_level": grade}
            here.client.save(Edit("enrolment", None, {k: v for k, v in values.items() if v}))
        if archived:
            here.client.archive("student", student)
    asked = TurnOver("2025/26", "2026/27", grades=("1", "2", "3"))
    plan = here.client.turnovers.plan(asked)
    live = {row["id"] for row in rows(here, "student")}
    assert Counter(each.student_id for each in plan.students) == Counter(live)
    here.client.turnovers.commit(plan)
    unclear = {each.student_id for each in plan.unclear}
    for student in live - unclear:
        open_now = [row for row in spells_of(here, student) if (row["exit_date"] or "9999") > "2026-09-30"]
        assert len([row for row in open_now if row["entry_date"] <= "2026-09-30"]) <= 1, student
    assert here.client.turnovers.commit(here.client.turnovers.plan(asked)).saved == ()


_SPELLS: dict[str, list[tuple[str, str | None]]] = {
    "open": [("2025-09-11", None)],
    "left": [("2025-09-11", "2026-01-10")],
    "future": [("2026-10-01", None)],
    "none": [],
    "two": [("2025-09-11", None), ("2025-10-01", None)],
    "next": [("2025-09-11", None), ("2026-09-11", None)],
}
