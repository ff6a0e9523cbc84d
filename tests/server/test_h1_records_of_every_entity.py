"""The API of every entity, from its description: made, listed, found by what it names, broken (H1, S8)."""

import uuid
from typing import Any

from rollbook.contract.operations import Kind
from rollbook.domain.entity import EntityType
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import Role
from rollbook.server.records.forms import forms_of
from support.school_server import Desk, SchoolServer
from support.whole_school import least_values, one_of_each

WRITABLE = [entity for entity in ENTITIES.values() if entity.writable]


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def made(desk: Desk, plural: str, headers: dict[str, str] | None = None, **values: Any) -> Any:
    return desk.call("POST", f"/api/v1/{plural}", headers or key(), json={"values": values})


def problem(answer: Any) -> tuple[int, str, list[tuple[str, str]]]:
    said = answer.json()
    return answer.status_code, said["error"], [(each["field"], each["code"]) for each in said["errors"]]


def test_h1_each_entity_is_made_read_changed_listed_and_archived_by_its_address(school: SchoolServer) -> None:
    desk = school.desk(Role.ADMINISTRATOR)
    known = {"school_id": school.school_id}
    for entity in WRITABLE:
        if "merged_id" in entity.names:
            known["merged_id"] = desk.student(family_name="another")
        known[f"{entity.name}_id"] = whole_life_of(desk, entity, known)


def whole_life_of(desk: Desk, entity: EntityType, known: dict[str, str]) -> str:
    """Walks one record through all of its entity's addresses; gives the id of another that stays."""
    path, listed = f"/api/v1/{entity.plural}", forms_of(entity).listed
    values, headers = least_values(entity, known), key()
    answer = made(desk, entity.plural, headers, **values)
    assert answer.status_code == 201, (entity.name, answer.text)
    assert made(desk, entity.plural, headers, **values).json() == answer.json()
    where, tag = answer.headers["Location"], answer.headers["ETag"]
    assert where == f"{path}/{answer.json()['id']}"
    assert answer.json()["values"] == dict.fromkeys(entity.names) | values
    assert desk.call("GET", where).json() == answer.json()
    [shown] = desk.call("GET", path).json()[listed]
    assert shown == answer.json()
    changed = desk.call("PATCH", where, key() | {"If-Match": tag}, json={"values": values})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"1"')  # nothing differs
    assert desk.call("DELETE", where, key() | {"If-Match": tag}).status_code == 204
    assert desk.call("GET", path).json()[listed] == []
    history = desk.call("GET", f"{where}/history").json()["entries"]
    assert [entry["kind"] for entry in history] == ["create", "archive"]
    back = desk.create(shown["id"], **values)
    back = desk.operation(
        back.kind, shown["id"], changes=back.changes, entity=entity.name, base_version=2
    )  # who comes back is the same record (S16)
    [result] = desk.push(back)
    assert result.outcome == "applied", (entity.name, result)
    return str(shown["id"])


def test_h1_a_list_is_asked_by_what_its_records_name(school: SchoolServer) -> None:
    desk = school.desk()
    known = one_of_each(desk)
    other = desk.student(given_name="Other")
    for student in (known["student_id"], other):
        assert made(desk, "notes", student_id=student, text="Reads well.").status_code == 201
    found = desk.call("GET", "/api/v1/notes", params={"student_id": other}).json()["notes"]
    assert [note["values"]["student_id"] for note in found] == [other]
    both = {"student_id": [other, known["student_id"]]}
    assert len(desk.call("GET", "/api/v1/notes", params=both).json()["notes"]) == 3
    none = desk.call("GET", "/api/v1/notes", params={"student_id": str(uuid.uuid4())})
    assert (none.status_code, none.json()) == (200, {"notes": [], "next": None})
    marks = {"section_id": known["section_id"], "date": "2026-11-28"}
    assert len(desk.call("GET", "/api/v1/attendance-marks", params=marks).json()["attendance_marks"]) == 1
    before = marks | {"date": "2026-11-27"}
    assert desk.call("GET", "/api/v1/attendance-marks", params=before).json()["attendance_marks"] == []


