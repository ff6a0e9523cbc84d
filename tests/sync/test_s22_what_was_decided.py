"""What was decided meanwhile does not wait any longer, and each recovery counts its own (S22)."""

import pytest

from rollbook.client.resolving import Chosen
from support.client_desk import ClientDesk
from support.putting_back import FileBackup
from support.school_server import SchoolServer

from .conftest import MakeDesk


@pytest.fixture
def asked(school: SchoolServer, make_desk: MakeDesk, backup: FileBackup) -> tuple[ClientDesk, str]:
    """A desk that is asked whether its lost phone number or the school's later one is right."""
    desk, other = make_desk(), make_desk()
    student = desk.add(given_name="Eleni").entity_id
    desk.sync(), other.sync()
    copy = backup.take()
    mine = desk.change(student, phone="222")
    desk.sync()
    backup.put_back(copy)
    other.change(student, phone="333")
    other.sync()
    assert desk.sync().conflicts == 1
    assert waiting(school) == ["with_owner"]
    school.clock.advance(2.0)
    return desk, str(mine.op_id)


def waiting(school: SchoolServer) -> list[str]:
    """The states of what the administrator is told to wait."""
    view = school.parts.recovery.seen(school.school_id)
    assert view is not None
    return [item.state for item in view.waiting]


def given_back(school: SchoolServer) -> int:
    """How much the administrator is told to have come back."""
    view = school.parts.recovery.seen(school.school_id)
    assert view is not None
    return sum(item.versions for item in view.gave_back)


@pytest.mark.parametrize("chosen", [Chosen("mine"), Chosen("edited", "444")], ids=["mine", "edited"])
def test_s22_what_its_owner_chose_waits_no_longer(
    school: SchoolServer, asked: tuple[ClientDesk, str], chosen: Chosen
) -> None:
    desk, entry = asked
    desk.client.resolve(entry, {"phone": chosen})
    assert waiting(school) == ["with_owner"]
    assert desk.sync().up_to_date
    school.write(lambda connection: connection.exec_driver_sql("DELETE FROM desk_report"))
    assert waiting(school) == []


def test_s22_what_its_owner_gave_up_waits_until_that_computer_has_come(
    school: SchoolServer, asked: tuple[ClientDesk, str]
) -> None:
    desk, entry = asked
    desk.client.resolve(entry, {"phone": Chosen("theirs")})
    assert waiting(school) == ["with_owner"]
    assert desk.sync().up_to_date
    assert waiting(school) == []


def test_s22_a_choice_that_clashed_again_is_done_when_it_is_chosen_once_more(
    school: SchoolServer, asked: tuple[ClientDesk, str], make_desk: MakeDesk
) -> None:
    """The operation that is applied replaces one that the server never had."""
    desk, entry = asked
    third = make_desk()
    third.sync()
    desk.client.resolve(entry, {"phone": Chosen("mine")})
    [row] = school.rows("SELECT id FROM student WHERE school_id = :school")
    third.change(row.id, phone="555")
    third.sync()
    assert desk.sync().conflicts == 1
    assert waiting(school) == ["with_owner"]
    [again] = desk.client.entries(states=("conflict",))
    desk.client.resolve(again.op_id, {"phone": Chosen("mine")})
    desk.sync()
    school.write(lambda connection: connection.exec_driver_sql("DELETE FROM desk_report"))
    assert waiting(school) == []


def test_s22_values_that_the_record_has_are_not_waited_for(
    school: SchoolServer, asked: tuple[ClientDesk, str], make_desk: MakeDesk
) -> None:
    third = make_desk()
    third.sync()
    [row] = school.rows("SELECT id FROM student WHERE school_id = :school")
    third.change(row.id, phone="222")
    third.sync()
    assert waiting(school) == []


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_s22_what_was_decided_at_anothers_computer_waits_no_longer(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup, side: str
) -> None:
    dead, desk, other = make_desk(), make_desk(), make_desk()
    student = dead.add(given_name="Eleni").entity_id
    dead.sync(), desk.sync(), other.sync()
    copy = backup.take()
    dead.change(student, phone="222")
    dead.sync(), desk.sync()
    backup.put_back(copy)
    other.change(student, phone="333")
    other.sync(), desk.sync()
    school.parts.recovery.end(school.school_id, "admin")
    assert desk.sync().conflicts == 1
    assert waiting(school) == ["decided"]
    school.clock.advance(2.0)
    [entry] = desk.client.entries(states=("conflict",))
    desk.client.resolve(entry.op_id, {"phone": Chosen(side)})
    assert desk.sync().up_to_date
    assert waiting(school) == []


def test_s22_a_recovery_counts_what_was_given_back_in_it(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup
) -> None:
    desk = make_desk()
    for name in ("Eleni", "Nikos"):
        desk.sync()
        copy = backup.take()
        desk.add(given_name=name)
        desk.sync()
        backup.put_back(copy)
        desk.sync()
        assert given_back(school) == 1
        school.clock.advance(2.0)
        school.parts.recovery.end(school.school_id, "admin")
        school.clock.advance(2.0)
