"""`rollbookctl students add --number next` (S16)."""

from pathlib import Path

import pytest

from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess


def test_s16_the_next_number_is_given_and_said(ctl: InProcessLine) -> None:
    first, second = (
        ctl.run("students", "add", f"given_name={name}", "--number", "next") for name in ("Eleni", "Nikos")
    )
    assert (first.code, second.code) == (3, 3)
    assert int(second.data["student_number"]) == int(first.data["student_number"]) + 1
    assert ctl.run("sync").data["up_to_date"] is True


def test_s16_without_a_block_the_command_line_says_what_to_do(
    server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    desk = InProcessLine(tmp_path / "new")
    desk.run("connect", server.url, "--user", "registrar", "--password-stdin", stdin=PASSWORD + "\n")
    said = desk.run("students", "add", "given_name=Anna", "--number", "next")
    assert (said.code, said.data["errors"][0]["code"]) == (1, "no-number-left")
    assert "Go online once" in said.err
    assert desk.run("students", "list").data["total"] == 0


def test_s16_next_as_a_value_is_the_next_number_and_not_a_word(ctl: InProcessLine) -> None:
    made = ctl.run("students", "add", "given_name=Anna").data["id"]
    ctl.run("students", "set", made, "student_number=next")
    assert ctl.run("students", "show", made).data["student_number"].isdecimal()
