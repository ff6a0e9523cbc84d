"""Bulk edit: it says how many, changes exactly those, and writes over nothing (D6)."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollbook.client.bulk import BulkOutcome, BulkPlan
from rollbook.client.values import RefusedEntryError
from rollbook.domain.roles import Role
from support.changing_roles import set_role
from support.classroom import classroom
from support.client_desk import ClientDesk
from support.offline_desk import OfflineDesk
from support.school_server import SchoolServer

MakeDesk = Callable[..., ClientDesk]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[OfflineDesk]:
    """A computer without a server."""
    one = OfflineDesk(tmp_path / "here")
    yield one
    one.close()


def _students(desk: ClientDesk, *grades: str | None) -> list[str]:
    """Register a student of each grade."""
    return [desk.add(given_name=f"S{n}", grade_level=grade).entity_id for n, grade in enumerate(grades)]


def _grades(desk: ClientDesk, ids: list[str]) -> list[str | None]:
    return [desk.values(each)["grade_level"] for each in ids]


def _outcomes(plan: BulkPlan) -> list[str]:
    return [row.outcome.value for row in plan.rows]


def test_d6_it_says_how_many_before_it_changes_any(here: OfflineDesk) -> None:
    ids = _students(here, "3", "3", "4", None)
    plan = here.client.bulk.plan("student", ids, {"grade_level": " 4 "})
    assert plan.counts == {"changed": 3, "same": 1, "refused": 0}
    assert plan.rows[0].changes == {"grade_level": ("3", "4")}
    assert plan.rows[0].label == "S0"
    assert _grades(here, ids) == ["3", "3", "4", None]


def test_d6_it_changes_exactly_those_as_one_run(desk: ClientDesk) -> None:
    ids = _students(desk, "3", "3", "4")
    done = desk.client.bulk.apply(desk.client.bulk.plan("student", ids[:2], {"grade_level": "4"}))
    assert ([each.entity_id for each in done.saved], done.left_out) == (ids[:2], ())
    assert _grades(desk, ids) == ["4", "4", "4"]
    assert desk.sql("SELECT count(*) FROM operation WHERE run IS NOT NULL GROUP BY run") == [(2,)]
    assert desk.sync().up_to_date


def test_d6_what_a_rule_refuses_is_named_and_stays(here: OfflineDesk) -> None:
    named = here.add(given_name="Ana", native_name="Άννα").entity_id
    plain = here.add(given_name="Ben").entity_id
    gone = here.add(given_name="Cem").entity_id
    here.client.archive("student", gone)
    nobody = here.client.new_run()
    plan = here.client.bulk.plan("student", [named, plain, gone, nobody], {"given_name": None})
    assert [(row.outcome, [each.code for each in row.breaches]) for row in plan.rows] == [
        ("changed", []),
        ("refused", ["name-missing"]),
        ("refused", ["archived"]),
        ("refused", ["not-found"]),
    ]
    here.client.bulk.apply(plan)
    assert (here.values(named)["given_name"], here.values(plain)["given_name"]) == (None, "Ben")


def test_d6_a_record_that_changed_since_is_named_and_left_out(here: OfflineDesk) -> None:
    ids = _students(here, "3", "3", "3", "3")
    plan = here.client.bulk.plan("student", ids, {"grade_level": "4"})
    here.change(ids[0], grade_level="5")
    here.change(ids[1], grade_level="4")
    here.change(ids[2], homeroom="3A")
    done = here.client.bulk.apply(plan)
    assert [(row.record_id, row.changes) for row in done.left_out] == [
        (ids[0], {"grade_level": ("5", "4")}),
        (ids[1], {}),
    ]
    assert _grades(here, ids) == ["5", "4", "4", "4"]


def test_d6_a_plan_that_holds_for_nobody_any_more_stores_nothing(here: OfflineDesk) -> None:
    ids = _students(here, "3")
    plan = here.client.bulk.plan("student", ids, {"grade_level": "4"})
    here.client.archive("student", ids[0])
    done = here.client.bulk.apply(plan)
    assert (done.run, done.saved, [row.outcome for row in done.left_out]) == (None, (), [BulkOutcome.REFUSED])


def test_d6_a_merged_record_is_planned_once_and_left_out_where_it_was_merged_since(here: OfflineDesk) -> None:
    one, other = _students(here, "3", "3")
    plan = here.client.bulk.plan("student", [one], {"grade_level": "4"})
    with sqlite3.connect(here.client.account.store) as store:
        store.execute(
            "INSERT INTO alias (entity, alias_id, record_id) VALUES ('student', ?, ?)", (one, other)
        )
    assert [row.record_id for row in here.client.bulk.plan("student", [one, other], {}).rows] == [other]
    done = here.client.bulk.apply(plan)
    assert [[each.code for each in row.breaches] for row in done.left_out] == [["merged"]]


def test_d6_what_changed_at_the_school_meanwhile_is_asked(make_desk: MakeDesk) -> None:
    here, there = make_desk(), make_desk()
    (student,) = _students(here, "3")
    here.sync()
    there.sync()
    plan = here.client.bulk.plan("student", [student], {"grade_level": "4"})
    there.change(student, grade_level="5")
    there.sync()
    (saved,) = here.client.bulk.apply(plan).saved
    here.sync()
    assert here.state(saved) == "conflict"


def test_d6_a_value_that_one_record_may_have_goes_to_no_two(here: OfflineDesk) -> None:
    ids = _students(here, "3", "3")
    with pytest.raises(RefusedEntryError) as refused:
        here.client.bulk.plan("student", ids, {"student_number": "7"})
    assert [(each.field, each.code) for each in refused.value.breaches] == [("student_number", "value-taken")]
    assert _outcomes(here.client.bulk.plan("student", ids[:1], {"student_number": "7"})) == ["changed"]
    assert _outcomes(here.client.bulk.plan("student", ids, {"student_number": None})) == ["same", "same"]


def test_d6_values_that_fit_nothing_are_refused_at_once(here: OfflineDesk) -> None:
    ids = _students(here, "3")
    for changes in ({"birth_date": "31.2.2014"}, {"nonsense": "1"}):
        with pytest.raises(RefusedEntryError):
            here.client.bulk.plan("student", ids, changes)
    with pytest.raises(RefusedEntryError):
        here.client.bulk.plan("school", [], {"name": "Ours"})
    with pytest.raises(RefusedEntryError):
        here.client.bulk.select("student", {"nonsense": "1"})


def test_d6_other_kinds_of_records_are_named_by_what_they_name(here: OfflineDesk) -> None:
    room = classroom(here)
    inside = here.client.bulk.select("section_enrolment", {"section_id": room.section})
    plan = here.client.bulk.plan("section_enrolment", inside, {"end_date": "2026-08-01"})
    assert {row.label for row in plan.rows} == {f"Ana F{n} ({n}) · 1A" for n in (1001, 1002, 1003)}
    assert [row.breaches[0].code for row in plan.rows] == ["before-its-beginning"] * 3


def test_d6_who_may_not_write_is_told_before_anything(desk: ClientDesk, school: SchoolServer) -> None:
    ids = _students(desk, "3")
    desk.sync()
    set_role(school, desk, Role.VIEWER)
    desk.sync()
    with pytest.raises(RefusedEntryError) as refused:
        desk.client.bulk.plan("student", ids, {"grade_level": "4"})
    assert refused.value.breaches[0].code == "forbidden"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    grades=st.lists(st.sampled_from([None, "3", "4"]), min_size=1, max_size=6),
    meanwhile=st.lists(st.sampled_from([None, "3", "4", "5", "-"]), min_size=6, max_size=6),
)
def test_d6_no_record_is_written_over(
    here: OfflineDesk, grades: list[str | None], meanwhile: list[str | None]
) -> None:
    """Whatever is done between the plan and its use: who was changed since keeps that, others change."""
    ids = _students(here, *grades)
    plan = here.client.bulk.plan("student", ids, {"grade_level": "4"})
    for student, grade in zip(ids, meanwhile, strict=False):
        if grade != "-":
            here.change(student, grade_level=grade)
    before = _grades(here, ids)
    done = here.client.bulk.apply(plan)
    left = {row.record_id for row in done.left_out}
    assert left == {
        student for student, was, now in zip(ids, grades, before, strict=True) if was != "4" and was != now
    }
    assert _grades(here, ids) == [
        now if student in left or was == "4" else "4"
        for student, was, now in zip(ids, grades, before, strict=True)
    ]
