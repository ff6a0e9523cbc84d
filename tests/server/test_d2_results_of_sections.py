"""A section's results over the API: for many at once, by the rules of the desk, all or none (D2, S8)."""

import uuid
from typing import Any

import pytest
from sqlalchemy import event

from rollbook.domain.roles import Role
from support.school_server import Desk, SchoolServer
from support.taught_section import TaughtSection, record, taught_section


@pytest.fixture
def taught(school: SchoolServer) -> TaughtSection:
    """A class of three, made by the office."""
    return taught_section(school.desk())


def path(taught: TaughtSection) -> str:
    return f"/api/v1/sections/{taught.section}/results"


def read(desk: Desk, taught: TaughtSection, **params: str) -> Any:
    answer = desk.call("GET", path(taught), params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    return answer.json()


def enter(
    desk: Desk, taught: TaughtSection, *scores: Any, seen: int | None = None, key: str | None = None
) -> Any:
    """Enter scores of the students in their order; a dictionary is a row as it is."""
    rows = [
        score
        if isinstance(score, dict)
        else {"line_item_id": taught.test, "student_id": taught.students[number], "score": score}
        for number, score in enumerate(scores)
    ]
    version = read(desk, taught)["version"] if seen is None else seen
    headers = {"Idempotency-Key": key or str(uuid.uuid4()), "If-Match": f'"{version}"'}
    return desk.call("PUT", path(taught), headers, json={"results": rows})


def scores(shown: Any) -> list[tuple[str | None, str | None]]:
    return [(row["score"], row["score_status"]) for row in shown["line_items"][0]["results"]]


def wrong_rows(answer: Any) -> tuple[int, list[tuple[str, str]]]:
    return answer.status_code, [(each["field"], each["code"]) for each in answer.json()["errors"]]


def test_d2_scores_are_entered_as_they_are_written(school: SchoolServer, taught: TaughtSection) -> None:
    desk = school.desk(Role.TEACHER)
    answer = enter(desk, taught, "14,5", "exempt", 12)
    assert answer.status_code == 200, answer.text
    assert scores(answer.json()) == [("14.5", "fully_graded"), (None, "exempt"), ("12", "fully_graded")]
    assert answer.json() == read(desk, taught)
    less = enter(desk, taught, None, "MISSING").json()
    assert scores(less) == [(None, None), (None, "not_submitted"), ("12", "fully_graded")]


def test_s7_entered_again_nothing_is_doubled(school: SchoolServer, taught: TaughtSection) -> None:
    desk, key = school.desk(Role.TEACHER), str(uuid.uuid4())
    first = enter(desk, taught, 10, 11, seen=1, key=key)
    assert enter(desk, taught, 10, 11, seen=1, key=key).json() == first.json()
    assert enter(desk, taught, 10, 12, seen=1, key=key).json()["error"] == "idempotency-mismatch"
    same = enter(desk, taught, 10, 11)
    assert (same.status_code, same.json()["version"]) == (200, first.json()["version"])
    versions = school.rows("SELECT version FROM result WHERE school_id = :school")
    assert [row.version for row in versions] == [1, 1]


def test_d2_each_wrong_row_is_named_and_none_is_applied(school: SchoolServer, taught: TaughtSection) -> None:
    desk = school.desk(Role.TEACHER)
    stranger = school.desk().student()
    other = taught_elsewhere(school)
    one = taught.students[0]
    answer = enter(
        desk,
        taught,
        "21",
        "-1",
        "abc",
        {"line_item_id": taught.test, "student_id": stranger, "score": 3},
        {"line_item_id": other, "student_id": one, "score": 3},
        {"line_item_id": taught.test, "student_id": one, "score": 3},
    )
    assert wrong_rows(answer) == (
        422,
        [
            ("results.0.score", "too-large"),
            ("results.1.score", "too-small"),
            ("results.2.score", "not-a-number"),
            ("results.3.student_id", "not-in-section"),
            ("results.4.line_item_id", "no-such-record"),
            ("results.5.student_id", "twice"),
        ],
    )
    assert school.rows("SELECT count(*) FROM result WHERE school_id = :school")[0][0] == 0


def taught_elsewhere(school: SchoolServer) -> str:
    """A line item of another section of the school."""
    desk = school.desk()
    section = record(desk, "section", title="1B")
    item = record(desk, "line_item", section_id=section.entity_id, title="Essay")
    assert {result.outcome for result in desk.push(section, item)} == {"applied"}
    return item.entity_id


def test_s13_of_two_who_saw_the_same_the_second_is_told(school: SchoolServer, taught: TaughtSection) -> None:
    one, two = school.desk(Role.TEACHER), school.desk(Role.TEACHER)
    seen = read(one, taught)["version"]
    assert enter(one, taught, 10, seen=seen).status_code == 200
    late = enter(two, taught, 11, seen=seen)
    assert (late.status_code, late.json()["error"]) == (412, "version-mismatch")
    assert scores(read(two, taught))[0] == ("10", "fully_graded")


def test_d2_one_line_item_alone_has_a_version_of_its_own(school: SchoolServer, taught: TaughtSection) -> None:
    desk = school.desk(Role.TEACHER)
    [made] = desk.push(record(desk, "line_item", section_id=taught.section, title="Essay"))
    essay = read(desk, taught)["line_items"][0]
    assert (made.outcome, essay["title"]) == ("applied", "Essay")
    assert enter(desk, taught, 10).status_code == 200
    alone = read(desk, taught, line_item_id=essay["line_item_id"])
    assert ([each["title"] for each in alone["line_items"]], alone["version"]) == (["Essay"], 1)
    row = {"line_item_id": essay["line_item_id"], "student_id": taught.students[0], "score": "A"}
    headers = {"Idempotency-Key": str(uuid.uuid4()), "If-Match": '"1"'}
    put = desk.call(
        "PUT", path(taught), headers, params={"line_item_id": essay["line_item_id"]}, json={"results": [row]}
    )
    assert wrong_rows(put) == (422, [("results.0.score", "not-a-number")])
    nothing = desk.call("GET", path(taught), params={"line_item_id": str(uuid.uuid4())})
    assert (nothing.status_code, nothing.json()["error"]) == (404, "not-found")


def test_r13_many_line_items_are_read_by_as_many_statements_as_one(
    school: SchoolServer, taught: TaughtSection
) -> None:
    desk, asked = school.desk(), []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        asked.append(statement)

    event.listen(school.parts.database.engine, "before_cursor_execute", note)
    read(desk, taught)
    one = len(asked)
    items = [record(desk, "line_item", section_id=taught.section, title=f"Test {n}") for n in range(5)]
    assert {result.outcome for result in desk.push(*items)} == {"applied"}
    asked.clear()
    assert len(read(desk, taught)["line_items"]) == 6
    assert len(asked) == one
    event.remove(school.parts.database.engine, "before_cursor_execute", note)


def test_d2_who_may_only_read_enters_nothing(school: SchoolServer, taught: TaughtSection) -> None:
    viewer = school.desk(Role.VIEWER)
    assert read(viewer, taught)["version"] == 1
    assert enter(viewer, taught, 10).status_code == 403
    assert school.desk(Role.SUPPORT).call("GET", path(taught)).status_code == 403
