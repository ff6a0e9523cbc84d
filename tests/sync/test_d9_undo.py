"""Undo of a whole run: what was before is there again, nothing that came after is trampled (D9, S6)."""

from pathlib import Path
from typing import Any

import pytest

from rollbook.client.errors import CallFailedError, LaterEditsError, NotAllowedNowError
from rollbook.client.runs import Reason, RunNote
from rollbook.client.values import Edit, RecordQuery
from rollbook.domain import checkpoints
from support.classroom import class_edits
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

from .conftest import MakeDesk
from .test_d9_runs import WITH_CLASS, Gone, imported

SCHOOL = (
    "SELECT student_number, given_name, homeroom FROM student "
    "WHERE school_id = :school AND deleted_at IS NULL ORDER BY student_number"
)
LIVE = [("1", "Eleni", "1A"), ("2", "Maria", None)]


def _two(desk: ClientDesk) -> None:
    desk.add(given_name="Eleni", student_number="1", homeroom="1A")
    desk.add(given_name="Maria", student_number="2")


def _import(desk: ClientDesk, folder: Path) -> str:
    return imported(desk, folder, "1,Eleni,2A", "2,Maria,2A", "3,Nikos,2A", headings=WITH_CLASS).run


def _live(desk: ClientDesk) -> list[tuple[Any, ...]]:
    found = desk.client.records(RecordQuery(limit=1_000)).rows
    names = ("student_number", "given_name", "homeroom")
    return sorted(tuple(row.values[name] for name in names) for row in found)


def _id(desk: ClientDesk, number: str) -> str:
    return desk.client.records(RecordQuery(filters={"student_number": number})).rows[0].id


def test_d9_what_was_not_sent_is_taken_back_as_if_it_had_never_been(desk: ClientDesk, tmp_path: Path) -> None:
    _two(desk)
    desk.sync()
    run = _import(desk, tmp_path)
    undo = desk.client.runs.undo(run)
    assert _live(desk) == LIVE
    assert undo.outcomes == {"taken_back": 3}
    assert desk.client.runs.existing(run).states == {"taken_back": 3}
    assert desk.client.status().up_to_date


def test_d9_what_was_sent_is_written_back_and_what_was_added_is_archived(
    school: SchoolServer, desk: ClientDesk, tmp_path: Path
) -> None:
    _two(desk)
    run = _import(desk, tmp_path)
    desk.sync()
    undo = desk.client.runs.undo(run)
    assert _live(desk) == LIVE
    assert undo.outcomes == {"compensated": 3}
    assert desk.sync().up_to_date
    assert [tuple(row) for row in school.rows(SCHOOL)] == LIVE
    found = desk.client.runs.existing(run)
    assert (found.states, found.undone_by) == ({"undone": 3}, (undo.run,))
    assert desk.client.runs.existing(undo.run).states == {"applied": 3}


def test_d9_an_undo_may_be_done_twice_without_harm(desk: ClientDesk, tmp_path: Path) -> None:
    _two(desk)
    run = _import(desk, tmp_path)
    desk.sync()
    desk.client.runs.undo(run)
    again = desk.client.runs.undo(run)
    assert (again.outcomes, _live(desk)) == ({}, LIVE)
    desk.sync()
    assert (desk.client.runs.undo(run).outcomes, _live(desk)) == ({}, LIVE)
    with pytest.raises(NotAllowedNowError):
        desk.client.runs.undo(again.run)


@pytest.mark.parametrize("sent", [False, True])
def test_d9_a_later_edit_and_a_record_used_since_are_asked_and_never_trampled(
    desk: ClientDesk, tmp_path: Path, *, sent: bool
) -> None:
    _two(desk)
    run = _import(desk, tmp_path)
    if sent:
        desk.sync()
    desk.change(_id(desk, "1"), homeroom="3C")
    desk.change(_id(desk, "3"), email="nikos@example.org")
    with pytest.raises(LaterEditsError) as asked:
        desk.client.runs.undo(run)
    assert {(each.field, each.reason, each.now) for each in asked.value.plan.to_ask} == {
        ("homeroom", Reason.LATER_EDIT, "3C"),
        ("", Reason.USED_SINCE, None),
    }
    assert _live(desk) == [("1", "Eleni", "3C"), ("2", "Maria", "2A"), ("3", "Nikos", "2A")]
    desk.client.runs.undo(run, keep_later=True)
    assert _live(desk) == [("1", "Eleni", "3C"), ("2", "Maria", None), ("3", "Nikos", "2A")]
    assert desk.sync().up_to_date
    desk.client.runs.undo(run, overwrite=True)
    assert [row for row in _live(desk) if row[0] != "1"] == LIVE[1:]
    assert desk.sync().up_to_date


