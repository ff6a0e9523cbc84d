"""An administrator erases a person on request: out of every table, in the trail, told by the feed (D3)."""

import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from rollbook.contract.erasure import ERASED
from rollbook.contract.feed import Change
from rollbook.contract.operations import FieldChange, Kind, Operation
from rollbook.domain.erasure import PERSONS
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import Role
from rollbook.server.sync.sums import is_right
from rollbook.server.tables import metadata
from support.school_server import Desk, SchoolServer

NAME = "Xanthippe-Quiteunique"


def made(desk: Desk, entity: str, **values: Any) -> str:
    """A record at the school; gives its id."""
    changes = {name: FieldChange(None, value) for name, value in values.items()}
    operation = desk.operation(Kind.CREATE, str(uuid.uuid4()), entity=entity, changes=changes)
    [result] = desk.push(operation)
    assert result.outcome == "applied", result
    return operation.entity_id


def everything_of(desk: Desk, name: str = NAME) -> dict[str, str]:
    """A student with a history, a contact of their own, one shared with a sister, and records about them."""
    student = desk.student(given_name=name, family_name="Katz", student_number="0815")
    [result] = desk.push(desk.update(student, 1, email=(None, f"{name}@example.org")))
    assert result.outcome == "applied"
    sister = desk.student(given_name="Sister", family_name="Katz")
    own = made(desk, "contact", given_name=name, family_name="Mother")
    shared = made(desk, "contact", given_name="Shared", family_name="Father")
    for child, contact in ((student, own), (student, shared), (sister, shared)):
        made(desk, "student_contact", student_id=child, contact_id=contact)
    made(desk, "care", student_id=student, medical=f"{name} has asthma")
    made(desk, "enrolment", student_id=student, entry_date="2026-09-01")
    note = made(desk, "note", student_id=student, text=f"{name} sang")
    return {"student": student, "sister": sister, "own": own, "shared": shared, "note": note}


def erase(administrator: Desk, student: str, **more: Any) -> Any:
    """Ask for it."""
    body = {"person": {"entity": "student", "id": student}, "confirm": "0815", "reason": "Asked in writing."}
    return administrator.call("POST", "/api/v1/erasures", json=body | more)


def texts(school: SchoolServer) -> list[str]:
    """All that any table holds, as text."""
    found = []
    for table in metadata.tables.values():
        for row in school.rows(f'SELECT * FROM "{table.name}"'):
            found += [
                value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in row
            ]
    return found


def _as_text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def test_d3_each_reference_to_a_person_says_that_the_record_is_about_them() -> None:
    references = [spec for entity in ENTITIES.values() for spec in entity.references]
    assert set(PERSONS) == {"student", "contact"}
    assert all(spec.about for spec in references if spec.refers_to in PERSONS)


def test_d3_nothing_is_left_of_a_person_in_any_table(school: SchoolServer) -> None:
    desk, administrator = school.desk(), school.desk(Role.ADMINISTRATOR)
    of = everything_of(desk)
    asked = {"person": {"entity": "student", "id": of["student"]}}
    seen = administrator.call("POST", "/api/v1/erasures/preview", json=asked)
    assert seen.status_code == 200, seen.text
    assert seen.json()["records"] == {
        "student": 1,
        "student_contact": 2,
        "care": 1,
        "enrolment": 1,
        "note": 1,
    }
    [alone] = seen.json()["left_alone"]
    assert (alone["entity"], alone["id"]) == ("contact", of["own"])
    answer = erase(administrator, of["student"], also=[{"entity": "contact", "id": of["own"]}])
    assert answer.status_code == 200, answer.text
    assert answer.json()["records"] == {**seen.json()["records"], "contact": 1}
    assert [text for text in texts(school) if "quiteunique" in text.casefold()] == []
    assert school.student(of["sister"])["given_name"] == "Sister"
    assert [row.id for row in school.rows("SELECT id FROM contact WHERE school_id = :school")] == [
        of["shared"]
    ]
    assert school.parts.database.read(lambda connection: is_right(connection, school.school_id))


