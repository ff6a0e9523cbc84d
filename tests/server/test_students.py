"""Record by record: the same service as a push, with keys and entity tags (S8)."""

import uuid
from typing import Any

import pytest

from rollbook.domain.roles import Role
from support.school_server import Desk, SchoolServer

PATH = "/api/v1/students"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def register(desk: Desk, headers: dict[str, str] | None = None, **values: Any) -> Any:
    return desk.call("POST", PATH, headers or key(), json={"values": values})


def test_s8_register_read_change_archive(school: SchoolServer) -> None:
    desk = school.desk()
    made = register(desk, given_name=" Eleni ", student_number="007")
    assert made.status_code == 201
    where, tag = made.headers["Location"], made.headers["ETag"]
    assert (made.json()["values"]["given_name"], tag) == ("Eleni", '"1"')
    assert desk.call("GET", where).json() == made.json()
    changed = desk.call("PATCH", where, key() | {"If-Match": tag}, json={"values": {"phone": "1"}})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    gone = desk.call("DELETE", where, key() | {"If-Match": '"2"'})
    assert (gone.status_code, gone.content) == (204, b"")
    assert desk.call("GET", where).json()["deleted_at"]
    assert desk.call("GET", PATH).json()["students"] == []
    assert len(desk.call("GET", f"{PATH}?archived=true").json()["students"]) == 1


def test_s7_the_same_key_again_is_the_same_student(school: SchoolServer) -> None:
    desk, headers = school.desk(), key()
    first = register(desk, headers, given_name="Eleni")
    again = register(desk, headers, given_name="Eleni")
    assert (again.status_code, again.json()) == (201, first.json())
    other = register(desk, headers, given_name="Maria")
    assert (other.status_code, other.json()["error"]) == (422, "idempotency-mismatch")
    assert len(desk.call("GET", PATH).json()["students"]) == 1


def test_s7_a_key_is_needed_for_every_write(school: SchoolServer) -> None:
    desk = school.desk()
    where = register(desk, given_name="Eleni").headers["Location"]
    for method, path, body in (
        ("POST", PATH, {"values": {}}),
        ("PATCH", where, {"values": {}}),
        ("DELETE", where, None),
    ):
        answer = desk.call(method, path, {"If-Match": '"1"'}, json=body)
        assert (answer.status_code, answer.json()["error"]) == (428, "idempotency-key-missing")
    bad = desk.call("POST", PATH, {"Idempotency-Key": "has spaces in it"}, json={"values": {}})
    assert (bad.status_code, bad.json()["error"]) == (400, "malformed-request")


@pytest.mark.parametrize("tag", ['"1"', '"99"', "*", 'W/"2"', "2", ""])
def test_s8_if_match_is_strict(school: SchoolServer, tag: str) -> None:
    desk = school.desk()
    where = register(desk, given_name="Eleni", phone="1").headers["Location"]
    desk.call("PATCH", where, key() | {"If-Match": '"1"'}, json={"values": {"phone": "2"}})
    late = desk.call("PATCH", where, key() | {"If-Match": tag}, json={"values": {"email": "e@example.org"}})
    assert (late.status_code, late.json()["error"]) == (412, "version-mismatch")
    assert desk.call("GET", where).json()["values"]["email"] is None


def test_s13_without_if_match_what_was_seen_decides(school: SchoolServer) -> None:
    desk = school.desk()
    where = register(desk, given_name="Eleni", phone="1").headers["Location"]
    desk.call("PATCH", where, key() | {"If-Match": '"1"'}, json={"values": {"phone": "2"}})
    blind = desk.call("PATCH", where, key(), json={"values": {"email": "e@example.org"}})
    assert blind.status_code == 422
    assert {item["field"] for item in blind.json()["errors"]} == {"base_version", "had.email"}
    seen = {"values": {"email": "e@example.org"}, "had": {"email": None}, "base_version": 1}
    assert desk.call("PATCH", where, key(), json=seen).status_code == 200
    clash = {"values": {"phone": "3"}, "had": {"phone": "1"}, "base_version": 1}
    answer = desk.call("PATCH", where, key(), json=clash)
    assert (answer.status_code, answer.json()["error"]) == (409, "edit-conflict")
    assert [item["field"] for item in answer.json()["errors"]] == ["phone"]


def test_s8_single_calls_and_pushes_are_in_one_feed_and_one_history(school: SchoolServer) -> None:
    desk = school.desk()
    student_id = register(desk, given_name="Eleni").json()["id"]
    desk.push(desk.update(student_id, 1, phone=(None, "1")))
    assert [change.version for change in desk.changes().changes[1:]] == [1, 2]
    history = desk.call("GET", f"{PATH}/{student_id}/history?limit=1").json()
    assert [entry["version"] for entry in history["entries"]] == [1]
    rest = desk.call("GET", f"{PATH}/{student_id}/history", params={"cursor": history["next"]}).json()
    assert [entry["version"] for entry in rest["entries"]] == [2]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"given_name": "E", "birth_date": "2014-02-31"}, 422, "validation-failed"),
        ({"given_name": "E", "hat_size": "7"}, 422, "validation-failed"),
        ({"given_name": "E", "student_number": "taken"}, 409, "student-number-taken"),
    ],
)
def test_s8_a_refused_call_is_the_operations_own_problem(
    school: SchoolServer, values: dict[str, Any], status: int, code: str
) -> None:
    desk = school.desk()
    register(desk, given_name="M", student_number="taken")
    answer = register(desk, **values)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["errors"]


def test_s8_an_id_that_is_used_is_409(school: SchoolServer) -> None:
    desk = school.desk()
    taken = register(desk, given_name="Eleni").json()["id"]
    answer = desk.call("POST", PATH, key(), json={"id": taken, "values": {"given_name": "Eleni"}})
    assert (answer.status_code, answer.json()["error"]) == (409, "already-exists")


def test_a_list_is_paged_by_cursor_and_holds_each_once(school: SchoolServer) -> None:
    desk = school.desk()
    ids = {desk.student(given_name=f"G{number}") for number in range(7)}
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = desk.call("GET", PATH, params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["id"] for item in page["students"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == 7
    assert set(seen) == ids
    assert desk.call("GET", PATH, params={"cursor": "x"}).status_code == 422


@pytest.mark.parametrize(("role", "reads", "writes"), [(Role.VIEWER, 200, 403), (Role.SUPPORT, 403, 403)])
def test_roles_decide_what_may_be_read_and_written(
    school: SchoolServer, role: Role, reads: int, writes: int
) -> None:
    desk = school.desk(role)
    assert desk.call("GET", PATH).status_code == reads
    assert register(desk, given_name="Eleni").status_code == writes


def test_r10_the_dashboard_counts_and_no_data_is_not_a_failure(school: SchoolServer) -> None:
    desk = school.desk()
    empty = desk.call("GET", "/api/v1/dashboard").json()["parts"]
    assert (empty["students"]["status"], empty["students"]["data"]) == ("ok", {"count": 0})
    for grade in ("1", "1", None):
        desk.student(grade_level=grade)
    gone = desk.student(grade_level="2")
    desk.push(desk.archive(gone, 1))
    parts = desk.call("GET", "/api/v1/dashboard").json()["parts"]
    assert parts["students"]["data"] == {"count": 3}
    counts = {item["grade_level"]: item["count"] for item in parts["grade_levels"]["data"]}
    assert counts == {"1": 2, None: 1}
