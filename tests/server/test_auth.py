"""Signing in: tokens, rotation, throttling, rights that end at once (S12, R15)."""

import json
from typing import Any

import jwt
import pytest
from sqlalchemy import Connection

from rollbook.domain.roles import Role
from rollbook.server.auth import accounts
from rollbook.server.auth.passwords import Passwords
from rollbook.server.auth.repository import new_password
from rollbook.server.auth.service import AuthService
from support.school_server import Desk, SchoolServer
from support.server_process import PASSWORD


def sign_in(school: SchoolServer, name: str, password: str = PASSWORD) -> Any:
    return school.client.post("/api/v1/auth/sign-in", json={"name": name, "password": password})


def refresh(desk: Desk, token: str, device: str | None = None) -> Any:
    headers = {"X-Rollbook-Device": device} if device else {}
    return desk.call("POST", "/api/v1/auth/refresh", headers, json={"refresh_token": token})


def test_a_session_tells_who_and_where(school: SchoolServer) -> None:
    name = school.user(Role.TEACHER)
    session = sign_in(school, f"  {name.upper()} ").json()
    assert session["user_name"] == name
    assert session["expires_in"] == 900
    assert session["memberships"] == [
        {"school_id": school.school_id, "school_name": school.school_name, "role": "teacher"}
    ]


@pytest.mark.parametrize("password", ["wrong password", "", PASSWORD + " ", "x" * 5000])
def test_a_wrong_password_and_an_unknown_name_look_the_same(school: SchoolServer, password: str) -> None:
    known, unknown = sign_in(school, school.user(), password), sign_in(school, "nobody at all", password)
    for answer in (known, unknown):
        assert (answer.status_code, answer.json()["error"]) == (401, "wrong-credentials")
    assert known.json()["title"] == unknown.json()["title"]


def test_passwords_are_kept_as_argon2id(school: SchoolServer) -> None:
    school.user()
    kept = {row[0] for row in school.rows("SELECT password_hash FROM app_user")}
    assert all(text.startswith("$argon2id$") for text in kept)
    assert PASSWORD not in "".join(kept)


def test_a_hash_of_another_cost_is_renewed_at_the_sign_in(school: SchoolServer) -> None:
    name = school.user()
    dearer = Passwords(type(school.settings)(argon2_time_cost=2, argon2_memory_kib=64, argon2_parallelism=1))
    school.rows("SELECT 1")
    hashed = dearer.hash(PASSWORD)
    school.write(lambda connection: _set_hash(connection, name, hashed))
    assert sign_in(school, name).status_code == 200
    [(kept,)] = school.rows("SELECT password_hash FROM app_user WHERE name = :name", name=name)
    assert kept != hashed
    assert sign_in(school, name).status_code == 200


def test_r15_too_many_failures_are_429_with_retry_after(school: SchoolServer) -> None:
    name = school.user()
    for _ in range(school.settings.sign_in_attempts):
        assert sign_in(school, name, "wrong password").status_code == 401
    answer = sign_in(school, name)
    assert (answer.status_code, answer.json()["error"]) == (429, "too-many-requests")
    assert int(answer.headers["Retry-After"]) > 0
    school.clock.advance(school.settings.sign_in_window_seconds + 1)
    assert sign_in(school, name).status_code == 200


def test_a_sign_in_that_works_ends_the_count_of_its_name(school: SchoolServer) -> None:
    name = school.user()
    for _ in range(3):
        for _ in range(school.settings.sign_in_attempts - 1):
            sign_in(school, name, "wrong password")
        assert sign_in(school, name).status_code == 200


