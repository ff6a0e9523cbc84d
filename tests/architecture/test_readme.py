"""The README: what it shows and points to is there, and the commands that it gives exist."""

import re
import subprocess
import sys

import pytest

from support.source_files import ROOT

TEXT = (ROOT / "README.md").read_text("utf-8")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
PROGRAM = re.compile(r"(rollbook-server|rollbookctl) +([a-z-]+)(?: +(list|find|set|show|bundle))?")
COMMANDS = sorted({tuple(filter(None, found)) for found in PROGRAM.findall(TEXT)})


def test_house_what_the_readme_points_to_is_there() -> None:
    links = LINK.findall(TEXT)
    assert "resources/help/pictures/students.png" in links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_house_a_command_of_the_readme_exists(words: tuple[str, ...]) -> None:
    module = {"rollbook-server": "rollbook.server", "rollbookctl": "rollbook.cli"}[words[0]]
    command = [sys.executable, "-m", module, *words[1:], "--help"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_house_a_command_that_does_not_exist_is_noticed() -> None:
    command = [sys.executable, "-m", "rollbook.cli", "fly", "--help"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    assert PROGRAM.findall("  rollbookctl fly away") == [("rollbookctl", "fly", "")]
