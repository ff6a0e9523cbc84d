"""Coming back after more than the feed keeps (S7): read anew under what is shown, and nothing doubled."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from rollbook.server.sync.horizon import Upkeep
from rollbook.server.tables import feed_day
from support.client_desk import ClientDesk
from support.school_server import Desk, SchoolServer
from sync.conftest import MakeDesk


def _years_pass(school: SchoolServer, colleague: Desk) -> None:
    """Work goes on at the school for longer than the feed is kept."""
    colleague.student(given_name="Later")
    [(head,)] = school.rows("SELECT head FROM school_feed WHERE school_id = :school")
    days = [
        {"school_id": school.school_id, "number": number, "day": f"{number:010}", "position": head}
        for number in range(1, 463)
    ]
    school.write(lambda connection: connection.execute(insert(feed_day), days))
    school.clock.advance(timedelta(minutes=1).total_seconds())
    assert Upkeep(school.parts.database, school.clock, school.settings).run().changes > 0


@pytest.fixture
def colleague(school: SchoolServer) -> Desk:
    """Someone who works on."""
    return school.desk()


def test_s7_below_the_horizon_the_records_are_read_anew_and_entries_go(
    desk: ClientDesk, school: SchoolServer, colleague: Desk
) -> None:
    kept = desk.add(given_name="Kept", phone="1").entity_id
    assert desk.sync().up_to_date
    colleague.push(colleague.update(kept, 1, homeroom=(None, "3B")))
    mine = desk.change(kept, phone="2")
    _years_pass(school, colleague)
    assert desk.sync().up_to_date
    assert desk.state(mine) == "applied"
    assert (desk.values(kept)["phone"], desk.values(kept)["homeroom"]) == ("2", "3B")
    assert {row["given_name"] for row in desk.shown()} == {"Kept", "Later"}
    assert desk.client.verify() == []


def test_s7_an_entry_attempted_before_is_shown_to_the_person_and_not_sent(
    desk: ClientDesk, school: SchoolServer, colleague: Desk
) -> None:
    kept = desk.add(given_name="Kept", phone="1").entity_id
    desk.sync()
    attempted = desk.change(kept, phone="2")
    desk.network.faults = ["drop after commit"]
    with pytest.raises(Exception, match=r"cannot be reached|cut off"):
        desk.sync()
    assert desk.state(attempted) == "unknown"
    # Meanwhile others have put the old value back: applied again, it would silently win.
    colleague.push(colleague.update(kept, 2, phone=("2", "1")))
    _years_pass(school, colleague)
    status = desk.sync()
    assert (status.parked, status.unknown) == (1, 0)
    entry = desk.client.entry(str(attempted.op_id))
    assert entry is not None
    assert entry.problem is not None
    assert entry.problem["error"] == "outcome-too-old"
    assert school.rows("SELECT phone, version FROM student WHERE id = :it", it=kept) == [("1", 3)]


def test_s7_the_person_may_send_it_again_or_discard_it(
    desk: ClientDesk, school: SchoolServer, colleague: Desk
) -> None:
    first, second = (desk.add(given_name=name, phone="1").entity_id for name in ("A", "B"))
    desk.sync()
    again, given_up = desk.change(first, phone="2"), desk.change(second, phone="2")
    desk.network.faults = ["drop before send", "drop after commit"]
    for _ in range(2):
        with pytest.raises(Exception, match=r"cannot be reached|cut off"):
            desk.sync()
    school.write(
        lambda connection: connection.execute(text("UPDATE student SET phone = '1' WHERE phone = '2'"))
    )
    _years_pass(school, colleague)
    assert desk.sync().parked == 2
    desk.client.discard(str(given_up.op_id))
    desk.client.retry(str(again.op_id))
    assert desk.sync().up_to_date
    assert desk.state(again) == "applied"
    assert school.rows("SELECT phone FROM student WHERE id = :it", it=first) == [("2",)]
    assert desk.values(second)["phone"] == "1"


def test_s7_what_is_gone_at_the_school_is_gone_here_and_an_edit_of_it_is_asked(
    make_desk: MakeDesk, school: SchoolServer, colleague: Desk
) -> None:
    desk = make_desk()
    desk.sync()
    gone, edited, kept = (desk.add(given_name=name).entity_id for name in ("Gone", "Edited", "Kept"))
    desk.sync()
    edit = desk.change(edited, phone="5")
    _erase(school, gone, edited)
    _years_pass(school, colleague)
    status = desk.sync()
    assert {row["given_name"] for row in desk.shown()} == {"Kept", "Edited", "Later"}
    assert desk.client.record("student", gone) is None
    assert (status.parked, desk.state(edit)) == (1, "parked")
    assert desk.values(edited)["phone"] == "5"
    desk.client.discard(str(edit.op_id))
    assert desk.client.record("student", edited) is None
    assert desk.values(kept)["given_name"] == "Kept"
    assert desk.sync().up_to_date
    assert desk.client.verify() == []


def _erase(school: SchoolServer, *students: str) -> None:
    """As if they had never been, the sums included."""
    from rollbook.server.sync.sums import set_right

    def erase(connection) -> None:  # type: ignore[no-untyped-def]
        for student in students:
            connection.execute(text("DELETE FROM student WHERE id = :it"), {"it": student})
        set_right(connection, school.school_id)

    school.write(erase)
