"""D4: two records of one person are merged and told apart; no row moves, readers go by what is meant."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.client.registers import Mark
from rollbook.client.values import Edit, RecordQuery, RefusedEntryError
from rollbook.domain.merging import meant_by
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import Role
from support.classroom import enrolment
from support.client_desk import ClientDesk
from support.putting_back import FileBackup
from support.school_server import SchoolServer

MakeDesk = Callable[..., ClientDesk]
DAY = "2026-11-02"


class Twins:
    """One girl, entered twice by name and number, with something that hangs on each."""

    def __init__(self, desk: ClientDesk) -> None:
        new = desk.client.new_run
        self.kept, self.other, self.section, self.item = new(), new(), new(), new()
        person = {"given_name": "Μαρία", "birth_date": "2014-03-01"}
        desk.client.save_many(
            [
                Edit("attendance_code", None, CODE),
                Edit("section", self.section, {"title": "1A"}),
                Edit("line_item", self.item, {"section_id": self.section, "title": "T", "maximum": "20"}),
                Edit("student", self.kept, {**person, "family_name": "Παππά", "student_number": "1"}),
                Edit(
                    "student",
                    self.other,
                    {"given_name": "Maria", "family_name": "Pappa", "student_number": "2", "phone": "210 1"},
                ),
                enrolment(self.section, self.other),
                Edit("note", None, {"student_id": self.other, "text": "Sings.", "date": DAY}),
                Edit("care", None, {"student_id": self.other, "medical": "Asthma"}),
                Edit("care", None, {"student_id": self.kept, "medical": "None"}),
            ],
            new(),
        )
        desk.client.registers.take(self.section, DAY, "day", {self.other: Mark("A")})
        desk.client.grades.enter(self.item, {self.other: "14,5"})


CODE = {"key": "A", "title": "Absent", "counts_as": "absent", "teacher_may_use": "yes"}


@pytest.fixture
def desk(make_desk: MakeDesk, school: SchoolServer) -> ClientDesk:
    """An administrator's: who may see and write all."""
    one = make_desk(school.user(Role.ADMINISTRATOR))
    one.sync()
    return one


@pytest.fixture
def twins(desk: ClientDesk) -> Twins:
    return Twins(desk)


def live_values(desk: ClientDesk) -> str:
    """A hash over all fields of all records that are not archived, merges aside."""
    found = sorted(
        (name, row.id, json.dumps(row.values, sort_keys=True))
        for name in ENTITIES
        if name != "merge"
        for row, archived in desk.client.every_record(name)
        if not archived
    )
    return hashlib.sha256(repr(found).encode()).hexdigest()


def listed(desk: ClientDesk, text: str = "") -> list[str]:
    return [row.id for row in desk.client.records(RecordQuery(text=text)).rows]


def told(desk: ClientDesk, twins: Twins) -> Any:
    """What readers show of the two."""
    register = desk.client.registers.read(twins.section, DAY)
    sheet = desk.client.grades.read(twins.item)
    return (
        listed(desk),
        listed(desk, "pappa"),
        [(line.student_id, line.teacher_code) for line in register.lines],
        [(line.student_id, line.score) for line in sheet.lines],
        desk.client.status().records,
    )


def test_d4_merged_offline_with_all_that_hangs_on_them_then_undone(
    desk: ClientDesk, twins: Twins, make_desk: MakeDesk, school: SchoolServer
) -> None:
    values, readers = live_values(desk), told(desk, twins)
    view = desk.client.merging.look(twins.kept, twins.other)
    assert view.differ["phone"] == (None, "210 1")
    assert view.hanging["result"] == (0, 1)
    assert view.hanging["attendance_mark"] == (0, 1)
    [collision] = view.collisions
    assert (collision.entity, collision.differ) == ("care", ("medical",))
    desk.client.merging.merge(twins.kept, twins.other, take=["phone"])
    kept = twins.kept
    merged = ([kept], [kept], [(kept, "A")], [(kept, "14.5")], 1)
    assert told(desk, twins) == merged
    assert desk.client.record("student", twins.other).id == kept  # type: ignore[union-attr]
    assert desk.client.record("student", kept).values["phone"] == "210 1"  # type: ignore[union-attr]
    desk.sync()
    other_desk = make_desk(school.user(Role.ADMINISTRATOR))
    other_desk.sync()
    assert told(other_desk, twins) == merged
    done = desk.client.merging.unmerge(twins.other)
    assert (done.restored, done.left) == (("phone",), ())
    assert (live_values(desk), told(desk, twins)) == (values, readers)
    desk.sync()
    other_desk.sync()
    assert (live_values(other_desk), told(other_desk, twins)) == (values, readers)
    with pytest.raises(RefusedEntryError):
        desk.client.merging.unmerge(twins.other)


