"""Entries on what was withdrawn are kept for a registrar, each once, and decided as S13 says (S23)."""

import uuid
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from rollbook.contract.operations import Operation, operation_bytes
from rollbook.domain.roles import Role
from rollbook.server.tables import proposal
from server.test_scope import set_role
from support.school_server import Desk, SchoolServer

PATH = "/api/v1/sync/proposals"


def hand_over(desk: Desk, *operations: Operation) -> list[dict[str, Any]]:
    raw = [msgspec.Raw(operation_bytes(operation)) for operation in operations]
    answer = desk.call("POST", PATH, content=msgspec.json.encode({"operations": raw}))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def proposals(desk: Desk, **params: Any) -> list[dict[str, Any]]:
    answer = desk.call("GET", PATH, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["proposals"]
    return found


def decide(desk: Desk, number: int, how: str, **decision: Any) -> Any:
    return desk.call("POST", f"{PATH}/{number}/{how}", json=decision)


def history(school: SchoolServer, record: str) -> list[Any]:
    return school.rows(
        'SELECT version, "by", op_id FROM history WHERE school_id = :school AND entity_id = :record '
        "ORDER BY version",
        record=record,
    )


@pytest.fixture
def owner(school: SchoolServer) -> Desk:
    """One who was a registrar and may only read now."""
    desk = school.desk()
    set_role(school, desk, Role.VIEWER)
    return desk


def test_s23_a_proposal_is_kept_once_by_its_id_and_bytes(school: SchoolServer, owner: Desk) -> None:
    registrar = school.desk()
    first, second = owner.create(given_name="Eleni"), owner.create(given_name="Nikos")
    assert [item["outcome"] for item in hand_over(owner, first, second, first)] == ["taken"] * 3
    assert [item["outcome"] for item in hand_over(owner, first)] == ["taken"]
    [other] = hand_over(owner, msgspec.structs.replace(first, entity_id=str(uuid.uuid4())))
    assert (other["outcome"], other["problem"]["error"]) == ("refused", "idempotency-mismatch")
    kept = proposals(registrar)
    assert [item["op_id"] for item in kept] == [first.op_id, second.op_id]
    assert [item["number"] for item in kept] == [1, 2]
    assert kept[0]["owner"] == owner.session.user_name
    assert kept[0]["changes"] == {"given_name": {"had": None, "value": "Eleni"}}


def test_s23_what_had_reached_the_school_is_told_so(school: SchoolServer) -> None:
    desk = school.desk()
    create = desk.create(given_name="Eleni")
    desk.push(create)
    set_role(school, desk, Role.VIEWER)
    [result] = hand_over(desk, create)
    assert (result["outcome"], result["version"]) == ("applied", 1)
    assert proposals(school.desk()) == []


def test_s23_what_the_role_allows_is_no_proposal(school: SchoolServer) -> None:
    desk = school.desk()
    [result] = hand_over(desk, desk.create(given_name="Eleni"))
    assert (result["outcome"], result["problem"]["error"]) == ("refused", "still-allowed")


@pytest.mark.parametrize("role", [Role.TEACHER, Role.VIEWER, Role.SUPPORT])
def test_s23_only_who_may_decide_sees_proposals(school: SchoolServer, owner: Desk, role: Role) -> None:
    hand_over(owner, owner.create(given_name="Eleni"))
    desk = school.desk(role)
    for answer in (
        desk.call("GET", PATH),
        desk.call("GET", f"{PATH}/1"),
        decide(desk, 1, "accept"),
        decide(desk, 1, "decline"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert desk.server.client.get(PATH).status_code == 401


def test_s23_a_proposal_of_another_school_is_not_found(
    school: SchoolServer, owner: Desk, database: str, tmp_path: Any
) -> None:
    hand_over(owner, owner.create(given_name="Eleni"))
    other = SchoolServer(database, tmp_path / "other")
    try:
        stranger = other.desk()
        assert proposals(stranger) == []
        assert decide(stranger, 1, "accept").status_code == 404
    finally:
        other.close()


def test_s23_accepted_it_is_applied_with_both_named_and_its_owner_told(
    school: SchoolServer, owner: Desk
) -> None:
    registrar = school.desk()
    student = registrar.student(phone="1")
    edit = owner.update(student, 1, phone=("1", "2"))
    hand_over(owner, edit)
    cursor = owner.changes().cursor
    [before] = proposals(registrar)
    assert before["now"] == {"phone": "1"}
    for _ in range(2):  # the second asks again, as after a lost answer
        answer = decide(registrar, 1, "accept", note="Thank you")
        assert (answer.status_code, answer.json()["state"]) == (200, "accepted"), answer.text
    assert [row.version for row in history(school, student)] == [1, 2]
    [_, applied] = history(school, student)
    assert registrar.session.user_name in applied.by
    assert owner.session.user_name in applied.by
    told = {change.entity: change for change in owner.changes(cursor).changes}
    assert told["student"].values["phone"] == "2"  # type: ignore[index]
    assert told["proposal"].id == edit.op_id
    assert told["proposal"].values == {"state": "accepted", "note": "Thank you"}
    assert "proposal" not in {change.entity for change in registrar.changes().changes}
    late = decide(registrar, 1, "decline")
    assert (late.status_code, late.json()["error"]) == (409, "already-decided")


def test_s23_a_late_push_of_the_same_bytes_is_a_duplicate(school: SchoolServer, owner: Desk) -> None:
    registrar, create = school.desk(), owner.create(given_name="Eleni")
    hand_over(owner, create)
    decide(registrar, 1, "accept")
    assert [result.outcome for result in owner.push(create)] == ["duplicate"]
    assert len(history(school, create.entity_id)) == 1


def test_s23_declined_nothing_is_applied(school: SchoolServer, owner: Desk) -> None:
    registrar = school.desk()
    create = owner.create(given_name="Eleni")
    hand_over(owner, create)
    assert decide(registrar, 1, "decline", note="Not ours").json()["state"] == "declined"
    assert history(school, create.entity_id) == []
    assert proposals(registrar, state="open") == []
    assert [item["note"] for item in proposals(registrar, state="declined")] == ["Not ours"]
    assert [item["outcome"] for item in hand_over(owner, create)] == ["taken"]
    assert len(proposals(registrar)) == 1


def test_s13_a_field_that_others_changed_asks_the_registrar(school: SchoolServer, owner: Desk) -> None:
    registrar = school.desk()
    student = registrar.student(phone="1", homeroom="5A")
    hand_over(owner, owner.update(student, 1, phone=("1", "2"), homeroom=("5A", "5B")))
    registrar.push(registrar.update(student, 1, phone=("1", "3")))
    answer = decide(registrar, 1, "accept")
    assert (answer.status_code, answer.json()["error"]) == (409, "edit-conflict")
    assert [item["field"] for item in answer.json()["errors"]] == ["phone"]
    assert "3" not in answer.json()["errors"][0]["message"]
    assert [row.version for row in history(school, student)] == [1, 2]
    incomplete = decide(registrar, 1, "accept", choices={"homeroom": "mine"})
    assert (incomplete.status_code, incomplete.json()["error"]) == (422, "validation-failed")
    assert decide(registrar, 1, "accept", choices={"phone": "theirs"}).status_code == 200
    values = registrar.call("GET", f"/api/v1/students/{student}").json()["values"]
    assert (values["phone"], values["homeroom"]) == ("3", "5B")


def test_s13_the_registrar_may_choose_the_proposals_value(school: SchoolServer, owner: Desk) -> None:
    registrar = school.desk()
    student = registrar.student(phone="1")
    hand_over(owner, owner.update(student, 1, phone=("1", "2")))
    registrar.push(registrar.update(student, 1, phone=("1", "3")))
    assert decide(registrar, 1, "accept", choices={"phone": "mine"}).status_code == 200
    assert registrar.call("GET", f"/api/v1/students/{student}").json()["values"]["phone"] == "2"


def test_s15_an_archive_against_an_edit_asks_the_registrar(school: SchoolServer, owner: Desk) -> None:
    registrar = school.desk()
    student = registrar.student(phone="1")
    hand_over(owner, owner.archive(student, 1))
    registrar.push(registrar.update(student, 1, phone=("1", "3")))
    assert decide(registrar, 1, "accept").status_code == 409
    assert decide(registrar, 1, "accept", choices={"record": "mine"}).status_code == 200
    assert registrar.call("GET", f"/api/v1/students/{student}").json()["deleted_at"]


def test_s4_an_edit_of_an_unaccepted_create_cannot_be_accepted_first(
    school: SchoolServer, owner: Desk
) -> None:
    registrar, create = school.desk(), owner.create(given_name="Eleni")
    edit = owner.update(create.entity_id, 0, phone=(None, "2"))
    hand_over(owner, create, edit)
    assert decide(registrar, 2, "accept").json()["error"] == "not-found"
    assert decide(registrar, 1, "accept").status_code == 200
    assert decide(registrar, 2, "accept").status_code == 200
    assert len(history(school, create.entity_id)) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"operations":[1]}',
        b'{"operations":[{"op_id":"x"}]}',
        b'{"operations":[],"reason":"a\\u0000"}',
    ],
)
def test_r15_what_is_no_proposal_is_refused_in_words(school: SchoolServer, owner: Desk, body: bytes) -> None:
    answer = owner.call("POST", PATH, content=body)
    if answer.status_code == 200:
        [result] = answer.json()["results"]
        assert result["outcome"] == "refused"
        assert result["problem"]["error"] in ("validation-failed", "malformed-request")
    else:
        assert answer.status_code == 422


