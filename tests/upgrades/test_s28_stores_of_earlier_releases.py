"""Stores and databases of every released version are read by this one; what waited arrives once (S28)."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.command_line import CommandLine
from support.server_process import PASSWORD, ServerProcess

_HERE = Path(__file__).parent
_OPERATIONS = "SELECT op_id, state, carried_by FROM operation"


class Upgraded:
    """The school of a release on today's server, and its computers on today's programs."""

    def __init__(self, release: str, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(_HERE / release, folder, dirs_exist_ok=True)
        self.server = ServerProcess(folder)
        self.server.command("migrate")
        self.server.start()

    def computer(self, user: str) -> CommandLine:
        """The user's computer; the server has another address by now, and the person signs in again."""
        ctl = CommandLine(self.folder / user)
        said = ctl.run("connect", self.server.url, "--user", user, "--password-stdin", stdin=PASSWORD + "\n")
        assert said.code == 0, said.err
        return ctl

    def at_school(self, query: str) -> list[Any]:
        """Plain SQL on the school's database."""
        with closing(sqlite3.connect(self.folder / "school.sqlite3")) as connection:
            return connection.execute(query).fetchall()

    def at_desk(self, user: str, query: str) -> list[Any]:
        """Plain SQL on the only store of the user's computer."""
        (store,) = (self.folder / user).glob("accounts/*/store.sqlite3")
        with closing(sqlite3.connect(store)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Upgraded]:
    """The release named by the test."""
    one = Upgraded(request.param, tmp_path / "upgraded")
    yield one
    one.server.kill()


@pytest.mark.parametrize("upgraded", ["skeleton"], indirect=True)
def test_s28_every_entry_of_the_skeletons_store_arrives_once(upgraded: Upgraded) -> None:
    waiting = [each for each in upgraded.at_desk("registrar", _OPERATIONS) if each[1] != "applied"]
    assert len(waiting) == 15, "the fixture itself"
    ctl = upgraded.computer("registrar")
    before = ctl.run("status").data
    assert (before["queued"], before["unknown"], before["parked"], before["conflicts"]) == (9, 2, 1, 1), (
        "riders count with what carries them"
    )
    synced = ctl.run("sync").data
    assert (synced["queued"], synced["unknown"], synced["failed"]) == (0, 0, 0), "all that may go has gone"
    assert (synced["parked"], synced["conflicts"]) == (1, 1), "what a person must decide waits for them"
    _decide(ctl)
    assert ctl.run("sync").data["up_to_date"] is True
    _everything_arrived_once(upgraded, {op_id for op_id, _state, _rides in waiting})
    assert ctl.run("verify").data["ok"] is True


def _decide(ctl: CommandLine) -> None:
    """The right was given back to the parked one; mine, in the conflict."""
    for entry in ctl.run("outbox", "list").data["entries"]:
        if entry["state"] == "parked":
            ctl.run("outbox", "retry", entry["op_id"])
    conflict = ctl.run("conflicts", "list").data["entries"][0]
    said = ctl.run("conflicts", "resolve", conflict["op_id"], "phone=mine")
    assert said.code == 3, said.err


def _everything_arrived_once(upgraded: Upgraded, waited: set[str]) -> None:
    students = upgraded.at_school(
        "SELECT given_name, phone, email, homeroom, student_number, deleted_at IS NOT NULL, version "
        "FROM student"
    )
    assert sorted(students) == sorted(
        [
            ("Ελένη", "210 3", "eleni@example.org", None, None, 0, 3),
            ("Νίκος", "28210 1", None, "Γ1", None, 0, 2),
            ("Łukasz", "22 2", None, "Β2", None, 0, 2),
            ("Zoë", None, None, None, None, 1, 2),
            ("Σοφία", "2310 1", None, None, None, 0, 1),
            ("Αθηνά", None, None, None, None, 0, 1),
            ("Ἀλέξανδρος", None, None, None, "100", 0, 1),
            ("Βασιλική", None, None, None, "101", 0, 1),
            ("Γεώργιος", None, None, None, "102", 0, 1),
            ("Δέσποινα", None, None, None, "103", 0, 1),
            ("O’Connor", None, None, None, "104", 0, 1),
        ]
    )
    ended = {op_id: (state, rides) for op_id, state, rides in upgraded.at_desk("registrar", _OPERATIONS)}
    assert {ended[op_id][0] for op_id in waited} == {"applied", "replaced"}  # a choice replaced the conflict
    receipts = [op_id for (op_id,) in upgraded.at_school("SELECT op_id FROM receipt")]
    assert {op_id for op_id in waited if ended[op_id] == ("applied", None)} <= set(receipts)
    assert len(receipts) == len(set(receipts))


@pytest.mark.parametrize("upgraded", ["skeleton"], indirect=True)
def test_s28_what_was_on_its_way_when_the_old_program_was_killed_arrives(upgraded: Upgraded) -> None:
    assert [state for _op, state, _rides in upgraded.at_desk("secretary", _OPERATIONS)] == ["sending"]
    ctl = upgraded.computer("secretary")
    assert ctl.run("sync").data["up_to_date"] is True
    assert upgraded.at_school("SELECT count(*) FROM student WHERE given_name = 'Θάλεια'") == [(1,)]


@pytest.mark.parametrize("upgraded", ["one_folder_for_all_schools"], indirect=True)
def test_s28_s27_an_account_folder_of_the_earlier_layout_is_found(upgraded: Upgraded) -> None:
    ctl = upgraded.computer("registrar")
    assert len(list((upgraded.folder / "registrar").glob("accounts/*"))) == 1, "no second, empty store"
    assert ctl.run("status").data["queued"] == 2
    assert ctl.run("sync").data["up_to_date"] is True
    students = upgraded.at_school("SELECT given_name, phone, version FROM student ORDER BY 3")
    assert students == [("Αθηνά", None, 1), ("Ελένη", "210 9", 2)]


@pytest.mark.parametrize("upgraded", ["one_folder_for_all_schools"], indirect=True)
def test_s28_the_old_store_is_used_as_it_lies_without_connecting_again(upgraded: Upgraded) -> None:
    ctl = CommandLine(upgraded.folder / "registrar")
    said = ctl.run("--server", upgraded.server.url, "status")
    assert (said.data["queued"], said.data["records"]) == (2, 2), said.err
