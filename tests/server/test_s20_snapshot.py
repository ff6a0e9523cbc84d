"""The snapshot (S20): records by key, as they are now, with the feed's place from before they were read."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from rollbook.contract.snapshot import SnapshotPage, SnapshotPlan
from rollbook.domain.roles import Role
from support.school_server import Desk, SchoolServer


def _plan(desk: Desk) -> SnapshotPlan:
    answer = desk.call("GET", "/api/v1/sync/snapshot")
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=SnapshotPlan)


def _page(desk: Desk, entity: str = "student", **params: Any) -> SnapshotPage:
    answer = desk.call("GET", f"/api/v1/sync/snapshot/{entity}", params=params)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=SnapshotPage)


def test_s20_the_size_is_told_beforehand_smallest_first(school: SchoolServer) -> None:
    desk = school.desk()
    for number in range(3):
        desk.student(given_name=f"G{number}")
    plan = _plan(desk)
    assert [(table.entity, table.rows) for table in plan.tables if table.rows] == [
        ("school", 1),
        ("student", 3),
    ]
    assert [table.rows for table in plan.tables] == sorted(table.rows for table in plan.tables)
    assert plan.cursor == desk.changes().cursor


def test_s20_pages_by_key_hold_each_record_once_as_it_is_now(school: SchoolServer) -> None:
    desk = school.desk()
    ids = sorted(desk.student(given_name=f"G{number}") for number in range(7))
    desk.push(desk.update(ids[2], 1, phone=(None, "1")), desk.archive(ids[4], 1))
    rows, after, pages = [], "", 0
    while True:
        page = _page(desk, after=after, limit=3)
        rows += page.rows
        pages += 1
        if not page.more:
            break
        after = page.rows[-1].id
    assert pages == 3
    assert [row.id for row in rows] == ids
    assert [(row.version, row.deleted) for row in rows] == [
        (2 if record_id in (ids[2], ids[4]) else 1, record_id == ids[4]) for record_id in ids
    ]
    assert msgspec.json.decode(rows[2].values)["phone"] == "1"


def test_s20_a_full_last_page_says_that_there_is_no_more(school: SchoolServer) -> None:
    desk = school.desk()
    for _ in range(4):
        desk.student()
    assert [_page(desk, limit=limit).more for limit in (3, 4, 5)] == [True, False, False]


def test_s20_what_changes_after_the_plan_comes_by_the_feed_from_its_cursor(school: SchoolServer) -> None:
    desk = school.desk()
    before = desk.student(phone="1")
    cursor = _plan(desk).cursor
    desk.push(desk.update(before, 1, phone=("1", "2")))
    later = desk.student()
    assert [(change.id, change.version) for change in desk.changes(cursor).changes] == [
        (before, 2),
        (later, 1),
    ]


def test_s20_the_school_itself_is_one_row(school: SchoolServer) -> None:
    [row] = _page(school.desk(), "school").rows
    assert (row.id, msgspec.json.decode(row.values)) == (school.school_id, {"name": school.school_name})


def test_s20_another_schools_records_are_not_in_it(
    school: SchoolServer, database: str, tmp_path: Path
) -> None:
    neighbour = SchoolServer(database, tmp_path / "neighbour")
    try:
        neighbour.desk().student()
        desk = school.desk()
        assert _page(desk).rows == []
        assert [table.entity for table in _plan(desk).tables if table.rows] == ["school"]
    finally:
        neighbour.close()


def test_s20_who_may_not_read_students_gets_none(school: SchoolServer) -> None:
    answer = school.desk(Role.SUPPORT).call("GET", "/api/v1/sync/snapshot/student")
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


@pytest.mark.parametrize("path", ["unknown", "student?after=%00", "app_user"])
def test_s20_what_is_no_table_of_records_is_404(school: SchoolServer, path: str) -> None:
    answer = school.desk().call("GET", f"/api/v1/sync/snapshot/{path}")
    assert (answer.status_code, answer.json()["error"]) == (404, "not-found")
