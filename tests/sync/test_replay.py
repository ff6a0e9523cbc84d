"""Sending what waits, whatever the network does (S3, S5, S7 to S11)."""

import time

import msgspec
import pytest

from rollbook.contract.operations import PushRequest
from rollbook.resilience.failures import CallFailedError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

STUDENTS = "SELECT given_name, phone, version FROM student WHERE school_id = :school"


def test_s1_an_entry_saved_offline_reaches_the_school_once(school: SchoolServer, desk: ClientDesk) -> None:
    desk.network.down = True
    saved = desk.add(given_name="Άννα", phone="210 1234567")
    with pytest.raises(CallFailedError):
        desk.sync()
    assert desk.client.status().waiting == 1
    desk.network.down = False
    status = desk.sync()
    assert status.up_to_date
    assert desk.state(saved) == "applied"
    assert school.rows(STUDENTS) == [("Άννα", "210 1234567", 1)]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("drop before send", "queued"),
        ("drop after commit", "unknown"),
        ("truncated", "unknown"),
        ("portal", "unknown"),
        ("another installation", "unknown"),
        ("busy", "queued"),
    ],
)
def test_s7_s10_a_cut_or_a_stranger_is_no_answer_and_the_entry_goes_once(
    school: SchoolServer, desk: ClientDesk, fault: str, state: str
) -> None:
    saved = desk.add(given_name="Nikos")
    desk.network.faults = [fault]
    with pytest.raises(CallFailedError):
        desk.sync()
    entry = desk.client.entry(str(saved.op_id))
    assert entry is not None
    assert (entry.state, entry.attempts) == (state, 0)  # the system's failure counts for nobody (S9)
    assert not desk.client.status().up_to_date
    time.sleep(1.1 if fault == "busy" else 0)  # what Retry-After asked for holds the whole client
    assert desk.sync().up_to_date
    assert school.rows(STUDENTS) == [("Nikos", None, 1)]


def test_s3_the_same_bytes_go_at_every_attempt(desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    desk.network.faults = ["drop after commit"]
    with pytest.raises(CallFailedError):
        desk.sync()
    desk.change(saved.entity_id, phone="1")  # saved while the first is unknown: it waits behind
    desk.sync()
    first, second = (msgspec.json.decode(body, type=PushRequest).operations for body in desk.network.bodies)
    assert bytes(first[0]) == bytes(second[0])
    assert len(second) == 2
    assert desk.values(saved.entity_id)["phone"] == "1"


def test_s3_what_was_on_its_way_at_a_crash_is_sent_again(school: SchoolServer, desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    desk.network.faults = ["drop after commit"]
    with pytest.raises(CallFailedError):
        desk.sync()
    desk.crash()
    desk.sync()
    assert desk.state(saved) == "applied"
    assert len(school.rows(STUDENTS)) == 1


def test_s3_an_unknown_outcome_is_neither_taken_back_nor_discarded(desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    desk.network.faults = ["drop after commit"]
    with pytest.raises(CallFailedError):
        desk.sync()
    assert not desk.client.take_back(str(saved.op_id))
    with pytest.raises(Exception, match="may have this entry"):
        desk.client.discard(str(saved.op_id))


def test_s5_edits_of_one_record_ride_together_first_had_last_value(
    school: SchoolServer, desk: ClientDesk
) -> None:
    saved = desk.add(given_name="Nikos")
    desk.sync()
    for phone in ("1", "2", "3"):
        desk.change(saved.entity_id, phone=phone)
    assert desk.client.status().waiting == 3
    desk.sync()
    [sent] = msgspec.json.decode(desk.network.bodies[-1], type=PushRequest).operations
    changes = msgspec.json.decode(sent)["changes"]
    assert changes == {"phone": {"had": None, "value": "3"}}
    assert desk.client.status().waiting == 0
    assert school.rows(STUDENTS) == [("Nikos", "3", 2)]


def test_s6_an_entry_never_sent_is_taken_back_as_if_it_had_never_been(desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    assert desk.client.take_back(str(saved.op_id))
    assert desk.shown() == []
    assert desk.client.status().waiting == 0
    desk.sync()
    assert desk.network.pushes == 0


def test_s8_one_bad_entry_does_not_hold_up_the_others(school: SchoolServer, desk: ClientDesk) -> None:
    desk.add(given_name="First", student_number="007")
    desk.sync()
    names = [desk.add(given_name=f"Student {number}") for number in range(20)]
    bad = desk.add(given_name="Same number", student_number="007")
    behind = desk.change(bad.entity_id, phone="1")
    status = desk.sync()
    assert {desk.state(saved) for saved in names} == {"applied"}
    assert status.needs_you == 1  # the entry, with the edit that rode in it
    assert status.conflicts == 1
    assert desk.state(behind) == "conflict"
    entry = desk.client.entry(str(bad.op_id))
    assert entry is not None
    assert entry.problem is not None
    assert entry.problem["error"] == "student-number-taken"
    assert entry.last_request_id
    assert len(school.rows(STUDENTS)) == 21


def test_s7_a_refused_entry_that_a_person_mends_goes_as_a_new_one(
    school: SchoolServer, desk: ClientDesk
) -> None:
    desk.add(given_name="First", student_number="007")
    desk.sync()
    bad = desk.add(given_name="Second", student_number="007")
    desk.sync()
    mended = desk.change(bad.entity_id, student_number="008")
    assert desk.state(bad) == "replaced"
    assert desk.sync().up_to_date
    assert desk.state(mended) == "applied"
    numbers = school.rows("SELECT student_number FROM student WHERE school_id = :school ORDER BY 1")
    assert numbers == [("007",), ("008",)]


def test_s9_a_server_error_on_one_entry_backs_its_lane_off_alone(
    school: SchoolServer, desk: ClientDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = desk.add(given_name="Poison")
    fine = [desk.add(given_name=f"Fine {number}") for number in range(9)]
    body_of = desk.network._push

    async def failing(request, fault):  # type: ignore[no-untyped-def]
        if b"Poison" in request.content:
            return await desk.network.refusing(request, "internal-error")
        return await body_of(request, fault)

    monkeypatch.setattr(desk.network, "_push", failing)
    desk.sync()
    assert {desk.state(saved) for saved in fine} == {"applied"}
    entry = desk.client.entry(str(poison.op_id))
    assert entry is not None
    assert (entry.state, entry.attempts) == ("failed", 1)
    monkeypatch.undo()
    assert desk.sync().up_to_date
    assert len(school.rows(STUDENTS)) == 10


def test_s12_the_store_of_another_user_is_another_file(school: SchoolServer, desk: ClientDesk) -> None:
    desk.add(given_name="Mine")
    other = ClientDesk(school, desk.data, school.user())
    assert other.client.account.store != desk.client.account.store
    assert other.client.status().waiting == 0
    assert other.shown() == []
    other.close()
    desk.close()
