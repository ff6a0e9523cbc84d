"""`rollbookctl proposals`: a registrar decides what others may not write any more (S23)."""

from pathlib import Path

from support.command_line import CommandLine
from support.in_process_line import InProcessLine
from support.server_process import ServerProcess


def test_s23_a_registrar_decides_from_the_command_line(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "server")
    server.create_user()
    server.create_user("owner")
    with server:
        _decided(server, CommandLine(tmp_path / "registrar"), CommandLine(tmp_path / "owner"))
        assert server.stop() == 0


def _decided(server: ServerProcess, registrar: CommandLine, owner: CommandLine) -> None:
    registrar.connect(server)
    owner.connect(server, "owner")
    owner.run("sync")
    for name in ("Eleni", "Maria"):
        owner.run("students", "add", f"given_name={name}")
    server.command("set-role", "owner", "--role", "support")
    said = owner.run("sync")
    assert (said.code, said.data["handed_over"], said.data["outstanding"]) == (3, 2, ["handed_over"])
    assert [entry["state"] for entry in owner.run("outbox", "list").data["entries"]] == ["handed_over"] * 2
    listed = registrar.run("proposals", "list").data["proposals"]
    assert [one["changes"]["given_name"]["value"] for one in listed] == ["Eleni", "Maria"]
    assert registrar.run("proposals", "accept", "1", "--note", "Thanks").code == 0
    assert registrar.run("proposals", "decline", "2", "--note", "Is here already").data["state"] == "declined"
    again = registrar.run("proposals", "accept", "2")
    assert (again.code, again.data["error"]) == (1, "already-decided")
    registrar.run("sync")
    assert [student["given_name"] for student in registrar.students()] == ["Eleni"]
    told = owner.run("sync").data
    assert [(each["state"], each["note"]) for each in told["decisions"]] == [
        ("accepted", "Thanks"),
        ("declined", "Is here already"),
    ]
    declined = told["decisions"][1]["entity_id"]
    words = InProcessLine(owner.data).say("status")
    assert words.code == 3
    assert "Not accepted by registrar" in words.out
    assert "Note: Is here already" in words.out
    assert "Everything is saved" not in words.out
    assert owner.run("status", "--seen").code == 3  # what is read with this very answer
    assert owner.run("status").data["decisions"] == []
    assert owner.run("status").code == 0
    history = InProcessLine(owner.data).say("history", declined)
    assert history.code == 0
    assert "Is here already" in history.out
    refused = owner.run("proposals", "list")
    assert (refused.code, refused.data["error"]) == (1, "forbidden")
