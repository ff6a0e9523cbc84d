"""The same student entered twice: a new number, or the same one after all; by key it is one (S16, D4)."""

from collections.abc import Callable
from typing import Any

import pytest

from rollbook.client.numbers import NEXT_NUMBER
from rollbook.client.resolving import Chosen
from rollbook.client.values import Edit, RefusedEntryError, Saved
from rollbook.store.errors import NotAllowedNowError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

MakeDesk = Callable[..., ClientDesk]
Two = tuple[ClientDesk, ClientDesk]
SAME = Chosen("same")
KEY = {"source_system": "oneroster", "sourced_id": "s-1"}


@pytest.fixture
def two(make_desk: MakeDesk) -> Two:
    """Two desks in sync."""
    one, other = make_desk(), make_desk()
    one.sync()
    other.sync()
    return one, other


def _twice(two: Two, **mine: Any) -> tuple[str, Saved]:
    """The same number on both desks; the second one's is in conflict. Gives the school's id, and mine."""
    one, other = two
    first = one.add(given_name="Eleni", student_number="77", phone="1", email="school@example.org")
    one.sync()
    saved = other.add(**({"given_name": "Eleni", "student_number": "77"} | mine))
    assert other.sync().conflicts == 1
    return first.entity_id, saved


def _at_school(school: SchoolServer) -> list[dict[str, Any]]:
    rows = school.rows("SELECT * FROM student WHERE school_id = :school ORDER BY student_number")
    return [dict(row._mapping) for row in rows]


def test_s16_it_is_the_same_student_and_what_the_school_lacks_is_added(
    two: Two, school: SchoolServer
) -> None:
    one, other = two
    student, mine = _twice(two, birth_date="2014-02-28")
    saved = other.client.resolve(str(mine.op_id), {"record": SAME})
    assert saved.entity_id == student
    assert len(other.shown()) == 1
    assert other.sync().up_to_date
    [row] = _at_school(school)
    assert (row["id"], row["birth_date"], row["phone"]) == (student, "2014-02-28", "1")
    assert one.sync().up_to_date
    assert one.values(student)["birth_date"] == "2014-02-28"
    assert one.client.record("student", mine.entity_id) == one.client.record(
        "student", student
    )  # told by the feed


def test_s16_where_the_two_differ_each_field_is_asked(two: Two, school: SchoolServer) -> None:
    _one, other = two
    _student, mine = _twice(two, phone="2", email="mine@example.org")
    with pytest.raises(RefusedEntryError) as refused:
        other.client.resolve(str(mine.op_id), {"record": SAME})
    assert [breach.field for breach in refused.value.breaches] == ["phone", "email"]
    assert other.state(mine) == "conflict"
    choices = {"record": SAME, "phone": Chosen("mine"), "email": Chosen("theirs")}
    other.client.resolve(str(mine.op_id), choices)
    assert other.sync().up_to_date
    [row] = _at_school(school)
    assert (row["phone"], row["email"]) == ("2", "school@example.org")
    entry = other.client.entry(str(mine.op_id))
    assert entry is not None
    assert (entry.state, entry.fields["email"]) == ("replaced", (None, "mine@example.org"))  # nothing is lost


def test_s16_entries_behind_the_unsent_student_go_to_the_same_one(two: Two, school: SchoolServer) -> None:
    _one, other = two
    student, mine = _twice(two)
    mine = other.change(mine.entity_id, homeroom="3B")  # it goes in the place of the first, in vain
    assert other.sync().conflicts == 1
    other.client.resolve(str(mine.op_id), {"record": SAME})
    other.change(mine.entity_id, grade_level="3")  # a form that still shows the other id
    assert other.sync().up_to_date
    [row] = _at_school(school)
    assert (row["id"], row["homeroom"], row["grade_level"]) == (student, "3B", "3")
    assert other.values(mine.entity_id)["grade_level"] == "3"


def test_s16_an_entry_that_was_frozen_behind_it_is_replaced_not_changed(
    two: Two, school: SchoolServer
) -> None:
    one, other = two
    one.add(given_name="Eleni", student_number="77")
    one.sync()
    mine = other.add(given_name="Eleni", student_number="77")
    archive = other.client.archive("student", mine.entity_id)  # goes in the same batch, and is held
    other.sync()
    [(frozen,)] = other.sql(f"SELECT frozen FROM operation WHERE op_id = '{archive.op_id}'")
    assert frozen is not None
    other.client.resolve(str(mine.op_id), {"record": SAME})
    [(after, state)] = other.sql(f"SELECT frozen, state FROM operation WHERE op_id = '{archive.op_id}'")
    assert (after, state) == (frozen, "replaced")
    assert other.sync().conflicts == 1  # an archive of what the school has asks (S15)
    [row] = _at_school(school)
    assert row["deleted_at"] is None


