"""The real program, driven from outside by keys and read as a screen reader does (W1, W4, W5, W19, S11)."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rollbook.client.opening import connect
from support.screen import Screen
from support.server_process import ServerProcess

pytestmark = pytest.mark.window
SETTINGS = {"ROLLBOOK_BREAKER_RECOVERY_SECONDS": "2", "ROLLBOOK_KEYRING": "0"}
NUMBER, STATE = 1, 6
"""Columns of the list."""
USABLE_WITHIN_SECONDS = 10.0


@pytest.fixture
def school(tmp_path: Path) -> Iterator[ServerProcess]:
    """A school's server with a made-up school and one user, running."""
    server = ServerProcess(tmp_path / "server")
    server.command("make-demo", "--students", "40")
    with server:
        yield server


@contextmanager
def rollbook(data: Path) -> Iterator[Screen]:
    """The program in a process of its own; ended as a person would not: whatever it asks."""
    program = subprocess.Popen(
        [sys.executable, "-m", "rollbook_desktop", "--data", str(data)],
        env={**os.environ, **SETTINGS, "QT_QPA_PLATFORM": "xcb", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"},
    )
    try:
        with Screen("Rollbook") as screen:
            yield screen
    finally:
        program.terminate()
        program.wait(20)


def find(screen: Screen, number: str) -> None:
    """Search for a student's number, open the one found, and go to the phone number."""
    screen.press("ctrl+f")
    screen.wait_until_focused("search")
    screen.type(number)
    screen.wait_for_cell("students", 0, NUMBER, number)
    screen.press("Down", "Return")
    screen.wait_until_focused("family_name")
    for _ in range(40):
        if "focused" in (screen.look("phone") or {"states": []})["states"]:
            return
        screen.press("Tab")
    raise AssertionError("Tab did not lead to the phone number")


def change_phone(screen: Screen, number: str) -> None:
    """Type a phone number over what is there, and save."""
    screen.press("ctrl+a")
    screen.type(number)
    screen.press("ctrl+s")
    screen.wait_for("formSaid", "^Saved")


async def test_w4_the_window_goes_offline_and_comes_back(school: ServerProcess, tmp_path: Path) -> None:
    data = tmp_path / "data"
    await connect(data, school.url, "registrar", "rollbook-demo")
    with rollbook(data) as screen:
        screen.wait_for("statusPill", "^All saved$", USABLE_WITHIN_SECONDS)
        numbers = [str(screen.cell("students", row, NUMBER)) for row in (0, 1)]

        find(screen, numbers[0])
        change_phone(screen, "+30 210 1111111")
        screen.wait_for("formSaid", "^Saved at the school")
        screen.wait_for("statusPill", "^All saved$")

        school.kill()
        find(screen, numbers[1])
        change_phone(screen, "+30 210 2222222")
        screen.wait_for("statusPill", "^Offline · 1 waiting$", 10.0)
        assert screen.cell("students", 0, STATE) == "Waiting"

        school.start()
        spent = screen.wait_for("statusPill", "^All saved$", 10.0)
        assert spent < 5.0, f"it took {spent:.1f} s"
        assert phones(school, numbers) == ["+30 210 1111111", "+30 210 2222222"]


def phones(school: ServerProcess, numbers: list[str]) -> list[str]:
    """What the school's server has, read by its own database and not by what the window says."""
    with sqlite3.connect(school.folder / "school.sqlite3") as database:
        found = dict(database.execute("SELECT student_number, phone FROM student"))
    return [found[number] for number in numbers]
