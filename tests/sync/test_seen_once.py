"""Failures that were met once, each with a test of its own."""

import asyncio
from collections.abc import Callable

import pytest

from rollbook.client.resolving import Chosen
from rollbook.client.values import Edit, RefusedEntryError
from rollbook.domain.roles import Role
from rollbook.resilience.failures import CallFailedError
from rollbook.store.errors import NotAllowedNowError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer


def _taken(desk: ClientDesk) -> tuple[str, str]:
    """A student whose number is taken; gives the record and the entry in conflict."""
    desk.add(given_name="First", student_number="007")
    desk.sync()
    bad = desk.add(given_name="Second", student_number="007")
    desk.sync()
    return bad.entity_id, str(bad.op_id)


def test_s7_what_is_entered_last_wins_over_what_waited_behind_a_refused_entry(
    school: SchoolServer, desk: ClientDesk
) -> None:
    student, _entry = _taken(desk)
    desk.client.status()
    desk.change(student, phone="5")  # mends nothing: it takes the refused entry's place
    desk.sync()
    desk.change(student, student_number="008", phone="6")
    assert desk.values(student)["phone"] == "6"
    assert desk.sync().up_to_date
    assert school.rows("SELECT phone FROM student WHERE student_number = '008'") == [("6",)]


def test_s7_an_edit_saved_while_the_entry_was_on_its_way_is_not_put_over_a_later_one(
    school: SchoolServer, desk: ClientDesk
) -> None:
    desk.add(given_name="First", student_number="007")
    desk.sync()
    bad = desk.add(given_name="Second", student_number="007")
    desk.network.faults = ["drop after commit"]
    with pytest.raises(CallFailedError):
        desk.sync()
    desk.change(bad.entity_id, phone="5")  # its bytes are frozen: this one waits behind
    desk.sync()
    desk.change(bad.entity_id, student_number="008", phone="6")
    assert desk.values(bad.entity_id)["phone"] == "6"
    assert desk.sync().up_to_date
    assert school.rows("SELECT phone FROM student WHERE student_number = '008'") == [("6",)]


def test_s3_an_edit_that_rides_is_not_discarded_or_sent_without_its_carrier(desk: ClientDesk) -> None:
    desk.add(given_name="First", student_number="007")
    desk.sync()
    bad = desk.add(given_name="Second", student_number="007")
    rider = desk.change(bad.entity_id, phone="5")
    desk.sync()
    with pytest.raises(NotAllowedNowError, match="together"):
        desk.client.discard(str(rider.op_id))
    assert len(desk.client.discard(str(bad.op_id))) == 2
    assert desk.sync().up_to_date


def test_s6_a_create_with_edits_behind_it_is_not_taken_back_alone(desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    desk.change(saved.entity_id, phone="1")
    assert not desk.client.take_back(str(saved.op_id))
    assert desk.sync().up_to_date


def test_s3_an_attempt_that_was_cut_may_yet_arrive_so_a_missing_receipt_frees_nothing(
    desk: ClientDesk,
) -> None:
    saved = desk.add(given_name="Nikos")
    desk.network.faults = ["portal"]  # to the desk it is cut; it may stand in a queue on the way
    with pytest.raises(CallFailedError):
        desk.sync()
    desk.network.faults = ["drop before send"]
    with pytest.raises(CallFailedError):
        desk.sync()
    assert desk.state(saved) == "unknown"
    with pytest.raises(NotAllowedNowError):
        desk.client.discard(str(saved.op_id))


def test_s24_a_server_that_went_back_or_refuses_is_never_up_to_date(
    school: SchoolServer, desk: ClientDesk
) -> None:
    desk.add(given_name="Nikos")
    assert desk.sync().up_to_date
    from sqlalchemy import text

    school.write(lambda connection: connection.execute(text("UPDATE feed SET mark = 'other'")))
    status = asyncio.run(_looked(desk))
    assert (status.up_to_date, status.outstanding) == (False, ("not_pulled",))


async def _looked(desk: ClientDesk):  # type: ignore[no-untyped-def]
    try:
        return await desk.client.probe()
    finally:
        await desk.client.aclose()


def test_s23_entries_go_to_the_school_they_were_made_for_or_nowhere(school: SchoolServer, make_desk) -> None:  # type: ignore[no-untyped-def]
    name = school.user(Role.REGISTRAR)
    desk = make_desk(name)
    desk.sync()
    other = SchoolServer(str(school.settings.database), desk.data / "other")
    from sqlalchemy import text

    def moved(connection) -> None:  # type: ignore[no-untyped-def]
        connection.execute(
            text("UPDATE membership SET school_id = :other WHERE school_id = :here"),
            {"other": other.school_id, "here": school.school_id},
        )

    desk.add(given_name="OfTheFirstSchool")
    school.write(moved)
    with pytest.raises(CallFailedError):
        desk.sync()
    assert other.rows("SELECT 1 FROM student WHERE school_id = :school") == []
    assert desk.client.status().waiting == 1
    assert not desk.client.status().up_to_date
    other.close()


def test_s12_another_program_may_have_renewed_the_session(desk: ClientDesk) -> None:
    from rollbook.client.opening import open_client

    other = open_client(desk.data, settings=desk._settings, surroundings=desk._around)

    async def renewed(client) -> None:  # type: ignore[no-untyped-def]
        keeper = client._api._session
        await keeper.renewed(keeper.token())
        await client.aclose()

    for client in (desk.client, other, desk.client, other):
        asyncio.run(renewed(client))
    other.close()
    assert desk.sync().up_to_date


def test_s16_a_taken_number_is_never_kept_by_choosing_mine(school: SchoolServer, desk: ClientDesk) -> None:
    desk.add(given_name="First", student_number="007")
    student = desk.add(given_name="Second", student_number="001").entity_id
    desk.sync()
    entry = str(desk.change(student, student_number="007").op_id)
    assert desk.sync().conflicts == 1
    with pytest.raises(RefusedEntryError, match="Another record has this value"):
        desk.client.resolve(entry, {"student_number": Chosen("mine")})
    assert desk.client.status().conflicts == 1
    desk.client.resolve(entry, {"student_number": Chosen.edited("008")})
    assert desk.sync().up_to_date
    numbers = school.rows("SELECT student_number FROM student WHERE school_id = :school ORDER BY 1")
    assert numbers == [("007",), ("008",)]


def test_s13_an_older_form_saved_later_goes_over_nothing_that_waits(
    make_desk: Callable[..., ClientDesk],
) -> None:
    one = make_desk()
    student = one.add(given_name="Eleni").entity_id
    one.sync()
    seen = {"homeroom": None}
    one.client.save(Edit("student", student, {"homeroom": "entered by hand"}, seen=seen))
    later = one.client.save(Edit("student", student, {"homeroom": "from a file"}, seen=seen))
    assert one.sync().conflicts == 1
    assert one.state(later) == "conflict"
    other = make_desk()
    other.sync()
    assert other.values(student)["homeroom"] == "entered by hand"
