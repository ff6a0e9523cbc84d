"""SIGKILL of either side, at named points and in the middle: nothing lost, nothing doubled (S1, S3, S7)."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.command_line import CommandLine
from support.server_process import ServerProcess

AtSchool = Callable[[str], list[Any]]
KILLED = -9


def test_s7_server_killed_between_commit_and_reply_applies_once(
    server: ServerProcess, ctl: CommandLine, at_school: AtSchool
) -> None:
    server.stop()
    server.start(killed_at="server.push.committed")
    saved = ctl.run("students", "add", "given_name=Άννα", "phone=210 1")
    said = ctl.run("sync")
    assert (said.code, said.data["unknown"], said.data["up_to_date"]) == (3, 1, False)
    assert server.wait() == KILLED
    assert len(at_school("SELECT 1 FROM student")) == 1  # it had been committed, and nobody was told
    server.start()
    assert ctl.run("sync").data["up_to_date"] is True
    assert at_school("SELECT given_name, version FROM student") == [("Άννα", 1)]
    assert ctl.run("outbox", "show", saved.data["operation"]).data["state"] == "applied"


def test_s7_server_killed_before_its_commit_has_nothing_and_gets_it_later(
    server: ServerProcess, ctl: CommandLine, at_school: AtSchool
) -> None:
    server.stop()
    server.start(killed_at="server.push.before_commit")
    ctl.run("students", "add", "given_name=Nikos")
    assert ctl.run("sync").data["unknown"] == 1
    assert server.wait() == KILLED
    assert at_school("SELECT 1 FROM student") == []
    server.start()
    assert ctl.run("sync").data["up_to_date"] is True
    assert at_school("SELECT given_name FROM student") == [("Nikos",)]


def test_s1_client_killed_between_save_and_send_keeps_the_entry(
    ctl: CommandLine, at_school: AtSchool
) -> None:
    killed = ctl.run("students", "add", "given_name=Nikos", killed_at="client.save.committed")
    assert killed.code == KILLED
    assert [student["given_name"] for student in ctl.students()] == ["Nikos"]
    assert ctl.run("sync").data["up_to_date"] is True
    assert at_school("SELECT given_name FROM student") == [("Nikos",)]


def test_s1_client_killed_before_its_commit_has_neither_record_nor_entry(ctl: CommandLine) -> None:
    assert (
        ctl.run("students", "add", "given_name=Nikos", killed_at="client.save.before_commit").code == KILLED
    )
    assert ctl.students() == []
    assert ctl.run("status").data["queued"] == 0


@pytest.mark.parametrize(
    "point", ["client.push.before_send", "client.push.answered", "client.pull.before_commit"]
)
def test_s3_client_killed_during_a_sync_goes_on_where_it_was(
    ctl: CommandLine, at_school: AtSchool, point: str
) -> None:
    ctl.run("students", "add", "given_name=Nikos")
    assert ctl.run("sync", killed_at=point).code == KILLED
    assert ctl.run("sync").data["up_to_date"] is True
    assert at_school("SELECT given_name, version FROM student") == [("Nikos", 1)]


def _thousand(tmp_path: Path) -> Path:
    file = tmp_path / "thousand.csv"
    lines = [f"{number:04},Student,Number {number}" for number in range(1_000)]
    file.write_text("\n".join(["student_number,given_name,family_name", *lines]), encoding="utf-8")
    return file


def _each_once(at_school: AtSchool) -> None:
    numbers = at_school("SELECT student_number FROM student ORDER BY student_number")
    assert numbers == [(f"{number:04}",) for number in range(1_000)]
    assert at_school("SELECT max(version) FROM student") == [(1,)]
    assert at_school("SELECT count(*), count(DISTINCT op_id) FROM receipt") == [(1_000, 1_000)]
    assert at_school("SELECT count(*) FROM feed WHERE entity = 'student'") == [(1_000,)]


@pytest.mark.parametrize("who", ["server", "client"])
def test_s7_killed_while_a_push_of_1000_runs_each_arrives_once(
    server: ServerProcess, ctl: CommandLine, at_school: AtSchool, tmp_path: Path, who: str
) -> None:
    assert ctl.run("import", str(_thousand(tmp_path))).data["stored"] == 1_000
    chance = random.Random(7)
    for _ in range(4):
        syncing = ctl.start("sync")
        # Somewhere between the start of the interpreter and the end of the push.
        time.sleep(chance.uniform(0.5, 1.6))
        if who == "server":
            server.kill()
            syncing.communicate(timeout=60)
            server.start()
        else:
            syncing.kill()
            syncing.communicate(timeout=60)
    said = ctl.run("sync")
    assert (said.code, said.data["up_to_date"]) == (0, True)
    _each_once(at_school)


def test_s7_killed_after_the_first_half_of_1000_was_committed_each_arrives_once(
    server: ServerProcess, ctl: CommandLine, at_school: AtSchool, tmp_path: Path
) -> None:
    ctl.run("import", str(_thousand(tmp_path)))
    server.stop()
    server.start(killed_at="server.push.committed:2")
    said = ctl.run("sync")
    assert said.data["unknown"] == 500
    assert server.wait() == KILLED
    server.start()
    assert ctl.run("sync").data["up_to_date"] is True
    _each_once(at_school)
