"""The sums that computers compare with (S21): those of the feed's head, whoever writes, in any order."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection

from rollbook.contract.sums import TableSum, sum_of
from rollbook.server.sync.sums import is_right, note_versions, set_right
from support.school_server import Desk, SchoolServer


def _records(school: SchoolServer) -> TableSum:
    return sum_of(school.rows("SELECT id, version FROM student WHERE school_id = :school"))


def _told(desk: Desk) -> TableSum:
    return desk.changes().sums["student"]


def test_s21_the_sum_does_not_depend_on_the_order() -> None:
    records = [("a", 1), ("b", 2), ("c", 3)]
    assert sum_of(records) == sum_of(reversed(records))
    assert sum_of(records) != sum_of([("a", 2), ("b", 1), ("c", 3)])
    assert 0 <= sum_of((str(number), number) for number in range(1_000)).sum < 2**62


def test_s21_the_last_page_tells_the_sums_of_its_cursor(school: SchoolServer) -> None:
    desk = school.desk()
    students = [desk.student(phone="1") for _ in range(3)]
    desk.push(desk.update(students[0], 1, phone=("1", "2")), desk.update(students[0], 2, phone=("2", "3")))
    desk.push(desk.archive(students[1], 1))
    assert desk.changes(limit=2).sums == {}  # it is not at the head
    assert _told(desk) == _records(school)
    assert _told(desk).rows == 3
    assert desk.changes().sums["school"] == sum_of([(school.school_id, 1)])


def test_s21_what_is_refused_changes_no_sum(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student(phone="1")
    before = _told(desk)
    desk.push(desk.update(student, 1, phone=("9", "2")), desk.create(phone="no name"))
    again = desk.update(student, 1, phone=("1", "2"))
    desk.push(again)
    desk.push(again)
    assert _told(desk) == _records(school) != before


def test_s21_every_page_of_a_reader_agrees_while_many_write(school: SchoolServer) -> None:
    """A reader that applies what it is told has, at each head that it comes to, the sum told there."""
    writers = [school.desk() for _ in range(3)]
    reader = school.desk()
    here: dict[str, int] = {}
    compared = 0

    def write(desk: Desk) -> None:
        for _ in range(8):
            student = desk.student(phone="1")
            desk.push(desk.update(student, 1, phone=("1", "2")), desk.archive(student, 2))

    with ThreadPoolExecutor(3) as threads:
        writing = [threads.submit(write, desk) for desk in writers]
        cursor = "0"
        while True:
            last_look = all(each.done() for each in writing)
            page = reader.changes(cursor, limit=5)
            cursor = page.cursor
            here |= {change.id: change.version for change in page.changes if change.entity == "student"}
            if not page.more and here:
                assert page.sums["student"] == sum_of(here.items())
                compared += 1
            if last_look and not page.more:
                break
    assert compared > 1
    assert len(here) == 24
    assert _told(reader) == _records(school)


def test_s21_check_finds_a_wrong_sum_and_mends_it(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student()

    def right(connection: Connection) -> bool:
        return is_right(connection, school.school_id)

    assert school.parts.database.read(right)
    school.write(lambda connection: note_versions(connection, school.school_id, [("student", student, 1, 7)]))
    assert not school.parts.database.read(right)
    school.write(lambda connection: set_right(connection, school.school_id))
    assert school.parts.database.read(right)
    assert _told(desk) == _records(school)