def test_s23_set_role_is_a_command_of_the_server(
    school: SchoolServer, capsys: pytest.CaptureFixture[str]
) -> None:
    from rollbook.server.__main__ import main

    desk = school.desk()
    common = ["--database", school.settings.database, "--school", school.school_name]
    assert main(["set-role", desk.session.user_name.upper(), "--role", "viewer", *common]) == 0
    assert "is now viewer" in capsys.readouterr().err
    assert "scope" in {change.entity for change in desk.changes().changes}
    assert main(["set-role", desk.session.user_name, "--role", "viewer", *common]) == 0
    assert "was already" in capsys.readouterr().err
    assert main(["set-role", "nobody", "--role", "viewer", *common]) == 1
    assert "There is no user" in capsys.readouterr().err


def test_s23_what_the_registrar_has_comes_by_no_other_way_when_the_right_is_back(
    school: SchoolServer, owner: Desk
) -> None:
    """Found by a history: bytes of a cut attempt arrived late, and the registrar declined what was there."""
    registrar = school.desk()
    waits, declined = owner.create(given_name="Eleni"), owner.create(given_name="Nikos")
    hand_over(owner, waits, declined)
    first, second = (item["number"] for item in proposals(registrar))
    assert decide(registrar, second, "decline").status_code == 200
    set_role(school, owner, Role.REGISTRAR)
    for result in owner.push(waits, declined):
        assert result.problem is not None
        assert (result.outcome, result.problem.error) == ("rejected", "with-the-registrar")
    assert school.rows("SELECT 1 FROM student WHERE school_id = :school") == []
    assert decide(registrar, first, "accept").status_code == 200
    [again] = owner.push(waits)
    assert again.outcome == "duplicate"


def test_s23_what_had_reached_the_school_all_the_same_is_not_declined(
    school: SchoolServer, owner: Desk
) -> None:
    registrar = school.desk()
    waits = owner.create(given_name="Eleni")
    hand_over(owner, waits)
    [number] = [item["number"] for item in proposals(registrar)]
    school.write(lambda connection: connection.execute(update(proposal).values(state="accepted")))
    set_role(school, owner, Role.REGISTRAR)
    owner.push(waits)  # as at a push that had begun before the entry was handed over
    school.write(lambda connection: connection.execute(update(proposal).values(state="open")))
    answer = decide(registrar, number, "decline")
    assert (answer.status_code, answer.json()["error"]) == (409, "already-decided")
    assert decide(registrar, number, "accept").status_code == 200
    assert len(school.rows("SELECT 1 FROM history WHERE school_id = :school")) == 1
