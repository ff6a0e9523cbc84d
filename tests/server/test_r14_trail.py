"""An administrator ends a lost computer's sessions at once, and sees what was done to accounts (R14, S30)."""

import io
from typing import Any

import pytest

from rollbook.domain.roles import Role
from rollbook.server.__main__ import main
from support.school_server import Desk, SchoolServer


def refreshed(desk: Desk) -> int:
    body = {"refresh_token": desk.session.refresh_token}
    return int(desk.call("POST", "/api/v1/auth/refresh", json=body).status_code)


def reads(desk: Desk) -> int:
    return int(desk.call("GET", "/api/v1/students").status_code)


def trail(desk: Desk, **params: Any) -> list[dict[str, Any]]:
    answer = desk.call("GET", "/api/v1/audit", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def test_s30_a_revoked_computer_is_out_at_once_and_others_stay(school: SchoolServer) -> None:
    administrator, lost, other = school.desk(Role.ADMINISTRATOR), school.desk(), school.desk()
    same_user = school.desk(name=lost.session.user_name)
    assert (reads(lost), reads(same_user)) == (200, 200)
    answer = administrator.call("POST", f"/api/v1/devices/{lost.device}/revoke")
    assert (answer.status_code, answer.json()) == (200, {"tokens": 1})
    assert (reads(lost), refreshed(lost)) == (401, 401)  # the access token too, which had minutes to live
    assert [reads(desk) for desk in (same_user, other, administrator)] == [200] * 3
    [entry] = trail(administrator)
    assert (entry["what"], entry["subject"]) == ("computer-revoked", lost.device)
    assert entry["by"] == administrator.session.user_name
    assert entry["request_id"] == answer.headers["x-request-id"]
    again = administrator.call("POST", f"/api/v1/devices/{lost.device}/revoke")
    assert again.json() == {"tokens": 0}
    assert len(trail(administrator)) == 1
    back = school.desk(name=lost.session.user_name)  # with the password, the person is in again
    assert reads(back) == 200


def test_s30_one_school_revokes_nobody_of_another(school: SchoolServer, tmp_path: Any) -> None:
    elsewhere = SchoolServer(school.settings.database, tmp_path)
    try:
        stranger = elsewhere.desk()
        answer = school.desk(Role.ADMINISTRATOR).call("POST", f"/api/v1/devices/{stranger.device}/revoke")
        assert answer.json() == {"tokens": 0}
        assert reads(stranger) == 200
        assert trail(elsewhere.desk(Role.ADMINISTRATOR)) == []
    finally:
        elsewhere.close()


def test_r14_signing_out_ends_the_access_token_too(school: SchoolServer) -> None:
    desk = school.desk()
    desk.call("POST", "/api/v1/auth/sign-out", json={"refresh_token": desk.session.refresh_token})
    assert reads(desk) == 401


def test_r14_the_trail_is_read_page_by_page_the_latest_first(school: SchoolServer) -> None:
    administrator = school.desk(Role.ADMINISTRATOR)
    for desk in (school.desk(), school.desk(), school.desk()):
        administrator.call("POST", f"/api/v1/devices/{desk.device}/revoke")
    first = administrator.call("GET", "/api/v1/audit", params={"limit": 2}).json()
    second = administrator.call("GET", "/api/v1/audit", params={"before": first["next"]}).json()
    numbers = [entry["number"] for page in (first, second) for entry in page["entries"]]
    assert (len(numbers), numbers, second["next"]) == (3, sorted(numbers, reverse=True), None)


def test_r14_the_servers_commands_leave_their_trail(
    school: SchoolServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ["--database", school.settings.database, "--school", school.school_name]
    name = f"ada-{school.school_id}"
    for role, command in (("registrar", "create-user"), ("viewer", "set-role"), ("viewer", "set-role")):
        arguments = [command, name, "--role", role, *where]
        monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
        assert main([*arguments, "--password-stdin"] if command == "create-user" else arguments) == 0
    desk = school.desk()
    assert main(["devices", "--revoke", desk.device, *where]) == 0
    assert main(["devices", "--revoke", "nobody's", *where]) != 0
    capsys.readouterr()
    assert main(["audit", *where]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[:1]] == ["WHEN"]
    deeds = ("computer-revoked", "role-changed", "account-made")  # and the second set-role changed nothing
    assert [deed for line in said[1:] for deed in deeds if deed in line] == list(deeds)
    assert "at the server" in said[1]


def test_r14_no_entry_of_the_trail_is_ever_changed_by_a_later_one(school: SchoolServer) -> None:
    administrator = school.desk(Role.ADMINISTRATOR)
    administrator.call("POST", f"/api/v1/devices/{school.desk().device}/revoke")
    before = trail(administrator)
    administrator.call("POST", f"/api/v1/devices/{school.desk().device}/revoke")
    assert trail(administrator)[1:] == before
