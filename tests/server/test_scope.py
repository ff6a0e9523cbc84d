"""A page of the feed holds what its reader may see; a change of role is an entry for one user (S23)."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from rollbook.contract.feed import Change
from rollbook.contract.scope import change_of
from rollbook.domain import scope as scopes
from rollbook.domain.roles import Role
from rollbook.domain.scope import Act, Scope, as_text, from_text, scopes_of_role
from rollbook.server.auth import accounts
from rollbook.server.auth.caller import Callers
from support.school_server import Desk, SchoolServer


def set_role(school: SchoolServer, desk: Desk, role: Role) -> bool:
    def change(connection: Connection) -> bool:
        user_id = desk.session.user_id
        return accounts.change_role(connection, school.clock, user_id, school.school_id, role)

    changed: bool = school.write(change)
    return changed


def whole_feed(desk: Desk, limit: int = 2) -> list[Change]:
    seen, cursor = [], "0"
    while True:
        page = desk.changes(cursor, limit=limit)
        seen += page.changes
        if not page.more:
            return seen
        assert page.cursor != cursor
        cursor = page.cursor


@pytest.mark.parametrize(
    ("role", "entities"),
    [
        (Role.VIEWER, {"school", "student"}),
        (Role.TEACHER, {"school", "student"}),
        (Role.SUPPORT, {"school"}),
    ],
)
def test_s23_a_page_holds_what_the_role_may_see_and_its_cursor_goes_past_the_rest(
    school: SchoolServer, role: Role, entities: set[str]
) -> None:
    writer, reader = school.desk(), school.desk(role)
    for number in range(5):
        writer.student(given_name=f"G{number}")
    assert {change.entity for change in whole_feed(reader)} == entities
    page = reader.changes()
    assert (page.position, page.head, page.more) == (6, 6, False)


def test_s23_a_change_of_role_is_an_entry_for_that_user_alone(school: SchoolServer) -> None:
    other, desk = school.desk(), school.desk(Role.VIEWER)
    cursor = desk.changes().cursor
    assert set_role(school, desk, Role.REGISTRAR)
    assert not set_role(school, desk, Role.REGISTRAR)
    [entry] = desk.changes(cursor).changes
    change = change_of(entry)
    assert change is not None
    assert (change.version, change.role, entry.id) == (1, "registrar", desk.session.user_id)
    assert from_text(change.scopes) == scopes_of_role("registrar")
    assert from_text(change.scopes) >= {
        Scope(Act.READ, "school"),
        Scope(Act.READ, "student"),
        Scope(Act.WRITE, "student"),
    }
    page = other.changes(cursor)
    assert (page.changes, page.more, page.position) == ([], False, 2)


def test_s23_the_entry_and_the_role_are_one_transaction(school: SchoolServer) -> None:
    desk = school.desk(Role.VIEWER)
    user_id = desk.session.user_id

    def change_and_fail(connection: Connection) -> None:
        accounts.change_role(connection, school.clock, user_id, school.school_id, Role.REGISTRAR)
        raise KeyError

    with pytest.raises(KeyError):
        school.write(change_and_fail)
    rows = school.rows("SELECT role, scope_version FROM membership WHERE user_id = :user", user=user_id)
    assert rows == [("viewer", 0)]
    assert desk.changes().head == 1
    set_role(school, desk, Role.SUPPORT)
    set_role(school, desk, Role.VIEWER)
    versions = [change.version for change in desk.changes().changes if change.entity == "scope"]
    assert versions == [1, 2]


def test_s23_a_narrower_scope_is_one_more_kind(school: SchoolServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the predicate is new: pages and pushes are scoped by it."""
    monkeypatch.setitem(
        scopes.PREDICATES, "homeroom", lambda arguments, _id, values: values.get("homeroom") in arguments
    )
    narrow = frozenset(Scope(act, "student", "homeroom", ("5A",)) for act in Act)
    writer, teacher = school.desk(), school.desk(Role.TEACHER)
    mine = writer.student(homeroom="5A")
    other = writer.student(homeroom="5B")
    caller = Callers.caller

    def of_a_class(self: Any, authorization: str | None, school_id: str | None) -> Any:
        found = caller(self, authorization, school_id)
        return replace(found, narrowed_to=narrow) if found.user_id == teacher.session.user_id else found

    monkeypatch.setattr(Callers, "caller", of_a_class)
    assert [change.id for change in teacher.changes().changes] == [mine]
    results = teacher.push(
        teacher.update(mine, 1, phone=(None, "1")),
        teacher.update(other, 1, phone=(None, "1")),
        teacher.create(homeroom="5B", given_name="A"),
        teacher.create(homeroom="5A", given_name="A"),
    )
    assert [result.outcome for result in results] == ["applied", "rejected", "rejected", "applied"]


