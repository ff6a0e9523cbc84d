"""A registrar reads who wants what changed, since when, and what to do; twice decided is no error (S23)."""

import re
from pathlib import Path

import pytest

from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess

ROW = re.compile(r"^(\d+)  +(.*?)  +(.*?)  +owner  +(\d\d \w{3} \d{4}, \d\d:\d\d)  (.*)$")


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    """Its proposals are numbered from 1."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    server = ServerProcess(tmp_path / "server")
    for name in ("registrar", "second", "owner"):
        server.create_user(name)
    return server


def desk(server: ServerProcess, folder: Path, user: str) -> InProcessLine:
    line = InProcessLine(folder)
    said = line.run("connect", server.url, "--user", user, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert said.code == 0, said.err
    assert line.run("sync").code == 0
    return line


def hand_over(server: ServerProcess, owner: InProcessLine, registrar: InProcessLine) -> str:
    """A new student, and a phone that the school changed meanwhile; gives the ID of that student."""
    student: str = owner.run("students", "add", "given_name=Eleni", "phone=1").data["id"]
    owner.run("sync")
    registrar.run("sync")
    server.command("set-role", "owner", "--role", "support")
    owner.run("students", "add", "given_name=Nikos")
    owner.run("students", "set", student, "phone=2")
    registrar.run("students", "set", student, "phone=3")
    registrar.run("sync")
    assert owner.run("sync").data["handed_over"] == 2
    return student


def test_s23_proposals_are_told_in_a_registrars_words(own_server: ServerProcess, tmp_path: Path) -> None:
    with own_server as server:
        registrar = desk(server, tmp_path / "registrar", "registrar")
        second = desk(server, tmp_path / "second", "second")
        owner = desk(server, tmp_path / "owner", "owner")
        student = hand_over(server, owner, registrar)
        told = registrar.say("status")
        assert (told.code, "2 proposals wait for your decision" in told.out) == (0, True)
        _told_in_words(registrar, student)
        _decided_twice(registrar, second)
        second.run("sync")
        assert "1 proposal waits for your decision" in second.say("status").out
        mine = owner.say("proposals", "list")
        assert (mine.code, "decided by a registrar" in mine.err, "rollbookctl status" in mine.err) == (
            1,
            True,
            True,
        )


def _told_in_words(registrar: InProcessLine, student: str) -> None:
    listed = registrar.say("proposals", "list")
    _headings, *lines = listed.out.splitlines()
    rows = [found.groups() for found in map(ROW.match, lines) if found]
    assert [(number, whose, what, state) for number, whose, what, _at, state in rows] == [
        ("1", "Nikos", "new: given_name: Nikos", "waits for a decision"),
        ("2", "Eleni", "change: phone: 1 → 2", "waits for a decision"),
    ]
    assert "rollbookctl proposals show NUMBER" in listed.err
    shown = registrar.say("proposals", "show", "2").out
    assert "Proposal 2: change of Eleni" in shown
    assert re.search(r"phone +1 +2 +3\b", shown)  # what its owner saw, what was entered, what the school has
    assert "rollbookctl proposals accept 2 phone=mine" in shown
    assert 'rollbookctl proposals decline 2 --note "why"' in shown
    plain = registrar.run("proposals", "list").data["proposals"][1]
    assert (plain["entity_id"], plain["changes"]) == (student, {"phone": {"had": "1", "value": "2"}})
    unknown = registrar.say("proposals", "show", "99")
    assert (unknown.code, "no such proposal" in unknown.err) == (1, True)


def _decided_twice(registrar: InProcessLine, second: InProcessLine) -> None:
    asked = registrar.say("proposals", "accept", "2")
    assert (asked.code, "phone=theirs" in asked.err) == (1, True)
    first = registrar.say("proposals", "decline", "2", "--note", "She called")
    assert (first.code, "Proposal 2 (change of Eleni) was declined by registrar" in first.out) == (0, True)
    assert "owner is told" in first.err
    same = second.say("proposals", "decline", "2", "--note", "Another reason")
    assert (same.code, "was declined by registrar" in same.out) == (0, True)
    assert "decided so before" in same.err
    assert "“She called”" in same.err
    assert "Your note was not kept" in same.err
    assert "owner is told" not in same.err
    other = second.say("proposals", "accept", "2", "phone=mine")
    assert other.code == 1
    assert re.search(r"was declined by registrar, \d\d \w{3} \d{4}, \d\d:\d\d\.", other.err)
    assert "enter it yourself" in other.err
    assert "Request ID" not in other.err
    as_data = second.run("proposals", "accept", "2").data
    assert (as_data["error"], as_data["proposal"]["decided_by"]) == ("already-decided", "registrar")
    assert "declined by registrar" in second.say("proposals", "show", "2").out
    assert "declined by registrar" in second.say("proposals", "list", "--all").out
