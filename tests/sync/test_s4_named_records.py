"""Entries that name other records go behind what makes these, and are decided with it (S3, S4, S16)."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from rollbook.client.chosen import EDITED, SAME, WHOLE_RECORD, Chosen
from rollbook.client.values import Edit, RecordQuery, Saved
from rollbook.domain.entity import FieldType
from rollbook.domain.registry import ENTITIES
from rollbook.store.errors import NotAllowedNowError
from support.client_desk import ClientDesk

MakeDesk = Callable[..., ClientDesk]


@pytest.fixture
def maria(make_desk: MakeDesk) -> ClientDesk:
    """Her computer."""
    return make_desk()


@pytest.fixture
def other(make_desk: MakeDesk) -> ClientDesk:
    """A colleague's, from which the school has a student with the number 7."""
    desk = make_desk()
    desk.add(given_name="Hana", student_number="7")
    desk.sync()
    return desk


def add(desk: ClientDesk, entity: str, **values: object) -> Saved:
    """Register something."""
    return desk.client.save(Edit(entity, None, dict(values)))


def enrolled(desk: ClientDesk, **student: str) -> tuple[Saved, Saved, Saved]:
    """A new student, a new section, and the student in it."""
    someone, section = add(desk, "student", **student), add(desk, "section", title="1A")
    inside = add(desk, "section_enrolment", student_id=someone.entity_id, section_id=section.entity_id)
    return someone, section, inside


def test_s4_every_reference_names_an_entity_that_is_there() -> None:
    for entity in ENTITIES.values():
        for spec in entity.fields:
            assert (spec.type is FieldType.REFERENCE) == (spec.refers_to in ENTITIES), (
                entity.name,
                spec.name,
            )


def test_s4_what_names_new_records_goes_behind_them(maria: ClientDesk, make_desk: MakeDesk) -> None:
    someone, section, inside = enrolled(maria, given_name="Eleni")
    status = maria.sync()
    assert not status.outstanding
    other = make_desk()
    other.sync()
    [row] = other.client.records(RecordQuery("section_enrolment")).rows
    assert (row.id, row.values["student_id"], row.values["section_id"]) == (
        inside.entity_id,
        someone.entity_id,
        section.entity_id,
    )


def test_s4_many_saved_at_once_may_name_each_other(maria: ClientDesk) -> None:
    student, section = maria.client.new_run(), maria.client.new_run()
    edits = [
        Edit("student", student, {"given_name": "Eleni"}),
        Edit("section", section, {"title": "1A"}),
        Edit("section_enrolment", None, {"student_id": student, "section_id": section}),
    ]
    maria.client.save_many(edits, maria.client.new_run())
    assert not maria.sync().outstanding


def test_s4_it_waits_for_what_a_person_must_decide_and_goes_once_that_went(
    maria: ClientDesk, other: ClientDesk
) -> None:
    someone, _section, inside = enrolled(maria, given_name="Eleni", student_number="7")
    maria.sync()
    waiting = maria.client.entry(str(inside.op_id))
    assert waiting is not None
    assert waiting.state == "queued"
    assert waiting.waits_for is not None
    assert "Eleni (7)" in waiting.waits_for
    maria.client.resolve(str(someone.op_id), {"student_number": Chosen(EDITED, "8")})
    assert not maria.sync().outstanding
    other.sync()
    assert other.client.records(RecordQuery("section_enrolment")).total == 1


def test_s16_it_follows_a_student_who_is_said_to_be_another(maria: ClientDesk, make_desk: MakeDesk) -> None:
    other = make_desk()
    known = other.add(given_name="Eleni", student_number="7")
    other.sync()
    maria.client.save(Edit("student", None, {"given_name": "Eleni", "student_number": "7"}))
    someone = maria.client.entries()[0]
    section = add(maria, "section", title="1A")
    add(maria, "section_enrolment", student_id=someone.entity_id, section_id=section.entity_id)
    maria.sync()
    maria.client.resolve(someone.op_id, {WHOLE_RECORD: Chosen(SAME)})
    assert not maria.sync().outstanding
    other.sync()
    [row] = other.client.records(RecordQuery("section_enrolment")).rows
    shown = other.client.record("student", row.values["student_id"])
    assert shown is not None
    assert shown.id == known.entity_id


