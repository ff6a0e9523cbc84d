"""After a sign-out nobody reads or enters anything under that user's name on the command line (S27)."""

from pathlib import Path

import pytest

from rollbook.client.opening import open_client
from rollbook.store.credentials import StoredCredentials
from support.desk import connected_here, student
from support.in_process_line import InProcessLine

NOTHING_IS_SHOWN = (
    ("students", "list"),
    ("students", "add", "given_name=Nikos"),
    ("outbox", "list"),
    ("history", "01900000-0000-7000-8000-00000000dddd"),
)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLine:
    """A computer with an entry that waits, whose user has signed out."""
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    account = connected_here(tmp_path / "data")
    client = open_client(tmp_path / "data")
    student(client, "Papadopoulou", "Eleni")
    client.close()
    StoredCredentials(account.folder, False).clear()
    return InProcessLine(tmp_path / "data")


@pytest.mark.parametrize("command", NOTHING_IS_SHOWN, ids=lambda each: " ".join(each[:2]))
def test_s27_signed_out_the_command_line_shows_and_takes_nothing(
    line: InProcessLine, command: tuple[str, ...]
) -> None:
    said = line.say(*command)
    assert said.code == 1
    assert "You are signed out" in said.err
    assert "Eleni" not in said.out + said.err
    status = line.run("status").data
    assert (status["queued"], status["connection"]) == (1, "signed_out")