def test_d3_the_trail_tells_who_and_why_and_nothing_of_the_person(school: SchoolServer) -> None:
    of, administrator = everything_of(school.desk()), school.desk(Role.ADMINISTRATOR)
    assert erase(administrator, of["student"]).status_code == 200
    [entry] = administrator.call("GET", "/api/v1/audit").json()["entries"]
    assert (entry["what"], entry["by"]) == ("erased", administrator.session.user_name)
    assert (entry["subject"], entry["detail"]) == (f"student {of['student']}", "Asked in writing.")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"confirm": "Eleni"}, "confirm"),
        ({"reason": " "}, "reason"),
        ({"reason": f"{NAME.lower()} asked"}, "reason"),
    ],
)
def test_d3_what_is_not_confirmed_or_names_the_person_is_refused(
    school: SchoolServer, more: dict[str, Any], field: str
) -> None:
    of, administrator = everything_of(school.desk()), school.desk(Role.ADMINISTRATOR)
    answer = erase(administrator, of["student"], **more)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert school.student(of["student"])["given_name"] == NAME


def test_d3_the_feed_tells_ids_alone_also_to_who_reads_nothing_and_cursors_hold(school: SchoolServer) -> None:
    desk, administrator = school.desk(), school.desk(Role.ADMINISTRATOR)
    of = everything_of(desk)
    before = desk.changes()
    erase(administrator, of["student"], also=[{"entity": "contact", "id": of["own"]}])
    news = desk.changes(before.cursor).changes
    assert {(change.entity, change.id) for change in news} >= {(ERASED, of["student"]), (ERASED, of["note"])}
    assert {change.id for change in news[:2]} == {
        of["student"],
        of["own"],
    }  # people first: the rest falls with them
    told = {change.id for change in school.desk(Role.SUPPORT).changes().changes if change.entity == ERASED}
    assert told >= {of["student"], of["note"]}
    whole = desk.changes().changes
    assert {change.entity for change in whole if change.id == of["student"]} == {ERASED}
    assert NAME not in str(whole)


def late(desk: Desk, of: dict[str, str]) -> list[Operation]:
    """Entries that come too late: of the person, of a record about them, and of new ones."""
    mark = {"student_id": FieldChange(None, of["student"]), "text": FieldChange(None, "late")}
    return [
        desk.update(of["student"], 2, email=(None, "late@example.org")),
        desk.create(of["student"], given_name="Again"),
        desk.operation(
            Kind.UPDATE, of["note"], entity="note", base_version=1, changes={"text": FieldChange("", "x")}
        ),
        desk.operation(Kind.CREATE, str(uuid.uuid4()), entity="note", changes=mark),
    ]


def test_d3_late_entries_are_refused_for_ever_and_a_new_registration_is_taken(school: SchoolServer) -> None:
    desk, administrator = school.desk(), school.desk(Role.ADMINISTRATOR)
    of = everything_of(desk)
    applied = desk.create(given_name="Nikos")
    desk.push(applied)
    erase(administrator, of["student"])
    results = desk.push(*late(desk, of))
    assert [result.problem.error for result in results if result.problem] == ["erased"] * 4
    assert [result.problem.status for result in results if result.problem] == [410] * 4
    [again] = desk.push(applied)
    assert again.outcome == "duplicate"
    anew = desk.student(given_name=NAME, student_number="0815")  # who comes back is a new record
    assert school.student(anew)["student_number"] == "0815"
    assert erase(administrator, of["student"]).status_code == 410


def test_d3_an_alias_of_the_person_goes_with_them(school: SchoolServer) -> None:
    desk, administrator = school.desk(), school.desk(Role.ADMINISTRATOR)
    student, other = desk.student(given_name=NAME, student_number="0815"), str(uuid.uuid4())
    [result] = desk.push(desk.operation(Kind.ALIAS, student, base_version=1, alias=other))
    assert result.outcome == "applied"
    assert erase(administrator, other).status_code == 200
    [result] = desk.push(desk.update(other, 1, email=(None, "late@example.org")))
    assert result.problem is not None
    assert result.problem.error == "erased"


