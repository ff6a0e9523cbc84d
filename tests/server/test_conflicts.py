"""Conflicts by field, archives against edits, the same thing twice (S13 to S16), through the real server."""

import uuid

import msgspec
import pytest

from rollbook.contract.operations import Kind
from support.school_server import Desk, SchoolServer, record_of


@pytest.fixture
def two_desks(school: SchoolServer) -> tuple[Desk, Desk, str]:
    """Two people who both see the same student, at version 1."""
    one, other = school.desk(), school.desk()
    return one, other, one.student(given_name="Eleni", phone="1", email="e@example.org")


def test_s13_disjoint_fields_merge_and_leave_a_trace(two_desks: tuple[Desk, Desk, str]) -> None:
    one, other, student_id = two_desks
    one.push(one.update(student_id, 1, phone=("1", "2")))
    [result] = other.push(other.update(student_id, 1, email=("e@example.org", "f@example.org")))
    assert (result.outcome, result.version, result.merged_fields) == ("merged", 3, ("phone",))
    assert (record_of(result)["phone"], record_of(result)["email"]) == ("2", "f@example.org")


def test_s14_the_same_field_on_both_sides_is_a_conflict_that_tells_who(
    school: SchoolServer, two_desks: tuple[Desk, Desk, str]
) -> None:
    one, other, student_id = two_desks
    school.clock.advance(60)
    one.push(one.update(student_id, 1, phone=("1", "2")))
    [result] = other.push(
        other.update(student_id, 1, phone=("1", "3"), email=("e@example.org", "f@example.org"))
    )
    assert (result.outcome, result.version) == ("conflict", 2)
    assert result.problem is not None
    assert result.problem.error == "edit-conflict"
    assert result.conflict is not None
    assert result.conflict.fields == {"phone": "2"}
    assert result.conflict.changed_by == one.session.user_name
    assert result.conflict.changed_at == "2026-09-01T08:01:00.000+00:00"
    assert record_of(result)["email"] == "e@example.org"  # nothing of it was written


def test_s13_equal_new_values_are_no_conflict(
    school: SchoolServer, two_desks: tuple[Desk, Desk, str]
) -> None:
    one, other, student_id = two_desks
    one.push(one.update(student_id, 1, phone=("1", "2")))
    [result] = other.push(other.update(student_id, 1, phone=("1", "2")))
    assert (result.outcome, result.version) == ("merged", 2)
    assert len(school.rows("SELECT 1 FROM feed WHERE school_id = :school AND entity = 'student'")) == 2


def test_s13_values_are_compared_in_canonical_form(two_desks: tuple[Desk, Desk, str]) -> None:
    one, _, student_id = two_desks
    decomposed, composed = "e\u0301", "\u00e9"
    [first] = one.push(one.update(student_id, 1, middle_name=(None, f" {decomposed} ")))
    assert record_of(first)["middle_name"] == composed
    [second] = one.push(one.update(student_id, 1, middle_name=(decomposed, "x")))
    assert second.outcome == "applied"


def test_s13_ones_own_earlier_edits_are_not_someone_elses(two_desks: tuple[Desk, Desk, str]) -> None:
    """Frozen before the first answer came, the archive still names version 1; its person made version 2."""
    one, _, student_id = two_desks
    edit, archive = one.update(student_id, 1, phone=("1", "2")), one.archive(student_id, 1)
    assert one.push(edit)[0].outcome == "applied"
    [result] = one.push(archive)
    assert (result.outcome, result.version) == ("applied", 3)


def test_s15_an_archive_against_an_unseen_edit_asks(
    school: SchoolServer, two_desks: tuple[Desk, Desk, str]
) -> None:
    one, other, student_id = two_desks
    one.push(one.update(student_id, 1, phone=("1", "2")))
    [result] = other.push(other.archive(student_id, 1))
    assert result.problem is not None
    assert (result.outcome, result.problem.error) == ("conflict", "edit-conflict")
    assert result.conflict is not None
    assert (result.conflict.fields, result.conflict.changed_by) == ({"phone": "2"}, one.session.user_name)
    assert school.rows("SELECT deleted_at FROM student WHERE school_id = :school") == [(None,)]


def test_s15_an_edit_against_an_archive_asks(two_desks: tuple[Desk, Desk, str]) -> None:
    one, other, student_id = two_desks
    assert one.push(one.archive(student_id, 1))[0].outcome == "applied"
    [result] = other.push(other.update(student_id, 1, phone=("1", "2")))
    assert result.problem is not None
    assert (result.outcome, result.problem.error) == ("conflict", "archived-meanwhile")
    assert result.conflict is not None
    assert result.conflict.deleted
    assert result.conflict.version == 2


def test_s15_two_archives_agree(two_desks: tuple[Desk, Desk, str]) -> None:
    one, other, student_id = two_desks
    one.push(one.archive(student_id, 1))
    [result] = other.push(other.archive(student_id, 1))
    assert (result.outcome, result.version) == ("merged", 2)


