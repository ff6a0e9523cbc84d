"""A request's story is found by those who may see it (R17), and numbers are there for Prometheus (R19)."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from rollbook.domain.roles import Role
from rollbook.server.diagnostics.story import find_story
from support.school_server import Desk, SchoolServer


@pytest.fixture
def logged(school: SchoolServer) -> Path:
    """The log folder of the school's server, to be written into."""
    folder = Path(school.settings.log_dir)
    folder.mkdir(parents=True)
    return folder


def write(folder: Path, name: str, *lines: dict[str, Any]) -> None:
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def metrics_of(school: SchoolServer, **headers: str) -> httpx.Response:
    return school.client.get(
        "/metrics", headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def story_of(desk: Desk, request_id: str) -> Any:
    return desk.call("GET", f"/api/v1/diagnostics/requests/{request_id}")


def test_r17_the_lines_of_all_workers_are_found(logged: Path, school: SchoolServer) -> None:
    desk = school.desk(Role.ADMINISTRATOR)
    request = {"event": "request", "request_id": "wanted-request", "school_id": school.school_id}
    write(logged, "server-1.log", request | {"at": "2"}, {"event": "x", "request_id": "other-request"})
    trouble = {"event": "trouble", "request_id": "wanted-request", "school_id": school.school_id}
    write(logged, "server-2.log.1", trouble | {"at": "1"})
    answer = story_of(desk, "wanted-request")
    assert answer.status_code == 200
    assert [line["event"] for line in answer.json()["lines"]] == ["trouble", "request"]
    assert answer.json()["complete"] is True


def test_r17_an_actions_id_finds_all_of_its_requests(logged: Path, school: SchoolServer) -> None:
    desk = school.desk()
    both = {"event": "request", "action_id": "wanted-action", "user_id": desk.session.user_id}
    write(logged, "server-1.log", both | {"request_id": "request-1"}, both | {"request_id": "request-2"})
    lines = story_of(desk, "wanted-action").json()["lines"]
    assert [line["request_id"] for line in lines] == ["request-1", "request-2"]


def test_r14_diagnostics_are_not_open_to_all(logged: Path, school: SchoolServer) -> None:
    own, other = school.desk(), school.desk()
    write(
        logged,
        "server-1.log",
        {
            "event": "request",
            "request_id": "of-one-person",
            "user_id": own.session.user_id,
            "school_id": school.school_id,
        },
        {"event": "request", "request_id": "of-elsewhere-", "user_id": "x", "school_id": "another school"},
        {"event": "request", "request_id": "of-no-one-yet"},
    )
    assert story_of(own, "of-one-person").status_code == 200
    assert story_of(other, "of-one-person").status_code == 404
    support = school.desk(Role.SUPPORT)
    assert story_of(support, "of-one-person").status_code == 200
    assert story_of(support, "of-no-one-yet").status_code == 200
    assert story_of(support, "of-elsewhere-").status_code == 404
    assert story_of(own, "of-no-one-yet").status_code == 404
    anonymous = school.client.get("/api/v1/diagnostics/requests/of-one-person")
    assert anonymous.status_code == 401


@pytest.mark.parametrize("request_id", ["..%2F..%2Fetc", "short", "x" * 65, "unknown-request"])
def test_r17_what_is_no_request_is_not_found(school: SchoolServer, request_id: str) -> None:
    answer = story_of(school.desk(Role.ADMINISTRATOR), request_id)
    assert (answer.status_code, answer.json()["error"]) == (404, "not-found")


def test_r17_the_search_is_bounded_and_says_so(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path, f"server-{number}.log", *({"request_id": "wanted", "n": n} for n in range(50)))
    story = find_story(tmp_path, "wanted", most_bytes=2_000)
    assert not story.complete
    assert 0 < len(story.lines) < 250
    assert find_story(tmp_path, "wanted").complete


def test_r19_metrics_count_by_template_status_and_code(school: SchoolServer) -> None:
    desk = school.desk()
    desk.push(desk.create(given_name="Eleni"), desk.create(birth_date="x"))
    desk.call("GET", "/api/v1/students/unknown")
    page = metrics_of(school)
    assert page.headers["content-type"].startswith("text/plain")
    lines = page.text.splitlines()
    assert (
        'rollbook_requests_total{method="GET",route="/api/v1/students/{student_id}",status="404"} 1.0'
        in lines
    )
    assert 'rollbook_problems_total{code="not-found",route="/api/v1/students/{student_id}"} 1.0' in lines
    assert 'rollbook_push_operations_total{code="",outcome="applied"} 1.0' in lines
    assert 'rollbook_push_operations_total{code="validation-failed",outcome="rejected"} 1.0' in lines
    assert any(line.startswith("rollbook_feed_head ") for line in lines)
    assert "school=" not in page.text
    assert any(line.startswith("rollbook_request_seconds_bucket{") for line in lines)
    assert any(line.startswith("rollbook_database_connections{") for line in lines)


def test_r14_a_sign_in_is_seen_where_the_user_belongs(logged: Path, school: SchoolServer) -> None:
    own, support = school.desk(), school.desk(Role.SUPPORT)
    stranger = SchoolServer(school.settings.database, logged.parent)
    try:
        theirs = stranger.desk(Role.SUPPORT)
        line = {
            "event": "request",
            "request_id": "signing-in",
            "serving": "1",
            "user_id": own.session.user_id,
        }
        write(logged, "server-1.log", line, {"event": "slow", "request_id": "signing-in", "serving": "1"})
        assert len(story_of(support, "signing-in").json()["lines"]) == 2
        assert story_of(theirs, "signing-in").status_code == 404
    finally:
        stranger.close()


def test_r19_metrics_are_for_this_computer_unless_a_setting_says_else(
    school: SchoolServer, database: str, tmp_path: Path
) -> None:
    assert metrics_of(school).status_code == 200
    passed_on = metrics_of(school, X_Forwarded_For="127.0.0.1")
    assert (passed_on.status_code, passed_on.json()["error"]) == (403, "forbidden")
    open_one = SchoolServer(database, tmp_path / "open", metrics_open=1)
    closed = SchoolServer(database, tmp_path / "closed", metrics_token="a token")
    try:
        page = metrics_of(open_one, X_Forwarded_For="192.0.2.1")
        assert page.status_code == 200
        assert "school=" not in page.text
        for shown in ({}, {"Authorization": "Bearer a tokem"}, {"Authorization": "a token"}):
            assert metrics_of(closed, **shown).status_code == 401
        told = metrics_of(closed, Authorization="Bearer a token", X_Forwarded_For="192.0.2.1").text
        assert f'rollbook_feed_head{{school="{school.school_id}"}} 1' in told.splitlines()
    finally:
        open_one.close()
        closed.close()