def test_d3_only_an_administrator_erases(school: SchoolServer) -> None:
    of = everything_of(school.desk())
    for role in set(Role) - {Role.ADMINISTRATOR}:
        assert erase(school.desk(role), of["student"]).status_code == 403


def test_d3_after_a_restore_the_list_outside_erases_again(school: SchoolServer) -> None:
    desk, administrator = school.desk(), school.desk(Role.ADMINISTRATOR)
    of = everything_of(desk)
    erase(administrator, of["student"])
    brought_back(school, of["student"])
    school.parts.erasures.assert_again()
    assert [text for text in texts(school) if "Brought back" in text] == []
    entries = administrator.call("GET", "/api/v1/audit").json()["entries"]
    assert [entry["what"] for entry in entries] == ["erased-again", "erased"]
    school.parts.erasures.assert_again()
    assert len(administrator.call("GET", "/api/v1/audit").json()["entries"]) == 2


def test_d3_a_computer_that_knows_tells_a_server_that_was_put_back(school: SchoolServer) -> None:
    desk, administrator = school.desk(), school.desk(Role.ADMINISTRATOR)
    of = everything_of(desk)
    erase(administrator, of["student"])
    [told] = desk.call("GET", "/api/v1/sync/erased").json()["erased"]
    brought_back(school, of["student"])
    forged = Change(ERASED, of["sister"], 1, {"entity": "student"}, deleted=True, seal=told["seal"])
    body = {"erased": [told, msgspec.to_builtins(forged)]}
    assert desk.call("POST", "/api/v1/recovery/erased", json=body).status_code == 204
    assert [row.id for row in school.rows("SELECT id FROM student WHERE school_id = :school")] == [
        of["sister"]
    ]


def brought_back(school: SchoolServer, student: str) -> None:
    """As an older backup would have it: the person is there, and nothing tells of the erasure."""

    def put(connection: Any) -> None:
        mine = {"school": school.school_id, "id": student}
        connection.execute(text("DELETE FROM erased WHERE school_id = :school"), mine)
        connection.execute(
            text(
                "INSERT INTO student (school_id, id, version, given_name, created_at, created_by, "
                "updated_at, updated_by) VALUES (:school, :id, 1, 'Brought back', '', '', '', '')"
            ),
            mine,
        )

    school.write(put)


def test_d3_no_byte_is_left_in_the_servers_files(school: SchoolServer, tmp_path: Path) -> None:
    of, administrator = everything_of(school.desk(), "Bytewise-Quitealone"), school.desk(Role.ADMINISTRATOR)
    asked = [{"entity": "contact", "id": of["own"]}]
    assert erase(administrator, of["student"], also=asked).status_code == 200
    assert school.rows("SELECT count(*) FROM erased WHERE scrubbed = 0")[0][0] == 0
    engine, folders = school.parts.database.engine, [tmp_path]
    folders += [Path(str(engine.url.database)).parent] if engine.dialect.name == "sqlite" else []
    for folder in folders:
        for each in folder.rglob("*"):
            assert not each.is_file() or b"Bytewise" not in each.read_bytes(), each


def test_d3_merged_records_are_told_apart_before_one_is_erased(school: SchoolServer) -> None:
    desk, administrator = school.desk(), school.desk(Role.ADMINISTRATOR)
    of = everything_of(desk)
    merge = made(desk, "merge", kept_id=of["student"], merged_id=of["sister"])
    for student in (of["student"], of["sister"]):
        answer = erase(administrator, student)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "person")
    [apart] = desk.push(desk.operation(Kind.ARCHIVE, merge, entity="merge", base_version=1))
    assert apart.outcome == "applied"
    assert erase(administrator, of["student"]).status_code == 200
    assert school.student(of["sister"])["given_name"] == "Sister"