@pytest.mark.usefixtures("other")
def test_s3_discarding_what_was_never_sent_takes_what_hangs_on_it(maria: ClientDesk) -> None:
    someone, section, inside = enrolled(maria, given_name="Eleni", student_number="7")
    maria.sync()
    with pytest.raises(NotAllowedNowError, match=r"Eleni .* · 1A"):  # never without a word
        maria.client.discard(str(someone.op_id))
    given_up = maria.client.discard(str(someone.op_id), together=True)
    assert {each["op_id"] for each in given_up} == {someone.op_id, inside.op_id}
    assert not maria.sync().outstanding
    assert maria.client.record("section_enrolment", inside.entity_id) is None
    assert maria.client.record("section", section.entity_id) is not None


def test_s6_what_others_hang_on_is_not_taken_back_alone(maria: ClientDesk) -> None:
    someone, _section, inside = enrolled(maria, given_name="Eleni")
    assert not maria.client.take_back(str(someone.op_id))
    assert maria.client.take_back(str(inside.op_id))
    assert maria.client.take_back(str(someone.op_id))


def test_s9_a_reference_that_leads_nowhere_is_refused_at_its_field(maria: ClientDesk) -> None:
    section = add(maria, "section", title="1A")
    nobody = maria.client.new_run()
    inside = add(maria, "section_enrolment", student_id=nobody, section_id=section.entity_id)
    maria.sync()
    refused = maria.client.entry(str(inside.op_id))
    assert refused is not None
    assert refused.state == "parked"
    assert refused.problem is not None
    [error] = refused.problem["errors"]
    assert (error["field"], error["code"]) == ("student_id", "no-such-record")


def test_w6_a_record_without_a_name_is_called_after_those_that_it_names(maria: ClientDesk) -> None:
    someone, section, inside = enrolled(maria, given_name="Eleni", family_name="Pappa")
    assert [each.label for each in maria.client.entries_of("section_enrolment", inside.entity_id)] == [
        "Eleni Pappa · 1A"
    ]
    mark = add(
        maria,
        "attendance_mark",
        student_id=someone.entity_id,
        section_id=section.entity_id,
        date="2026-11-02",
        period="1",
        teacher_code="A",
    )
    maria.client.save(Edit("attendance_mark", mark.entity_id, {"teacher_code": "L"}))
    labels = [each.label for each in maria.client.entries_of("attendance_mark", mark.entity_id)]
    assert labels == ["Eleni Pappa · 2026-11-02 · A", "Eleni Pappa · 2026-11-02 · L"]


def test_s28_what_an_earlier_version_passed_over_is_fetched_once_it_is_known(
    maria: ClientDesk, make_desk: MakeDesk
) -> None:
    """A version without sections has followed the feed past them; the next one has an empty table (S21)."""
    maria.sync()
    other = make_desk()
    enrolled(other, given_name="Eleni")
    other.sync()
    maria.sync()
    store = maria.client.account.store
    maria.client.close()
    with closing(sqlite3.connect(store)) as file, file:
        for entity in ("section", "section_enrolment"):
            file.execute(f"DROP TABLE {entity}")
            file.execute("DELETE FROM base_sum WHERE entity = ?", (entity,))
    maria.crash()
    for _ in range(3):  # one table is read anew by each round
        maria.sync()
    assert maria.client.records(RecordQuery("section")).total == 1
    assert maria.client.records(RecordQuery("section_enrolment")).total == 1
    assert maria.sync().up_to_date
