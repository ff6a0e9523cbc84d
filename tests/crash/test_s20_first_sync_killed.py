"""A first sync killed with SIGKILL over a real socket goes on where it was (S20)."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from support.command_line import CommandLine
from support.server_process import ServerProcess

KILLED = -9
_STUDENTS = 400


@pytest.fixture
def newcomer(server: ServerProcess, tmp_path: Path) -> CommandLine:
    """A computer that has just been connected to a school of 400 students."""
    server.stop()
    server.command("make-demo", "--students", str(_STUDENTS), "--seed", "3", "--beside", "--only-students")
    server.start()
    one = CommandLine(tmp_path / "newcomer", ROLLBOOK_SYNC_SNAPSHOT_ROWS="100")
    said = one.run("connect", server.url, "--user", "registrar", "--password-stdin", stdin="rollbook-demo\n")
    if said.code:  # the fixture's own registrar has that name, in a school of its own
        said = one.run("connect", server.url, "--user", "admin", "--password-stdin", stdin="rollbook-demo\n")
    assert said.code == 0, said.err
    return one


def _progress(desk: CommandLine) -> tuple[int, int]:
    """How many students the store says that it has taken, and how many are in it."""
    (store,) = desk.data.rglob("store.sqlite3")
    with sqlite3.connect(store) as connection:
        taken = connection.execute("SELECT taken FROM filling WHERE entity = 'student'").fetchone()
        here = connection.execute("SELECT count(*) FROM student").fetchone()
    return (taken or (0,))[0], here[0]


def _asked(server: ServerProcess, route: str) -> int:
    lines: list[dict[str, Any]] = []
    for file in server.log_folder.glob("*"):
        lines += [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]
    return sum(1 for line in lines if re.fullmatch(route, str(line.get("route"))))


@pytest.mark.parametrize("page", [2, 3])
def test_s20_killed_at_a_page_it_has_the_pages_before_and_goes_on_behind_them(
    server: ServerProcess, newcomer: CommandLine, page: int
) -> None:
    killed = newcomer.run("sync", killed_at=f"client.snapshot.before_commit:{page}")
    assert killed.code == KILLED
    taken, here = _progress(newcomer)
    assert taken == here < _STUDENTS
    plans = _asked(server, "/api/v1/sync/snapshot")
    said = newcomer.run("sync")
    assert (said.data["up_to_date"], said.data["records"]) == (True, _STUDENTS)
    assert _asked(server, "/api/v1/sync/snapshot") == plans == 1
    assert newcomer.run("verify").data["problems"] == []


def test_s20_killed_at_every_page_in_turn_it_ends_all_the_same(newcomer: CommandLine) -> None:
    seen: list[int] = []
    for _ in range(40):
        if newcomer.run("sync", killed_at="client.snapshot.before_commit:2").code != KILLED:
            break
        seen.append(_progress(newcomer)[0])
    assert seen == sorted(set(seen))  # each run got one page further than the one before
    assert len(seen) > 2
    assert newcomer.run("status").data["records"] == _STUDENTS
    assert newcomer.run("verify").data["problems"] == []


def test_s20_the_server_killed_while_it_runs_is_waited_for(
    server: ServerProcess, newcomer: CommandLine
) -> None:
    killed = newcomer.run("sync", killed_at="client.snapshot.before_commit:3")
    assert killed.code == KILLED
    server.kill()
    said = newcomer.run("sync")
    assert (said.code, said.data["up_to_date"]) == (3, False)
    server.start()
    assert newcomer.run("sync").data["records"] == _STUDENTS