def test_d4_a_filter_finds_what_names_a_record_by_another_of_its_ids(school: SchoolServer) -> None:
    desk = school.desk()
    student, alias = desk.student(), str(uuid.uuid4())
    note = made(desk, "notes", student_id=student, text="By the one id.").json()["id"]
    kind = desk.operation(Kind.ALIAS, student, base_version=1, alias=alias)
    assert desk.push(kind)[0].outcome == "applied"
    late = made(desk, "notes", student_id=alias, text="By the other.").json()["id"]
    for one in (student, alias):
        found = desk.call("GET", "/api/v1/notes", params={"student_id": one}).json()["notes"]
        assert {each["id"] for each in found} == {note, late}
    assert desk.call("GET", f"/api/v1/students/{alias}").json()["id"] == student
    assert desk.call("GET", f"/api/v1/students/{alias}/history").json()["entries"]


def test_h1_pages_of_a_filtered_list_hold_each_record_once(school: SchoolServer) -> None:
    desk = school.desk()
    student, other = desk.student(), desk.student()
    wanted = set()
    for number in range(5):
        made(desk, "notes", student_id=other, text=f"other {number}")
        wanted.add(made(desk, "notes", student_id=student, text=f"note {number}").json()["id"])
    seen: list[str] = []
    asked: dict[str, Any] = {"student_id": student, "limit": 2}
    while True:
        page = desk.call("GET", "/api/v1/notes", params=asked).json()
        seen += [note["id"] for note in page["notes"]]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert len(seen) == 5
    assert set(seen) == wanted


def test_h1_a_list_is_not_asked_by_what_it_cannot_tell(school: SchoolServer) -> None:
    """Passed over, a filter that there is not would give all records for some."""
    desk = school.desk()
    known = one_of_each(desk)
    cursor = desk.call("GET", "/api/v1/sections", params={"limit": 1})
    assert cursor.json()["next"] is None
    foreign = f"section:{known['section_id']}"
    asked: tuple[tuple[dict[str, Any], str], ...] = (
        ({"studnt_id": known["student_id"]}, "query"),
        ({"text": "Reads well."}, "query"),
        ({"student_id": "x"}, "student_id"),
        ({"student_id": ""}, "student_id"),
        ({"student_id": known["student_id"].upper()}, "student_id"),
        ({"student_id": "\x00"}, "student_id"),
        ({"student_id": [str(uuid.uuid4()) for _ in range(101)]}, "student_id"),
        ({"limit": 0}, "limit"),
        ({"archived": "perhaps"}, "archived"),
    )
    for params, at in asked:
        status, code, errors = problem(desk.call("GET", "/api/v1/notes", params=params))
        assert (status, code, [field for field, _code in errors]) == (422, "validation-failed", [at]), params
    for wrong in (foreign, "7", known["section_id"], "note:", "note:\x00", "n" * 5_000):
        answer = desk.call("GET", "/api/v1/notes", params={"cursor": wrong})
        assert (answer.status_code, answer.json()["error"]) == (422, "validation-failed"), wrong


WRONG: tuple[tuple[str, dict[str, Any], list[tuple[str, str]]], ...] = (
    ("sections", {"title": None}, [("title", "required")]),
    ("sections", {"title": " \u200b\x07"}, [("title", "control-character")]),
    ("sections", {"title": "1A", "capacity": "--5"}, [("capacity", "not-a-number")]),
    ("sections", {"title": "1A", "capacity": "²"}, [("capacity", "not-a-number")]),
    ("sections", {"title": "1A", "capacity": "9" * 5_000}, [("capacity", "not-a-number")]),
    ("sections", {"title": ["1A"]}, [("title", "wrong-type")]),
    (
        "sections",
        {"title": "1A", "class_type": "homeroom\u0301"},
        [("class_type", "not-a-choice")],
    ),
    ("sections", {"title": "1A", "room": "7"}, [("room", "unknown-field")]),
    ("sections", {"title": "1A", "course_id": str(uuid.uuid4())}, [("course_id", "no-such-record")]),
    ("sections", {"title": "1A", "course_id": {"id": []}}, [("course_id", "wrong-type")]),
    ("grade-scales", {"title": "x", "kind": "numeric", "minimum": "1e3"}, [("minimum", "not-a-number")]),
)