def test_d4_late_writes_to_either_are_taken_and_survive_the_undo(
    desk: ClientDesk, twins: Twins, make_desk: MakeDesk, school: SchoolServer
) -> None:
    desk.sync()
    late = make_desk(school.user(Role.ADMINISTRATOR))
    late.sync()
    desk.client.merging.merge(twins.kept, twins.other, take=["phone"])
    late.client.save(Edit("student", twins.other, {"email": "m@example.org"}))
    late.client.save(Edit("student", twins.kept, {"address": "Ermou 1"}))
    late.client.registers.take(twins.section, "2026-11-03", "day", {twins.other: Mark("A")})
    desk.sync()
    late.sync()
    desk.sync()
    line = desk.client.registers.read(twins.section, "2026-11-03").lines[0]
    assert (line.student_id, line.teacher_code) == (twins.kept, "A")
    desk.client.save(Edit("student", twins.kept, {"phone": "210 2"}))
    done = desk.client.merging.unmerge(twins.other)
    assert (done.restored, done.left) == ((), ("phone",))
    desk.sync()
    values = {row.id: row.values for row, _archived in desk.client.every_record("student")}
    assert values[twins.kept]["phone"] == "210 2"
    assert values[twins.kept]["address"] == "Ermou 1"
    assert values[twins.other]["email"] == "m@example.org"


def test_d4_two_desks_that_merge_in_opposite_directions_agree(
    desk: ClientDesk, twins: Twins, make_desk: MakeDesk, school: SchoolServer
) -> None:
    desk.sync()
    other = make_desk(school.user(Role.ADMINISTRATOR))
    other.sync()
    desk.client.merging.merge(twins.kept, twins.other)
    other.client.merging.merge(twins.other, twins.kept)
    for each in (desk, other, desk):
        each.sync()
    assert told(desk, twins) == told(other, twins)
    assert len(listed(desk)) == 1
    [shown] = listed(desk)
    [hidden] = {twins.kept, twins.other} - {shown}
    desk.client.merging.unmerge(hidden)
    for each in (desk, other):
        each.sync()
        assert sorted(listed(each)) == sorted([twins.kept, twins.other])


def test_d4_a_merge_that_a_restored_backup_lost_is_given_back(
    desk: ClientDesk, twins: Twins, backup: FileBackup, school: SchoolServer
) -> None:
    desk.sync()
    copy = backup.take()
    desk.client.merging.merge(twins.kept, twins.other, take=["phone"])
    desk.sync()
    backup.put_back(copy)
    for _ in range(3):
        desk.sync()
    assert told(desk, twins)[0] == [twins.kept]
    assert len(school.rows("SELECT id FROM merge WHERE school_id = :school")) == 1


def test_d4_the_server_tells_of_the_person_by_either_id(
    desk: ClientDesk, twins: Twins, school: SchoolServer
) -> None:
    desk.client.merging.merge(twins.kept, twins.other)
    desk.sync()
    caller = school.desk(Role.ADMINISTRATOR)
    answers = [
        caller.call("GET", f"/api/v1/analytics/students/{each}").json() for each in (twins.kept, twins.other)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["parts"]["attendance"]["data"]["absent"] == 1


def test_d4_who_was_merged_does_not_vanish_with_the_kept_record(
    desk: ClientDesk, twins: Twins, make_desk: MakeDesk, school: SchoolServer
) -> None:
    desk.sync()
    other = make_desk(school.user(Role.ADMINISTRATOR))
    other.sync()
    desk.client.merging.merge(twins.kept, twins.other)
    other.client.archive("student", twins.kept)
    for each in (desk, other, desk):
        each.sync()
    assert listed(desk) == [twins.other]
    assert listed(other) == [twins.other]
    answer = school.desk(Role.ADMINISTRATOR).call("GET", f"/api/v1/analytics/students/{twins.other}")
    assert answer.json()["student_id"] == twins.other


def test_d4_telling_apart_in_a_chain_says_what_it_left(desk: ClientDesk, twins: Twins) -> None:
    third = desk.add(given_name="M", family_name="P").entity_id
    desk.client.merging.merge(twins.kept, twins.other, take=["phone"])
    desk.client.merging.merge(third, twins.kept, take=["phone"])
    done = desk.client.merging.unmerge(twins.other)
    assert (done.restored, done.left) == ((), ("phone",))
    assert sorted(listed(desk)) == sorted([third, twins.other])


@pytest.mark.parametrize("case", ["itself", "archived", "nobody", "number"])
def test_d4_what_cannot_be_merged_is_told_at_its_field(desk: ClientDesk, twins: Twins, case: str) -> None:
    kept, other, take = twins.kept, twins.other, []
    if case == "itself":
        other = kept
    elif case == "archived":
        desk.client.archive("student", kept)
    elif case == "nobody":
        other = desk.client.new_run()
    else:
        take = ["student_number"]
    with pytest.raises(RefusedEntryError) as refused:
        desk.client.merging.merge(kept, other, take=take)
    field = {"itself": "merged_id", "archived": "kept_id", "nobody": "merged_id", "number": "student_number"}
    assert [each.field for each in refused.value.breaches] == [field[case]]


_IDS = st.sampled_from("abcdef")
_MERGES = st.lists(st.tuples(_IDS, _IDS).filter(lambda pair: pair[0] != pair[1]), max_size=12)


@given(_MERGES, st.randoms())
def test_d4_whatever_was_merged_everybody_reads_the_same_and_nobody_goes_round(
    pairs: list[tuple[str, str]], order: Any
) -> None:
    merges = [{"id": f"{n:02d}", "kept_id": k, "merged_id": m} for n, (k, m) in enumerate(pairs)]
    found = meant_by(merges)
    order.shuffle(merges)
    assert meant_by(merges) == found
    assert not set(found) & set(found.values())
    for kept, merged in pairs:
        assert found.get(kept, kept) == found.get(merged, merged)
