"""Two computers, one student (S13 to S16, S18)."""

import pytest

from rollbook.client.resolving import Chosen
from rollbook.client.values import RefusedEntryError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer


@pytest.fixture
def two(school: SchoolServer, make_desk) -> tuple[ClientDesk, ClientDesk, str]:  # type: ignore[no-untyped-def]
    """Two computers that both show one student."""
    one, other = make_desk(), make_desk()
    student = one.add(given_name="Eleni", phone="1", email="e@example.org").entity_id
    one.sync()
    other.sync()
    return one, other, student


def test_s13_different_fields_merge(two: tuple[ClientDesk, ClientDesk, str]) -> None:
    one, other, student = two
    one.change(student, phone="2")
    other.change(student, email="new@example.org")
    one.sync()
    assert other.sync().up_to_date
    one.sync()
    for desk in (one, other):
        assert desk.values(student)["phone"] == "2"
        assert desk.values(student)["email"] == "new@example.org"


def _conflict(two: tuple[ClientDesk, ClientDesk, str]):  # type: ignore[no-untyped-def]
    one, other, student = two
    one.change(student, phone="2")
    mine = other.change(student, phone="3", email="new@example.org")
    one.sync()
    assert other.sync().conflicts == 1
    return mine


def test_s14_the_same_field_keeps_both_values_until_a_person_chooses(
    two: tuple[ClientDesk, ClientDesk, str],
) -> None:
    one, other, student = two
    mine = _conflict(two)
    entry = other.client.entry(str(mine.op_id))
    assert entry is not None
    assert entry.conflict is not None
    assert entry.fields["phone"] == ("1", "3")
    assert entry.conflict["fields"] == {"phone": "2"}
    assert entry.conflict["changed_by"] == one.client.account.user_name
    assert other.values(student)["phone"] == "3"  # what I entered stays before my eyes
    row = other.client.record("student", student)
    assert row is not None
    assert row.mark == "conflict"


@pytest.mark.parametrize(
    ("choice", "phone"), [(Chosen("mine"), "3"), (Chosen("theirs"), "2"), (Chosen.edited("4"), "4")]
)
def test_s14_the_choice_goes_to_the_school_and_the_rest_with_it(
    school: SchoolServer, two: tuple[ClientDesk, ClientDesk, str], choice: Chosen, phone: str
) -> None:
    one, other, student = two
    mine = _conflict(two)
    other.client.resolve(str(mine.op_id), {"phone": choice})
    assert other.sync().up_to_date
    one.sync()
    for desk in (one, other):
        assert (desk.values(student)["phone"], desk.values(student)["email"]) == (phone, "new@example.org")
    changes = school.rows("SELECT changes FROM history WHERE school_id = :school ORDER BY version")
    assert '"2"' in str(changes)  # the value that lost stays in the history


def test_s14_a_field_without_a_choice_is_named(two: tuple[ClientDesk, ClientDesk, str]) -> None:
    _one, other, _student = two
    mine = _conflict(two)
    with pytest.raises(RefusedEntryError, match="phone"):
        other.client.resolve(str(mine.op_id), {})
    assert other.client.status().conflicts == 1


def test_s13_a_later_edit_knows_what_was_chosen(two: tuple[ClientDesk, ClientDesk, str]) -> None:
    _one, other, student = two
    mine = _conflict(two)
    other.change(student, phone="5")  # on top of my 3, while the conflict waits
    other.client.resolve(str(mine.op_id), {"phone": Chosen("theirs")})
    assert other.sync().up_to_date
    assert other.values(student)["phone"] == "5"


def test_s15_an_edit_against_an_archive_asks(two: tuple[ClientDesk, ClientDesk, str]) -> None:
    one, other, student = two
    one.client.archive("student", student)
    mine = other.change(student, phone="3")
    one.sync()
    assert other.sync().conflicts == 1
    other.client.resolve(str(mine.op_id), {"record": Chosen("mine")})
    assert other.sync().up_to_date
    one.sync()
    assert one.values(student)["phone"] == "3"
    assert [row["given_name"] for row in one.shown()] == ["Eleni"]


def test_s15_an_archive_against_an_edit_asks(two: tuple[ClientDesk, ClientDesk, str]) -> None:
    one, other, student = two
    one.change(student, phone="2")
    mine = other.client.archive("student", student)
    one.sync()
    assert other.sync().conflicts == 1
    other.client.resolve(str(mine.op_id), {"record": Chosen("theirs")})
    assert other.sync().up_to_date
    assert other.values(student)["phone"] == "2"
    assert len(other.shown()) == 1


def test_s18_a_pull_moves_the_base_and_leaves_my_edit_on_top(two: tuple[ClientDesk, ClientDesk, str]) -> None:
    one, other, student = two
    one.change(student, email="theirs@example.org")
    one.sync()
    other.change(student, phone="3")
    other.network.faults = ["drop before send"]
    with pytest.raises(Exception, match="reached"):
        other.sync()
    other.network.faults = []
    other.sync()
    assert other.values(student)["phone"] == "3"
    assert other.values(student)["email"] == "theirs@example.org"


def test_s18_a_row_never_goes_to_a_lower_version(two: tuple[ClientDesk, ClientDesk, str]) -> None:
    one, other, student = two
    one.change(student, phone="2")
    one.sync()
    other.sync()
    [(version,)] = other.sql("SELECT version FROM student")
    assert version == 2
    other.sql("UPDATE meta SET value = '0' WHERE name = 'cursor'")
    other.sync()  # the feed from its start, old versions first
    assert other.values(student)["phone"] == "2"