def test_s23_scopes_travel_as_words_and_what_is_unknown_is_passed_over() -> None:
    some = {Scope(Act.READ, "student"), Scope(Act.WRITE, "student", "homeroom", ("5A", "5B"))}
    assert from_text(as_text(some)) == some
    assert from_text([["audit", "student", "every"], ["read", "school", "every"]]) == {
        Scope(Act.READ, "school")
    }
    assert not Scope(Act.READ, "student", "a kind of later").covers("1", {})


def snapshot(desk: Desk, **params: Any) -> Any:
    return desk.call("GET", "/api/v1/sync/snapshot/student", params=params)


def test_s23_a_snapshot_is_scoped_as_the_feed_is(school: SchoolServer) -> None:
    school.desk().student()
    viewer, support = school.desk(Role.VIEWER), school.desk(Role.SUPPORT)
    plans = {
        "viewer": viewer.call("GET", "/api/v1/sync/snapshot").json(),
        "support": support.call("GET", "/api/v1/sync/snapshot").json(),
    }
    told = {name: {table["entity"] for table in plan["tables"]} for name, plan in plans.items()}
    seen_by_viewers = {scope.entity for scope in scopes_of_role("viewer") if scope.act is Act.READ}
    assert {"school", "student"} <= seen_by_viewers
    assert "care" not in seen_by_viewers  # health is for few
    assert told == {"viewer": seen_by_viewers, "support": {"school"}}
    assert (snapshot(viewer).status_code, snapshot(support).status_code) == (200, 403)


def test_s23_no_record_is_read_behind_the_askers_cursor(school: SchoolServer) -> None:
    desk = school.desk()
    student = desk.student()
    cursor = desk.changes().cursor
    assert [row[0] for row in snapshot(desk, known=cursor).json()["rows"]] == [student]
    position = int(cursor.partition(".")[0])
    for unknown in (f"{position + 1}.abcdef", f"{position}.abcdef", "x"):
        answer = snapshot(desk, known=unknown)
        assert (answer.status_code, answer.json()["error"]) == (410, "cursor-unknown")


def test_s23_a_narrow_snapshot_goes_on_past_what_is_not_meant(
    school: SchoolServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        scopes.PREDICATES, "homeroom", lambda arguments, _id, values: values.get("homeroom") in arguments
    )
    narrow = frozenset({Scope(Act.READ, "student", "homeroom", ("5A",))})
    writer, teacher = school.desk(), school.desk(Role.TEACHER)
    ids = [writer.student(homeroom="5A" if number % 4 == 0 else "5B") for number in range(12)]
    caller = Callers.caller
    monkeypatch.setattr(Callers, "caller", lambda *asked: replace(caller(*asked), narrowed_to=narrow))
    found, after, more = [], "", True
    while more:
        page = snapshot(teacher, after=after, limit=2).json()
        found += [row[0] for row in page["rows"]]
        after, more = found[-1], page["more"]
    assert found == sorted(ids[::4])
