"""Entering goes on whatever becomes of the session or the server; what needs a password is said (S12)."""

from pathlib import Path

import pytest

from support.command_line import Said
from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess

NEW = "a new and longer password"
NEEDED = "The password of registrar is needed before anything is sent"


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    """A server that each test starts and ends."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    monkeypatch.setenv("ROLLBOOK_RETRY_BASE_SECONDS", "0.01")
    server = ServerProcess(tmp_path / "server")
    server.create_user()
    return server


def connect(line: InProcessLine, school: ServerProcess, password: str, user: str = "registrar") -> Said:
    return line.run("connect", school.url, "--user", user, "--password-stdin", stdin=f"{password}\n")


def names(line: InProcessLine) -> list[str]:
    return [each["given_name"] for each in line.run("students", "list").data["students"]]


def test_s12_a_session_that_the_server_ended_takes_entries_and_says_that_a_password_is_needed(
    school: ServerProcess, tmp_path: Path
) -> None:
    line = InProcessLine(tmp_path / "desk")
    with school:
        assert connect(line, school, PASSWORD).data["reached"] is True
        line.run("sync")
        school.create_user(password=NEW)  # which ends all sessions
        ended = line.say("sync")
        assert (ended.code, NEEDED in ended.out) == (3, True)
        assert "by itself" not in ended.err
        added = line.say("students", "add", "given_name=Eleni")
        assert (added.code, NEEDED in added.err) == (3, True)
        assert f"rollbookctl connect {school.url} --user registrar" in added.err
        assert names(line) == ["Eleni"]
        status = line.run("status").data
        assert (status["connection"], status["locked"], status["queued"]) == ("signed_out", False, 1)
        assert NEEDED in line.say("status").out
        assert connect(line, school, NEW).code == 0
        assert line.run("sync").data["up_to_date"] is True
        other = InProcessLine(tmp_path / "other")
        connect(other, school, NEW)
        other.run("sync")
        assert names(other) == ["Eleni"]


def test_s12_without_the_server_the_last_password_opens_and_no_other(
    school: ServerProcess, tmp_path: Path
) -> None:
    line = InProcessLine(tmp_path / "desk")
    with school:
        connect(line, school, PASSWORD)
        line.run("sync")
        school.stop()
        away = line.say("students", "add", "given_name=Eleni")
        assert (away.code, "password" in away.err) == (3, False)  # the session is as it was
        again = connect(line, school, PASSWORD)
        assert (again.code, again.data["user"], again.data["reached"]) == (3, "registrar", False)
        assert line.run("status").data["connection"] == "offline"
        line.run("sign-out")
        locked = line.say("students", "list")
        assert (locked.code, "You are signed out" in locked.err) == (1, True)
        assert f"rollbookctl connect {school.url} --user registrar" in locked.err
        wrong = connect(line, school, "not the password")
        assert (wrong.code, "not the password that was last used" in wrong.err) == (1, True)
        assert line.say("students", "list").code == 1
        stranger = connect(line, school, PASSWORD, user="nobody")
        assert (stranger.code, "last used" in stranger.err) == (1, False)
        assert connect(line, school, PASSWORD).code == 3
        assert line.run("students", "add", "given_name=Nikos").code == 3
        status = line.say("status")
        assert (status.code, NEEDED in status.out) == (3, True)
        school.start()
        assert connect(line, school, PASSWORD).code == 0
        assert line.run("sync").data["up_to_date"] is True
        assert sorted(names(line)) == ["Eleni", "Nikos"]