def test_d9_an_edit_made_elsewhere_is_found_when_it_has_come(
    make_desk: MakeDesk, desk: ClientDesk, tmp_path: Path
) -> None:
    _two(desk)
    run = _import(desk, tmp_path)
    desk.sync()
    other = make_desk()
    other.sync()
    other.change(_id(other, "2"), homeroom="4D")
    other.sync()
    desk.sync()
    (left,) = desk.client.runs.undo_plan(run).to_ask
    assert (left.field, left.wrote, left.now) == ("homeroom", "2A", "4D")


def test_d9_an_edit_elsewhere_that_has_not_come_yet_is_asked_as_a_conflict(
    make_desk: MakeDesk, desk: ClientDesk, tmp_path: Path
) -> None:
    _two(desk)
    run = _import(desk, tmp_path)
    desk.sync()
    other = make_desk()
    other.sync()
    other.change(_id(other, "2"), homeroom="4D")
    other.sync()
    undo = desk.client.runs.undo(run)
    desk.sync()
    assert desk.client.runs.existing(undo.run).states == {"applied": 2, "conflict": 1}


def test_d9_an_entry_whose_answer_never_came_is_undone_behind_it(
    school: SchoolServer, desk: ClientDesk, tmp_path: Path
) -> None:
    _two(desk)
    desk.sync()
    run = _import(desk, tmp_path)
    desk.network.faults = ["drop after commit"]
    desk.network.cut_pulls = True
    with pytest.raises(CallFailedError):
        desk.sync()
    desk.network.cut_pulls = False
    undo = desk.client.runs.undo(run)
    assert _live(desk) == LIVE
    assert undo.outcomes == {"compensated": 3}
    desk.sync()
    assert desk.sync().up_to_date
    assert [tuple(row) for row in school.rows(SCHOOL)] == LIVE


def test_d9_records_that_name_each_other_go_together_and_one_named_by_others_is_asked(
    desk: ClientDesk,
) -> None:
    room, edits = class_edits(desk.client.new_run, 3)
    run = desk.client.new_run()
    desk.client.save_many(edits, run, RunNote("import", "class"))
    later = {"section_id": room.section, "title": "Later"}
    desk.client.save(Edit("line_item", None, later))
    (left,) = desk.client.runs.undo_plan(run).left
    assert (left.entity, left.reason) == ("section", Reason.USED_SINCE)
    desk.client.runs.undo(run, keep_later=True)
    sections = desk.client.records(RecordQuery("section")).rows
    assert [row.values["title"] for row in sections] == ["1A"]
    assert _live(desk) == []
    assert desk.sync().up_to_date


def test_d9_what_a_run_archived_is_brought_back(desk: ClientDesk, school: SchoolServer) -> None:
    _two(desk)
    desk.sync()
    run = desk.client.new_run()
    edits = [Edit("student", _id(desk, number), {}, archives=True) for number in ("1", "2")]
    desk.client.save_many(edits, run, RunNote("year_turn_over"))
    desk.sync()
    assert _live(desk) == []
    desk.client.runs.undo(run)
    assert _live(desk) == LIVE
    assert desk.sync().up_to_date
    assert [tuple(row) for row in school.rows(SCHOOL)] == LIVE


@pytest.mark.parametrize("point", ["client.undo.kept", "client.undo.part"])
def test_d9_an_undo_that_was_cut_is_whole_after_the_next_start(desk: ClientDesk, point: str) -> None:
    def die(passed: str) -> None:
        if passed == point:
            raise Gone

    run = desk.client.new_run()
    edits = [Edit("student", None, {"given_name": f"S{number}"}) for number in range(600)]
    desk.client.save_many(edits, run, RunNote("bulk_edit"))
    checkpoints.observe(die)
    with pytest.raises(Gone):
        desk.client.runs.undo(run)
    checkpoints.observe(None)
    desk.crash()
    assert len(desk.shown()) in (350, 600)
    assert "importing" in desk.client.status().outstanding
    assert desk.sync().up_to_date
    assert desk.shown() == []
