"""A request's story is found by those who may see it (R17), and numbers are there for Prometheus (R19)."""

import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from rollbook.contract.devices import DeskReport
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


def report() -> bytes:
    """What a computer says of itself."""
    return msgspec.json.encode(
        DeskReport(
            waiting=0,
            parked=0,
            conflicts=0,
            oldest_seconds=0,
            synced_seconds_ago=0,
            recovers=True,
            outstanding=(),
            version="1",
        )
    )


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
    assert story_of(support, "of-elsewhere-").status_code == 404
    assert story_of(own, "of-no-one-yet").status_code == 404
    anonymous = school.client.get("/api/v1/diagnostics/requests/of-one-person")
    assert anonymous.status_code == 401


def test_r17_an_entrys_id_and_what_belongs_to_it_are_found_at_once(
    logged: Path, school: SchoolServer
) -> None:
    desk = school.desk()
    mine = {"event": "request", "user_id": desk.session.user_id}
    write(
        logged,
        "server-1.log",
        mine | {"request_id": "request-1", "op_ids": ["another-entry", "wanted-entry"], "at": "1"},
        mine | {"request_id": "request-2", "op_ids": ["another-entry"], "at": "2"},
        mine | {"request_id": "request-3", "at": "3"},
    )
    assert [line["at"] for line in story_of(desk, "wanted-entry").json()["lines"]] == ["1"]
    path = "/api/v1/diagnostics/requests/wanted-entry"
    both = desk.call("GET", path, params={"also": "request-3,.*,request-9"}).json()["lines"]
    assert [line["at"] for line in both] == ["1", "3"]


def test_r17_a_file_that_is_rotated_while_it_is_looked_for_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "server-1.log", {"request_id": "wanted-1", "at": "2"})
    write(tmp_path, "server-1.log.1", {"request_id": "wanted-1", "at": "1"})
    opened = Path.open

    def rotating(file: Path, *arguments: Any) -> Any:
        monkeypatch.setattr(Path, "open", opened)
        (tmp_path / "server-1.log.1").rename(tmp_path / "server-1.log.2")
        (tmp_path / "server-1.log").rename(tmp_path / "server-1.log.1")
        write(tmp_path, "server-1.log", {"request_id": "wanted-1", "at": "3"})
        return file.open(*arguments)

    monkeypatch.setattr(Path, "open", rotating)
    assert [line["at"] for line in find_story(tmp_path, {"wanted-1"}).lines] == ["1", "2", "3"]


def test_r17_what_nobody_signed_is_told_to_the_school_whose_computer_sent_it(
    logged: Path, school: SchoolServer
) -> None:
    """Of several schools of one server: an ID that was chosen again opens nothing of another's."""
    stranger = SchoolServer(school.settings.database, logged.parent)
    try:
        ours, theirs = school.desk(Role.SUPPORT), stranger.desk(Role.SUPPORT)
        line = {"event": "request", "request_id": "of-no-one-yet", "status": 401}
        computers = {"ours": school.desk(), "theirs": stranger.desk()}
        for desk in computers.values():
            assert desk.call("POST", "/api/v1/sync/report", content=report()).status_code == 204
        lines = [
            line | {"at": at, "serving": at, "device": computers[at].device} for at in ("ours", "theirs")
        ]
        inside = {"event": "trouble", "request_id": "of-no-one-yet", "at": "z", "serving": "theirs"}
        write(logged, "server-1.log", *lines, inside, line | {"at": "nobody", "device": "unheard-of"})
        assert [each["at"] for each in story_of(ours, "of-no-one-yet").json()["lines"]] == ["ours"]
        assert [each["at"] for each in story_of(theirs, "of-no-one-yet").json()["lines"]] == ["theirs", "z"]
        computers["ours"].device = computers["theirs"].device  # it is the caller's to choose
        assert computers["ours"].call("POST", "/api/v1/sync/report", content=report()).status_code == 204
        assert "theirs" not in story_of(ours, "of-no-one-yet").text
    finally:
        stranger.close()


@pytest.mark.parametrize("request_id", ["..%2F..%2Fetc", "short", "x" * 65, "unknown-request"])
def test_r17_what_is_no_request_is_not_found(school: SchoolServer, request_id: str) -> None:
    answer = story_of(school.desk(Role.ADMINISTRATOR), request_id)
    assert (answer.status_code, answer.json()["error"]) == (404, "not-found")


def test_r17_the_search_is_bounded_and_says_so(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path, f"server-{number}.log", *({"request_id": "wanted", "n": n} for n in range(50)))
    story = find_story(tmp_path, {"wanted"}, most_bytes=2_000)
    assert not story.complete
    assert 0 < len(story.lines) < 250
    assert find_story(tmp_path, {"wanted"}).complete


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
        assert f'rollbook_feed_head{{school="{school.school_id}"}} 1.0' in told.splitlines()
    finally:
        open_one.close()
        closed.close()
