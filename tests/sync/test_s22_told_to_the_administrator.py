"""An administrator reads how a recovery stands, and what to do next (S22)."""

import re

import pytest

from rollbook.server.__main__ import main
from support.putting_back import FileBackup
from support.school_server import SchoolServer

from .conftest import MakeDesk
from .test_s22_give_back import forget


def recovery(school: SchoolServer, capsys: pytest.CaptureFixture[str], what: str = "list") -> str:
    """What the command prints on standard output."""
    capsys.readouterr()
    where = ("--database", school.settings.database, "--school", school.school_name)
    assert main(["recovery", what, *where]) == 0
    return capsys.readouterr().out


def test_s22_nothing_was_put_back(school: SchoolServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No computer has noticed" in recovery(school, capsys)


def test_s22_the_administrator_reads_what_waits_and_how_it_ends(
    school: SchoolServer, make_desk: MakeDesk, backup: FileBackup, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, desk = make_desk(), make_desk()
    desk.sync()
    student = lost.add(given_name="Eleni").entity_id
    lost.sync(), desk.sync()
    copy = backup.take()
    desk.add(given_name="Nikos")
    lost.change(student, phone="1")
    lost.sync()
    desk.change(student, email="e@example.org")
    desk.sync()
    forget(desk, student, version=2)
    backup.put_back(copy)
    desk.sync()
    said = recovery(school, capsys)
    name = desk.client.account.user_name
    assert f"{name}'s computer noticed it on" in said
    assert re.search(rf"Given back: 1\n +USER +COMPUTER +CHANGES\n +{name} ", said)
    assert re.search(rf"Not taken yet: 1\n +RECORD.*\n +Eleni +3 +{name} +{name} +an earlier version", said)
    assert "rollbook-server recovery end" in said
    assert student not in said
    ended = recovery(school, capsys, "end")
    assert "Ended on" in ended
    assert "Not taken yet: 0" in ended
    assert "rollbook-server recovery end" not in ended