def test_s16_creating_again_names_the_tombstones_version(two_desks: tuple[Desk, Desk, str]) -> None:
    one, other, student_id = two_desks
    one.push(one.archive(student_id, 1))
    blind = other.create(student_id, given_name="Maria")
    [asked] = other.push(blind)
    assert asked.problem is not None
    assert asked.problem.error == "archived-meanwhile"
    knowing = msgspec.structs.replace(
        other.create(student_id, given_name="Maria"), base_version=2, replaces=blind.op_id
    )
    [result] = other.push(knowing)
    assert (result.outcome, result.version) == ("applied", 3)
    assert (record_of(result)["given_name"], record_of(result)["phone"]) == ("Maria", None)


def test_s16_the_same_natural_key_created_twice_is_one_record(school: SchoolServer) -> None:
    one, other = school.desk(), school.desk()
    shared = str(uuid.uuid4())
    one.push(one.create(shared, given_name="Eleni", sourced_id="7"))
    [same] = other.push(other.create(shared, given_name="Eleni", sourced_id="7", phone="1"))
    assert (same.outcome, same.version) == ("merged", 2)
    [different] = other.push(other.create(shared, given_name="Maria", sourced_id="7"))
    assert different.problem is not None
    assert (different.outcome, different.problem.error) == ("conflict", "already-exists")
    assert different.conflict is not None
    assert different.conflict.fields == {"given_name": "Eleni"}


def test_s16_a_student_number_is_held_once(school: SchoolServer) -> None:
    desk = school.desk()
    holder = desk.student(student_number="007")
    [create] = desk.push(desk.create(given_name="Maria", student_number=" 007 "))
    assert create.problem is not None
    assert (create.outcome, create.problem.error) == ("conflict", "student-number-taken")
    assert create.conflict is not None
    assert create.conflict.fields == {"student_number": "007", "other_id": holder}
    other = desk.student(student_number="008")
    [update] = desk.push(desk.update(other, 1, student_number=("008", "007")))
    assert update.outcome == "conflict"


def test_s16_a_number_is_held_once_within_a_batch_too(school: SchoolServer) -> None:
    desk = school.desk()
    first, second = (
        desk.create(given_name="A", student_number="1"),
        desk.create(given_name="B", student_number="1"),
    )
    results = desk.push(first, second)
    assert [result.outcome for result in results] == ["applied", "conflict"]
    assert results[1].conflict is not None
    assert results[1].conflict.fields["other_id"] == first.entity_id


def test_s16_two_students_can_swap_numbers_in_one_batch(school: SchoolServer) -> None:
    desk = school.desk()
    ids = sorted([desk.student(student_number="1"), desk.student(student_number="2")])
    numbers = dict(school.rows("SELECT id, student_number FROM student WHERE school_id = :school"))
    low, high = ids
    results = desk.push(
        desk.update(high, 1, student_number=(numbers[high], "3")),
        desk.update(low, 1, student_number=(numbers[low], numbers[high])),
        desk.update(high, 2, student_number=("3", numbers[low])),
    )
    assert [result.outcome for result in results] == ["applied"] * 3
    swapped = dict(school.rows("SELECT id, student_number FROM student WHERE school_id = :school"))
    assert swapped == {low: numbers[high], high: numbers[low]}


def test_s16_an_archived_students_number_is_free(school: SchoolServer) -> None:
    desk = school.desk()
    old = desk.student(student_number="1")
    results = desk.push(desk.archive(old, 1), desk.create(given_name="B", student_number="1"))
    assert [result.outcome for result in results] == ["applied", "applied"]


def test_s8_strict_asks_that_nothing_has_changed(two_desks: tuple[Desk, Desk, str]) -> None:
    one, other, student_id = two_desks
    one.push(one.update(student_id, 1, phone=("1", "2")))
    strict = msgspec.structs.replace(
        other.update(student_id, 1, email=("e@example.org", "f@example.org")), strict=True
    )
    [result] = other.push(strict)
    assert result.problem is not None
    assert (result.problem.error, result.problem.status) == ("version-mismatch", 412)
    fresh = msgspec.structs.replace(other.update(student_id, 2, email=(None, "f@example.org")), strict=True)
    assert other.push(fresh)[0].outcome == "applied"


def test_s14_the_losing_value_stays_in_the_history(two_desks: tuple[Desk, Desk, str]) -> None:
    one, _, student_id = two_desks
    one.push(one.update(student_id, 1, phone=("1", "2")))
    one.push(one.update(student_id, 2, phone=("2", None)))
    entries = one.call("GET", f"/api/v1/students/{student_id}/history").json()["entries"]
    assert [entry["changes"].get("phone") for entry in entries] == [[None, "1"], ["1", "2"], ["2", None]]
    assert [entry["kind"] for entry in entries] == [Kind.CREATE, Kind.UPDATE, Kind.UPDATE]
