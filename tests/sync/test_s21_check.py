"""Comparing with the school (S21): what differs is found, told, and repaired for that table alone."""

import sqlite3
from typing import Any

import pytest
from sqlalchemy import text

from rollbook.client.values import Event
from rollbook.server.sync.sums import set_right
from rollbook.sync.events import TablesDiffer
from support.client_desk import ClientDesk
from support.school_server import SchoolServer
from sync.conftest import MakeDesk


def _damage(desk: ClientDesk, statement: str, *values: Any) -> None:
    """Change the store's file behind the program's back."""
    with sqlite3.connect(desk.client.account.store) as connection:
        connection.execute(statement, values)
    connection.close()


def _another_day(desk: ClientDesk) -> None:
    """The rows were last counted on an earlier day."""
    _damage(desk, "UPDATE meta SET value = '2001-01-01' WHERE name = 'sums_counted_on'")


def _versions(desk: ClientDesk) -> list[Any]:
    return desk.sql("SELECT id, version FROM student WHERE version IS NOT NULL ORDER BY id")


def _at_school(school: SchoolServer) -> list[Any]:
    return [tuple(row) for row in school.rows("SELECT id, version FROM student ORDER BY id")]


@pytest.fixture
def pupils(desk: ClientDesk) -> list[str]:
    """Three students, at the school and here."""
    made = [desk.add(given_name=f"G{number}", phone="1").entity_id for number in range(3)]
    assert desk.sync().up_to_date
    return made


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM student WHERE id = ?",
        "UPDATE student SET version = 7 WHERE id = ?",
        "INSERT INTO student (id, version, base) SELECT 'ghost', 1, '{}' FROM student WHERE id = ?",
    ],
    ids=["lost", "wrong version", "never was"],
)
def test_s21_a_row_that_is_wrong_here_is_found_the_same_day_or_the_next_and_repaired(
    desk: ClientDesk, school: SchoolServer, pupils: list[str], statement: str
) -> None:
    _damage(desk, statement, pupils[1])
    assert "sum of student" in " ".join(desk.client.verify())
    _another_day(desk)
    told: list[Event] = []
    desk.client.subscribe(told.append)
    assert desk.sync().up_to_date
    assert _versions(desk) == _at_school(school)
    assert [event.entities for event in told if isinstance(event, TablesDiffer)] == [("student",), ()]
    assert desk.client.verify() == []


def test_s21_a_repair_reads_only_the_table_that_differs(desk: ClientDesk, pupils: list[str]) -> None:
    cursor = desk.sql("SELECT value FROM meta WHERE name = 'cursor'")
    schools = desk.sql("SELECT filled FROM school")
    _damage(desk, "DELETE FROM student WHERE id = ?", pupils[0])
    _another_day(desk)
    desk.sync()
    assert desk.sql("SELECT filled FROM school") == schools
    assert desk.sql("SELECT value FROM meta WHERE name = 'cursor'") == cursor
    assert len(desk.shown()) == 3


def test_s21_an_entry_that_waits_survives_a_repair(
    desk: ClientDesk, school: SchoolServer, pupils: list[str]
) -> None:
    desk.network.down = True
    saved = desk.change(pupils[0], phone="2")
    desk.network.down = False
    _damage(desk, "UPDATE student SET version = 9 WHERE id = ?", pupils[0])
    _damage(desk, "DELETE FROM student WHERE id = ?", pupils[1])
    _another_day(desk)
    assert desk.sync().up_to_date
    assert desk.state(saved) == "applied"
    assert school.rows("SELECT phone FROM student WHERE id = :it", it=pupils[0]) == [("2",)]
    assert _versions(desk) == _at_school(school)


def test_s21_what_a_repair_does_not_mend_is_told_until_it_is_the_same(
    desk: ClientDesk, school: SchoolServer, pupils: list[str]
) -> None:
    school.write(lambda connection: connection.execute(text("UPDATE school_sum SET sum = 1")))
    for _ in range(2):
        status = desk.sync()
        assert not status.up_to_date
        assert "differs_from_school" in status.outstanding
    assert len(desk.shown()) == 3  # what is here stays here
    school.write(lambda connection: set_right(connection, school.school_id))
    assert desk.sync().up_to_date


def test_s21_a_sum_that_was_kept_wrongly_is_counted_anew_and_nothing_is_fetched(
    desk: ClientDesk, pupils: list[str]
) -> None:
    filled = desk.sql("SELECT filled FROM student")
    _damage(desk, "UPDATE base_sum SET sum = 5 WHERE entity = 'student'")
    assert desk.sync().up_to_date
    assert desk.sql("SELECT filled FROM student") == filled
    assert desk.client.verify() == []


def test_s21_after_every_way_of_moving_a_base_the_sum_is_right(
    desk: ClientDesk, make_desk: MakeDesk, school: SchoolServer, pupils: list[str]
) -> None:
    other = make_desk()
    assert other.sync().up_to_date
    for number in range(4):
        desk.change(pupils[0], phone=f"9{number}")
        other.change(pupils[1], phone=f"8{number}")
        other.add(given_name="New")
        if number == 2:
            desk.client.archive("student", pupils[2])
        for each in (desk, other, desk):
            each.sync()
            assert each.client.verify() == []
    assert _versions(desk) == _versions(other) == _at_school(school)


def test_s21_s24_read_in_but_not_compared_is_not_up_to_date(desk: ClientDesk, pupils: list[str]) -> None:
    _damage(desk, "INSERT OR REPLACE INTO meta (name, value) VALUES ('check_due', '1')")
    status = desk.client.status()
    assert (status.up_to_date, "check_due" in status.outstanding) == (False, True)
    assert desk.sync().up_to_date
