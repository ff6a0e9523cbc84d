"""Entries that this version cannot read are parked, shown and counted; nothing else is hindered (S28)."""

import sqlite3
from contextlib import closing

import pytest

from rollbook.client.errors import CallFailedError, NotAllowedNowError
from support.client_desk import ClientDesk

_STRANGE = {
    "a state of later": "state = 'waiting_for_consent'",
    "no state": "state = ''",
    "a kind of later": "kind = 'split'",
    "an entity of later": "entity = 'timetable'",
    "a payload of later": "payload_version = 7",
    "no JSON": "changes = '{\"given_name\": '",
    "JSON that is no mapping": "changes = '[1, 2]'",
    "a change without had": 'changes = \'{"given_name": {"value": "N"}}\'',
    "a change that is none": "changes = '{\"given_name\": 5}'",
    "bytes for a text": "changes = x'80ff'",
    "a text for bytes": "frozen = 'no bytes'",
    "a text for a number": "base_version = 'three'",
    "no number of attempts": "attempts = 'many'",
    "no position": "position = 'first'",
    "no list of causes": "depends_on = '{'",
    "a mapping of causes": "depends_on = '{}'",
    "a damaged problem": "state = 'failed', problem = '{'",
    "a damaged conflict": "state = 'conflict', conflict = '['",
}


def _damage(desk: ClientDesk, op_id: str | None, assignment: str) -> None:
    desk.close()
    with closing(sqlite3.connect(desk.client.account.store)) as connection:
        connection.execute(f"UPDATE operation SET {assignment} WHERE op_id = ?", (op_id,))
        connection.commit()
    desk.crash()


@pytest.mark.parametrize("assignment", _STRANGE.values(), ids=_STRANGE.keys())
def test_s28_an_entry_that_cannot_be_read_is_parked_and_the_others_go(
    desk: ClientDesk, assignment: str
) -> None:
    strange = desk.add(given_name="Nikos")
    fine = desk.add(given_name="Ελένη")
    _damage(desk, strange.op_id, assignment)
    status = desk.client.status()
    assert (status.queued, status.parked, status.up_to_date) == (1, 1, False)
    (shown,) = (entry for entry in desk.client.entries() if entry.op_id == strange.op_id)
    assert (shown.state, shown.problem and shown.problem["error"]) == ("parked", "entry-unreadable")
    synced = desk.sync()
    assert (synced.queued, synced.parked, desk.state(fine)) == (0, 1, "applied")
    (exported,) = desk.client.discard(strange.op_id or "")
    assert exported["op_id"] == strange.op_id
    assert desk.sync().up_to_date


def test_s28_damage_met_while_running_stops_nothing(desk: ClientDesk) -> None:
    strange, fine = desk.add(given_name="Nikos"), desk.add(given_name="Ελένη")
    with closing(sqlite3.connect(desk.client.account.store)) as connection:
        connection.execute("UPDATE operation SET kind = 'split' WHERE op_id = ?", (strange.op_id,))
        connection.commit()
    assert desk.sync().parked == 1
    assert desk.state(fine) == "applied"


def test_s28_a_state_that_is_not_known_is_counted_at_once(desk: ClientDesk) -> None:
    strange = desk.add(given_name="Nikos")
    with closing(sqlite3.connect(desk.client.account.store)) as connection:
        connection.execute("UPDATE operation SET state = 'later' WHERE op_id = ?", (strange.op_id,))
        connection.commit()
    assert (desk.client.status().parked, desk.client.status().up_to_date) == (1, False)


def test_s28_it_is_sent_again_once_it_can_be_read_and_not_before(desk: ClientDesk) -> None:
    strange = desk.add(given_name="Nikos")
    _damage(desk, strange.op_id, "kind = 'split'")
    with pytest.raises(NotAllowedNowError, match="Update Rollbook"):
        desk.client.retry(strange.op_id or "")
    assert desk.state(strange) == "parked"
    _damage(desk, strange.op_id, "kind = 'create'")  # as a later version reads it
    desk.client.retry(strange.op_id or "")
    assert desk.sync().up_to_date
    assert [each["given_name"] for each in desk.shown()] == ["Nikos"]


def test_s28_an_edit_that_rides_is_parked_with_its_carrier(desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    desk.change(saved.entity_id, phone="210 1")
    desk.network.faults.append("drop after commit")
    with pytest.raises(CallFailedError):
        desk.sync()
    _damage(desk, saved.op_id, "payload_version = 9")
    assert desk.client.status().parked == 1  # they are decided together
    assert desk.sql("SELECT DISTINCT state FROM operation") == [("parked",)]
    assert (desk.client.status().parked, desk.client.status().waiting) == (1, 0)