def test_s16_the_choice_outlives_a_crash_and_a_lost_answer(two: Two, school: SchoolServer) -> None:
    _one, other = two
    student, mine = _twice(two, phone="2")
    other.client.resolve(str(mine.op_id), {"record": SAME, "phone": Chosen("mine")})
    other.crash()
    other.network.faults = ["drop after commit"]
    with pytest.raises(Exception, match="reached"):
        other.sync()
    other.crash()
    assert other.sync().up_to_date
    [row] = _at_school(school)
    assert (row["id"], row["phone"], row["version"]) == (student, "2", 2)
    assert len(school.rows("SELECT 1 FROM alias WHERE school_id = :school")) == 1


def test_s16_a_new_number_can_be_the_next_of_the_block(two: Two, school: SchoolServer) -> None:
    _one, other = two
    _student, mine = _twice(two)
    other.client.resolve(str(mine.op_id), {"student_number": Chosen.edited(NEXT_NUMBER)})
    assert other.sync().up_to_date
    assert len({row["student_number"] for row in _at_school(school)}) == 2


def test_s16_only_a_new_student_can_be_the_same_one(two: Two) -> None:
    one, other = two
    one.add(given_name="Eleni", student_number="77")
    one.sync()
    second = other.add(given_name="Nikos", student_number="78")
    other.sync()
    change = other.change(second.entity_id, student_number="77")
    assert other.sync().conflicts == 1
    with pytest.raises(NotAllowedNowError):
        other.client.resolve(str(change.op_id), {"record": SAME})
    assert other.state(change) == "conflict"


def test_s16_the_same_key_on_two_desks_is_one_student(two: Two, school: SchoolServer) -> None:
    one, other = two
    first = one.add(given_name="Eleni", phone="1", **KEY)
    second = other.add(given_name="Eleni", email="eleni@example.org", **KEY)
    assert first.entity_id == second.entity_id
    assert one.sync().up_to_date
    assert other.sync().up_to_date
    [row] = _at_school(school)
    assert (row["phone"], row["email"]) == ("1", "eleni@example.org")


def test_s16_a_record_of_another_id_is_found_by_its_key(two: Two, school: SchoolServer) -> None:
    one, other = two
    by_hand = one.add(given_name="Eleni", phone="1")
    one.change(by_hand.entity_id, **KEY)
    one.sync()
    imported = other.add(given_name="Eleni", email="eleni@example.org", **KEY)
    other.change(imported.entity_id, homeroom="3B")
    assert imported.entity_id != by_hand.entity_id
    assert other.sync().up_to_date
    [row] = _at_school(school)
    assert (row["id"], row["email"], row["homeroom"]) == (by_hand.entity_id, "eleni@example.org", "3B")
    assert len(other.shown()) == 1
    other.change(imported.entity_id, phone="9")
    assert other.sync().up_to_date
    assert other.values(by_hand.entity_id)["phone"] == "9"


def test_s16_differing_values_under_one_key_are_asked_by_field(two: Two, school: SchoolServer) -> None:
    one, other = two
    by_hand = one.add(given_name="Eleni", phone="1")
    one.change(by_hand.entity_id, **KEY)
    one.sync()
    mine = other.add(given_name="Eleni", phone="2", **KEY)
    assert other.sync().conflicts == 1
    other.client.resolve(str(mine.op_id), {"phone": Chosen("mine")})
    assert other.sync().up_to_date
    [row] = _at_school(school)
    assert (row["id"], row["phone"]) == (by_hand.entity_id, "2")


def test_s16_created_again_here_it_is_merged_and_nothing_unseen_is_overwritten(
    two: Two, school: SchoolServer
) -> None:
    one, _other = two
    student = one.add(given_name="Eleni", phone="1", **KEY).entity_id
    one.sync()
    again = one.client.save(Edit("student", None, {"given_name": "Eleni", "phone": "2", **KEY}))
    assert again.entity_id == student
    assert one.sync().conflicts == 1
    [row] = _at_school(school)
    assert row["phone"] == "1"


def test_s16_created_again_past_its_tombstone_it_comes_back_with_what_it_held(
    two: Two, school: SchoolServer
) -> None:
    one, _other = two
    student = one.add(given_name="Eleni", phone="1", **KEY).entity_id
    one.sync()
    one.client.archive("student", student)
    one.sync()
    again = one.client.save(Edit("student", None, {"given_name": "Eleni", "email": "e@example.org", **KEY}))
    assert again.entity_id == student
    assert one.sync().up_to_date
    [row] = _at_school(school)
    assert (row["version"], row["deleted_at"], row["phone"], row["email"]) == (3, None, "1", "e@example.org")