def test_an_access_token_ends(school: SchoolServer) -> None:
    desk = school.desk()
    assert desk.call("GET", "/api/v1/sync/changes").status_code == 200
    school.clock.advance(901)
    answer = desk.call("GET", "/api/v1/sync/changes")
    assert (answer.status_code, answer.json()["error"]) == (401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_of_another_making_is_refused(school: SchoolServer) -> None:
    desk = school.desk()
    claims = jwt.decode(desk.session.access_token, options={"verify_signature": False})
    forged = jwt.encode(claims, b"x" * 32, algorithm="HS256")
    unsigned = jwt.encode(claims, None, algorithm="none")
    for token in (forged, unsigned, "nonsense", ""):
        answer = desk.call("GET", "/api/v1/sync/changes", {"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


def test_a_refresh_token_is_used_up(school: SchoolServer) -> None:
    desk = school.desk()
    first = desk.session.refresh_token
    second = refresh(desk, first).json()
    assert second["refresh_token"] != first
    school.clock.advance(901)
    third = refresh(desk, second["refresh_token"])
    assert third.status_code == 200
    token = {"Authorization": f"Bearer {third.json()['access_token']}"}
    assert desk.call("GET", "/api/v1/sync/changes", token).status_code == 200


def test_a_refresh_whose_answer_was_lost_is_repeated_by_the_same_computer(school: SchoolServer) -> None:
    desk = school.desk()
    refresh(desk, desk.session.refresh_token)
    school.clock.advance(29)
    again = refresh(desk, desk.session.refresh_token)
    assert again.status_code == 200
    assert refresh(desk, again.json()["refresh_token"]).status_code == 200


def test_s12_a_refresh_whose_answer_was_lost_is_repeated_after_a_long_time_without_a_network(
    school: SchoolServer,
) -> None:
    """Found by a history: the answer was cut, the network away for minutes, and the password asked for."""
    desk = school.desk()
    used = desk.session.refresh_token
    for _cut in range(2):
        assert refresh(desk, used).status_code == 200  # the answer does not arrive
        school.clock.advance(86_400)
    again = refresh(desk, used).json()["refresh_token"]
    assert refresh(desk, again).status_code == 200


@pytest.mark.parametrize(("seconds", "device"), [(31, None), (5, "another-computer")])
def test_a_refresh_token_used_twice_ends_its_family(
    school: SchoolServer, seconds: float, device: str | None
) -> None:
    desk = school.desk()
    used = desk.session.refresh_token
    fresh = refresh(desk, used).json()["refresh_token"]
    if device is None:
        fresh = refresh(desk, fresh).json()["refresh_token"]  # so the first answer had come
    school.clock.advance(seconds)
    stolen = refresh(desk, used, device)
    assert (stolen.status_code, stolen.json()["error"]) == (401, "not-signed-in")
    assert refresh(desk, fresh).status_code == 401


def test_a_copied_refresh_token_is_noticed_when_its_computer_comes_back(school: SchoolServer) -> None:
    desk = school.desk()
    copied = desk.session.refresh_token
    fresh = refresh(desk, copied).json()["refresh_token"]
    school.clock.advance(31)
    stolen = refresh(desk, copied)  # as if the first answer had been lost
    assert stolen.status_code == 200
    school.clock.advance(31)
    held = refresh(desk, fresh)
    assert held.status_code == 200
    assert refresh(desk, stolen.json()["refresh_token"]).status_code == 401
    assert refresh(desk, held.json()["refresh_token"]).status_code == 401  # now somebody must sign in


def test_s12_a_renewal_that_arrives_late_signs_nobody_out(school: SchoolServer) -> None:
    """Found by an attack: a proxy had kept the request, and the second try had long gone well."""
    desk = school.desk()
    used = desk.session.refresh_token
    held = refresh(desk, used).json()["refresh_token"]
    school.clock.advance(60)
    assert refresh(desk, used).status_code == 200  # nobody reads this answer
    for _renewal in range(3):
        school.clock.advance(901)
        answer = refresh(desk, held)
        assert answer.status_code == 200
        held = answer.json()["refresh_token"]


def test_signing_out_ends_the_family_and_can_be_repeated(school: SchoolServer) -> None:
    desk = school.desk()
    body = {"refresh_token": desk.session.refresh_token}
    for _ in range(2):
        assert desk.call("POST", "/api/v1/auth/sign-out", json=body).status_code == 204
    assert refresh(desk, desk.session.refresh_token).status_code == 401


def test_a_withdrawn_right_ends_at_once(school: SchoolServer) -> None:
    desk = school.desk()
    school.write(lambda connection: _close_account(connection, desk.session.user_id))
    assert desk.call("GET", "/api/v1/sync/changes").status_code == 401
    assert refresh(desk, desk.session.refresh_token).status_code == 401


def test_r15_a_name_that_no_database_takes_is_a_wrong_name(school: SchoolServer) -> None:
    assert sign_in(school, "nul\x00byte").status_code == 401


def _set_hash(connection: Any, name: str, hashed: str) -> None:
    from rollbook.server.auth.repository import keep_password_hash, user_by_name

    user = user_by_name(connection, name)
    assert user is not None
    keep_password_hash(connection, user.id, hashed)


def _close_account(connection: Any, user_id: str) -> None:
    from sqlalchemy import update

    from rollbook.server.tables import app_user

    connection.execute(update(app_user).where(app_user.c.id == user_id).values(disabled_at="2026"))


def test_s12_a_new_password_ends_every_session_of_the_user(school: SchoolServer) -> None:
    name = school.user(Role.REGISTRAR)
    first, second, other = school.desk(name=name), school.desk(name=name), school.desk()
    renewed = refresh(second, second.session.refresh_token).json()
    hashed = Passwords(school.settings).hash("another long password")
    school.write(lambda connection: accounts.make_user(connection, school.clock, school.new_id, name, hashed))
    for desk in (first, second):
        assert desk.call("GET", "/api/v1/sync/changes").status_code == 401
    assert refresh(first, first.session.refresh_token).status_code == 401
    assert refresh(second, renewed["refresh_token"]).status_code == 401
    assert other.call("GET", "/api/v1/sync/changes").status_code == 200
    assert refresh(other, other.session.refresh_token).status_code == 200
    assert sign_in(school, name).status_code == 401
    again = sign_in(school, name, "another long password")
    assert again.status_code == 200
    assert refresh(first, again.json()["refresh_token"]).status_code == 200


def test_s12_a_session_begun_while_the_password_is_changed_ends_with_it(school: SchoolServer) -> None:
    name = school.user(Role.REGISTRAR)
    begin = AuthService._begin

    def changed_before_it(self: Any, connection: Connection, user: Any, *rest: Any) -> Any:
        new_password(connection, user.id, user.password_hash)
        return begin(self, connection, user, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AuthService, "_begin", changed_before_it)
        session = sign_in(school, name).json()
    token = {"Authorization": f"Bearer {session['access_token']}"}
    assert school.client.get("/api/v1/sync/changes", headers=token).status_code == 401


@pytest.mark.parametrize("device", ["a\x00b", "x" * 1_000_000, "two words", "\ud800"])
def test_r15_what_is_no_computers_id_is_refused_at_the_sign_in(school: SchoolServer, device: str) -> None:
    body = json.dumps({"name": school.user(), "password": PASSWORD, "device": device})
    answer = school.client.post(
        "/api/v1/auth/sign-in", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    if device != "\ud800":
        assert [error["field"] for error in answer.json()["errors"]] == ["device"]