def test_h1_what_is_wrong_is_said_at_its_field(school: SchoolServer) -> None:
    desk = school.desk()
    for plural, values, errors in WRONG:
        answer = made(desk, plural, **values)
        assert problem(answer) == (422, "validation-failed", errors), values


def test_d7_text_is_composed_whatever_way_it_came(school: SchoolServer) -> None:
    desk = school.desk()
    answer = made(desk, "courses", title="Ge\u0301ome\u0301trie \U0001f4d0")
    assert answer.json()["values"]["title"] == "G\u00e9om\u00e9trie \U0001f4d0"
    lone = desk.call(
        "POST", "/api/v1/courses", key(), content=b'{"values": {"title": "\\ud800"}}'
    )  # half of a character
    assert lone.status_code in (400, 422)


def test_d3_a_record_may_name_an_archived_one_and_none_of_another_school(
    school: SchoolServer, database: str, tmp_path: Any
) -> None:
    desk = school.desk()
    course = made(desk, "courses", title="Geometry")
    gone = desk.call("DELETE", course.headers["Location"], key() | {"If-Match": '"1"'})
    assert gone.status_code == 204
    assert made(desk, "sections", title="1A", course_id=course.json()["id"]).status_code == 201
    other = SchoolServer(database, tmp_path)
    stranger = other.desk(Role.ADMINISTRATOR)
    named = made(stranger, "sections", title="1B", course_id=course.json()["id"])
    assert problem(named) == (422, "validation-failed", [("course_id", "no-such-record")])
    for method, body in (("GET", None), ("PATCH", {"values": {"title": "Mine"}}), ("DELETE", None)):
        headers = key() | {"If-Match": '"2"'}
        answer = stranger.call(method, course.headers["Location"], headers, json=body)
        assert (answer.status_code, answer.json()["error"]) == (404, "not-found")
    found = stranger.call("GET", "/api/v1/sections", params={"course_id": course.json()["id"]})
    assert found.json()["sections"] == []
    other.close()


def test_r4_a_body_of_ten_megabytes_is_refused_before_it_is_read(school: SchoolServer) -> None:
    answer = school.desk().call("POST", "/api/v1/notes", key(), content=b"x" * 10_000_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "body-too-large")


def test_s16_a_record_of_the_same_natural_key_is_told_and_leaves_no_trace(school: SchoolServer) -> None:
    desk = school.desk()
    known = one_of_each(desk)
    same = {"section_id": known["section_id"], "staff_id": known["staff_id"]}
    before = len(desk.changes().changes)
    answer = made(desk, "section-teachers", **same)
    assert (answer.status_code, answer.json()["error"]) == (409, "already-exists")
    assert len(desk.changes().changes) == before
    assert school.rows("SELECT count(*) FROM alias WHERE school_id = :school")[0][0] == 0


def test_h1_the_school_itself_is_read_and_not_written(school: SchoolServer) -> None:
    desk = school.desk(Role.ADMINISTRATOR)
    [shown] = desk.call("GET", "/api/v1/schools").json()["schools"]
    assert (shown["id"], shown["values"]["name"]) == (school.school_id, school.school_name)
    assert desk.call("GET", f"/api/v1/schools/{school.school_id}").json() == shown
    assert desk.call("POST", "/api/v1/schools", key(), json={"values": {}}).status_code == 405
