"""Scores of a whole section, checked before any is saved (D2, D7, D12)."""

from collections.abc import Callable, Mapping

import pytest

from rollbook.client.grades import GradeSheet, Score
from rollbook.client.roster import RefusedRowsError
from rollbook.client.values import Edit, RecordQuery, RefusedEntryError, Saved
from support.classroom import Classroom, classroom, enrolment
from support.client_desk import ClientDesk

MakeDesk = Callable[..., ClientDesk]


@pytest.fixture
def room(desk: ClientDesk) -> Classroom:
    """A class of three, entered at the desk."""
    return classroom(desk)


def read(desk: ClientDesk, room: Classroom) -> GradeSheet:
    """The sheet of the test."""
    return desk.client.grades.read(room.test)


def enter(desk: ClientDesk, room: Classroom, *scores: Score, seen: GradeSheet | None = None) -> list[Saved]:
    """Enter the scores of the first students."""
    given: Mapping[str, Score] = dict(zip(room.students, scores, strict=False))
    return desk.client.grades.enter(room.test, given, seen)


def scores(desk: ClientDesk, room: Classroom) -> list[tuple[str | None, str | None, str | None]]:
    """Score, status and whether it is missing, by line."""
    return [(line.score, line.score_status, line.missing) for line in read(desk, room).lines]


def test_d7_scores_are_read_with_a_comma_or_a_point_and_words(desk: ClientDesk, room: Classroom) -> None:
    saved = enter(desk, room, "14,5", "Exempt", "missing")
    assert len(saved) == 3
    assert scores(desk, room) == [
        ("14.5", "fully_graded", None),
        (None, "exempt", None),
        (None, "not_submitted", "yes"),
    ]
    assert desk.sql("SELECT count(*), count(DISTINCT run) FROM operation WHERE entity = 'result'") == [(3, 1)]
    enter(desk, room, 20, "0", "14.50")
    assert [score for score, _status, _missing in scores(desk, room)] == ["20", "0", "14.5"]
    assert desk.sync().up_to_date


def test_d12_each_wrong_score_is_named_and_none_is_saved(desk: ClientDesk, room: Classroom) -> None:
    before = desk.client.status().queued
    with pytest.raises(RefusedRowsError) as caught:
        enter(desk, room, "20.5", "good", 12)
    one, two, _three = room.students
    assert [(student, each.field, each.code) for student, each in caught.value.rows] == [
        (one, "score", "too-large"),
        (two, "score", "not-a-number"),
    ]
    assert "F1001 (1001)" in str(caught.value)
    assert desk.client.status().queued == before
    for wrong in ("-1", "NaN", "1e3"):
        with pytest.raises(RefusedRowsError):
            enter(desk, room, wrong)


def test_d12_who_is_not_in_the_section_gets_no_score(desk: ClientDesk, room: Classroom) -> None:
    nobody = desk.add(given_name="Nikos").entity_id
    with pytest.raises(RefusedRowsError) as caught:
        desk.client.grades.enter(room.test, {nobody: "1"})
    assert [(student, each.field) for student, each in caught.value.rows] == [(nobody, "student_id")]
    with pytest.raises(RefusedEntryError):
        desk.client.grades.read(nobody)


def test_d12_who_left_before_it_was_due_is_not_asked_for_but_a_result_stays(
    desk: ClientDesk, room: Classroom
) -> None:
    enter(desk, room, "1")
    desk.client.save(Edit("line_item", room.test, {"due_date": "2026-11-02"}))
    for student in room.students[:2]:
        desk.client.save(enrolment(room.section, student, end="2026-10-30"))
    assert {line.student_id for line in read(desk, room).lines} == {room.students[0], room.students[2]}


def test_d12_a_score_entered_again_is_no_entry_and_an_empty_one_takes_it_back(
    desk: ClientDesk, room: Classroom
) -> None:
    enter(desk, room, "14,5")
    assert enter(desk, room, "14.5", "", None) == []
    enter(desk, room, "")
    assert scores(desk, room)[0] == (None, None, None)
    assert desk.client.records(RecordQuery("result")).total == 1


def test_s14_a_score_that_came_after_the_teacher_looked_is_asked_not_trampled(
    desk: ClientDesk, room: Classroom, make_desk: MakeDesk
) -> None:
    enter(desk, room, "10")
    desk.sync()
    seen = read(desk, room)
    other = make_desk()
    other.sync()
    enter(other, room, "11", "12", "13")
    other.sync()
    desk.sync()  # while the form is open
    enter(desk, room, "15", "exempt", "13", seen=seen)
    assert desk.sync().conflicts == 2
    other.sync()
    assert [score for score, _status, _missing in scores(other, room)] == ["11", "12", "13"]
