"""The log tells what happened, and nothing of anyone (R16, R18)."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from rollbook.domain.roles import Role
from rollbook.server import logs
from rollbook.server.settings import Settings
from support.kept_logs import logging_to
from support.school_server import SchoolServer
from support.server_process import PASSWORD

PLANTED = ("Zyxwvutia", "Qwertyopoulou", "zyx@planted.example", "6999999999")


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """The log as a worker writes it; the process's own logging is put back after."""
    with logging_to(tmp_path) as file:
        yield file


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_r18_one_line_for_each_request(log_file: Path, school: SchoolServer) -> None:
    desk = school.desk()
    create = desk.create(given_name="Eleni")
    headers = {"X-Request-ID": "request-one", "X-Rollbook-Action": "action-one"}
    from rollbook.contract.operations import operation_bytes, push_body

    desk.call("POST", "/api/v1/sync/push", headers, content=push_body([operation_bytes(create)]))
    [line] = [item for item in lines_of(log_file) if item.get("request_id") == "request-one"]
    assert line["event"] == "request"
    assert (line["method"], line["route"], line["status"]) == ("POST", "/api/v1/sync/push", 200)
    assert line["action_id"] == "action-one"
    assert line["op_ids"] == [create.op_id]
    assert line["user_id"] == desk.session.user_id
    assert line["device"] == desk.device
    assert line["at"].endswith("Z")


def test_r18_routes_are_templates(log_file: Path, school: SchoolServer) -> None:
    desk = school.desk()
    student_id = desk.student()
    desk.call("GET", f"/api/v1/students/{student_id}")
    desk.call("GET", "/a/path/with/Eleni/in/it")
    routes = [line["route"] for line in lines_of(log_file) if line["event"] == "request"]
    assert routes[-2:] == ["/api/v1/students/{student_id}", "unmatched"]
    assert student_id not in log_file.read_text(encoding="utf-8")
    assert "Eleni" not in log_file.read_text(encoding="utf-8")


def test_r18_no_planted_name_is_in_the_log(log_file: Path, school: SchoolServer) -> None:
    """Entered, refused, in conflict, searched for, in a URL, as a password, and through an exception."""
    given, family, email, phone = PLANTED
    desk = school.desk()
    student_id = desk.student(given_name=given, family_name=family, email=email, phone=phone)
    desk.push(desk.update(student_id, 1, phone=("wrong", phone + "1")))
    desk.push(desk.create(given_name=given, birth_date=f"{family}"))
    desk.push_bytes(f'{{"op_id":"12345678","kind":"{given}"}}'.encode())
    desk.call("GET", f"/api/v1/students?cursor={given}")
    desk.call("GET", "/api/v1/students", {"X-Request-ID": f"{given}\nforged"})
    school.client.post("/api/v1/auth/sign-in", json={"name": family, "password": given})

    def broken() -> None:
        raise sqlite3.IntegrityError(f"Key (family_name)=({family}) exists") from KeyError(given)

    def broken_sql() -> Any:
        return school.rows("SELECT :name FROM nowhere", name=given)

    school.app.add_api_route("/broken", broken)
    school.app.add_api_route("/broken-sql", broken_sql)
    assert school.client.get("/broken").status_code == 500
    assert school.client.get("/broken-sql").status_code == 500
    logging.getLogger("some.library").exception("It failed.", exc_info=ValueError(given))
    written = log_file.read_text(encoding="utf-8")
    assert "unforeseen" in written
    assert [name for name in (*PLANTED, PASSWORD) if name in written] == []
    assert all(json.loads(line) for line in written.splitlines())


def test_r18_an_unforeseen_error_is_told_by_type_and_place(log_file: Path, school: SchoolServer) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    school.app.add_api_route("/broken-place", broken)
    school.client.get("/broken-place", headers={"X-Request-ID": "request-broken"})
    [line] = [item for item in lines_of(log_file) if item["event"] == "unforeseen"]
    assert line["request_id"] == "request-broken"
    assert line["error_type"] == "builtins.ZeroDivisionError"
    assert any(frame.startswith("test_logs.py:") and frame.endswith(":broken") for frame in line["frames"])


def test_r18_a_value_that_json_does_not_know_does_not_break_the_log(log_file: Path) -> None:
    structlog.get_logger("rollbook.test").info("odd", value=object(), when=Path("x"))
    [line] = lines_of(log_file)
    assert line["value"] == "<object>"


def test_r18_each_worker_has_a_file_of_its_own(tmp_path: Path) -> None:
    settings = Settings(log_dir=str(tmp_path))
    files = [logs._free_file(settings) for _ in range(3)]
    assert [file.name for file in files if file] == ["server-1.log", "server-2.log", "server-3.log"]
    for lock in logs._held_locks:
        lock.release()
    logs._held_locks.clear()


def test_r18_the_log_is_rotated(log_file: Path, tmp_path: Path) -> None:
    handler = logs._rotating(tmp_path / "server-9.log", Settings(log_file_bytes=2048, log_files=2))
    for number in range(200):
        handler.emit(logging.LogRecord("x", logging.INFO, "f", 1, "y" * 100, (), None, str(number)))
    handler.close()
    sizes = [file.stat().st_size for file in tmp_path.glob("server-9.log*")]
    assert len(sizes) == 3
    assert max(sizes) <= 2048


def test_r14_a_request_id_that_another_school_used_too_opens_nothing_of_it(
    log_file: Path, school: SchoolServer, database: str, tmp_path: Path
) -> None:
    assert log_file.parent == Path(school.settings.log_dir)
    other = SchoolServer(database, tmp_path)
    try:
        theirs, mine = other.desk(), school.desk(Role.ADMINISTRATOR)
        for desk in (theirs, mine):
            named = {"X-Request-ID": "the-same-request", "X-Rollbook-Action": "the-same-action"}
            assert desk.call("GET", "/api/v1/students", headers=named).status_code == 200
            bad = {"name": theirs.session.user_name, "password": "wrong password"}
            other.client.post("/api/v1/auth/sign-in", json=bad, headers=named)
        for wanted in ("the-same-request", "the-same-action"):
            lines = mine.call("GET", f"/api/v1/diagnostics/requests/{wanted}").json()["lines"]
            # The sign-ins that were refused to nobody are the other school's: they are not told here either.
            assert {line.get("school_id") for line in lines} == {school.school_id}
            assert theirs.session.user_id not in {line.get("user_id") for line in lines}
            [line] = theirs.call("GET", f"/api/v1/diagnostics/requests/{wanted}").json()["lines"]
            assert line["user_id"] == theirs.session.user_id
    finally:
        other.close()
