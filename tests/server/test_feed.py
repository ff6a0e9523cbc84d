"""The feed: in the order of commits, a cursor that proves itself, pages of stored bytes (S17)."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rollbook.domain.roles import Role
from support.school_server import SchoolServer


def test_s17_a_client_follows_to_the_head(school: SchoolServer) -> None:
    desk = school.desk()
    ids = [desk.student(given_name=f"G{number}") for number in range(5)]
    seen, cursor, pages = [], "0", 0
    while True:
        page = desk.changes(cursor, limit=2)
        pages += 1
        seen += page.changes
        cursor = page.cursor
        assert page.head == 6
        if not page.more:
            break
    assert pages == 3
    assert [change.id for change in seen] == [school.school_id, *ids]
    assert seen[0].entity == "school"
    assert seen[0].values == {"name": school.school_name, "time_zone": None, "language": None}
    at_the_head = desk.changes(cursor)
    assert (at_the_head.changes, at_the_head.cursor, at_the_head.more) == ([], cursor, False)


def test_s17_every_version_is_a_change_and_an_archive_is_a_tombstone(school: SchoolServer) -> None:
    desk = school.desk()
    student_id = desk.student(phone="1")
    desk.push(desk.update(student_id, 1, phone=("1", "2")), desk.archive(student_id, 2))
    changes = desk.changes().changes[1:]
    assert [(change.version, change.deleted) for change in changes] == [(1, False), (2, False), (3, True)]
    assert {change.by for change in changes} == {desk.session.user_name}
    assert all(change.op_id for change in changes)


@pytest.mark.parametrize(
    "cursor",
    ["", "1", "x", "-1.ab", "0.ab", "1.zz", "99999999.abcdef", "1.abcdef", "1'--.ab", "9" * 30 + ".ab"],
)
def test_s17_an_unknown_cursor_is_410(school: SchoolServer, cursor: str) -> None:
    answer = school.desk().call("GET", "/api/v1/sync/changes", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]) == (410, "cursor-unknown")


def test_s22_a_cursor_of_the_same_position_in_another_history_is_410(
    school: SchoolServer, database: str, tmp_path: Path
) -> None:
    other = SchoolServer(database, tmp_path / "other")
    try:
        cursor = other.desk().changes().cursor
        assert cursor.startswith("1.")
        answer = school.desk().call("GET", "/api/v1/sync/changes", params={"cursor": cursor})
        assert answer.status_code == 410
    finally:
        other.close()


@pytest.mark.parametrize("limit", ["0", "5001", "x"])
def test_s17_a_limit_out_of_bounds_is_a_problem(school: SchoolServer, limit: str) -> None:
    answer = school.desk().call("GET", "/api/v1/sync/changes", params={"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "limit")


def test_s17_no_cursor_passes_a_row_that_commits_later(school: SchoolServer) -> None:
    """Many writers, and a reader who pulls all the while: each change comes once, none is skipped."""
    writers = [school.desk() for _ in range(4)]
    reader = school.desk(Role.VIEWER)
    done = threading.Event()
    positions: list[int] = []
    ids: list[str] = []

    def follow() -> None:
        cursor = "0"
        while True:
            last_look = done.is_set()
            page = reader.changes(cursor, limit=7)
            cursor = page.cursor
            ids.extend(change.id for change in page.changes)
            positions.append(page.position)
            if last_look and not page.more:
                return

    def write(number: int) -> list[str]:
        desk = writers[number]
        operations = [desk.create(given_name=f"W{number}") for _ in range(24)]
        for start in range(0, 24, 3):
            assert {result.outcome for result in desk.push(*operations[start : start + 3])} == {"applied"}
        return [operation.entity_id for operation in operations]

    with ThreadPoolExecutor(5) as threads:
        following = threads.submit(follow)
        written = [entity_id for made in threads.map(write, range(4)) for entity_id in made]
        done.set()
        following.result(timeout=60)
    assert sorted(ids[1:]) == sorted(written)
    assert positions == sorted(positions)
    stored = school.rows("SELECT position FROM feed WHERE school_id = :school ORDER BY position")
    assert [row[0] for row in stored] == list(range(1, 98))


def test_s17_schools_have_feeds_of_their_own(school: SchoolServer, database: str, tmp_path: Path) -> None:
    neighbour = SchoolServer(database, tmp_path / "neighbour")
    try:
        neighbour.desk().student(given_name=str(uuid.uuid4()))
        school.desk().student()
        assert school.desk().changes().changes[0].id == school.school_id
        assert len(school.desk().changes().changes) == 2
        assert len(neighbour.desk().changes().changes) == 2
    finally:
        neighbour.close()
