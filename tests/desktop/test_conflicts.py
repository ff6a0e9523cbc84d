"""S14: two computers change one field; the window shows both values, and a person's choice settles it."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.workspace import SYNC, Workspace
from support.another_computer import nikos_changes_the_phone
from support.desk import change, student
from support.server_process import ServerProcess
from support.window_parts import button

WITHIN_MS = 20_000


@pytest.fixture
def client(at_the_school: Client) -> Client:
    """Maria's computer, as patient as it is by default."""
    return at_the_school


@pytest.mark.parametrize(("choice", "kept"), [("keepMine", "222"), ("takeTheirs", "333")])
def test_s14_the_window_shows_both_values_and_a_choice_settles_it(
    qtbot: QtBot,
    workspace: Workspace,
    desk: Desk,
    client: Client,
    school: ServerProcess,
    tmp_path: Path,
    choice: str,
    kept: str,
) -> None:
    pill = button(workspace, "statusPill")
    saved = student(client, "Haddad", "Hana", phone="111")
    desk.engine.start()
    qtbot.waitUntil(lambda: pill.text() == "All saved", timeout=WITHIN_MS)
    desk.session.work_offline(True)
    qtbot.waitUntil(lambda: pill.text() == "Working offline", timeout=WITHIN_MS)
    change(client, saved, phone="222")
    asyncio.run(nikos_changes_the_phone(school, tmp_path / "other", "333"))
    desk.session.work_offline(False)
    qtbot.waitUntil(lambda: pill.text() == "Needs you · 1", timeout=WITHIN_MS)

    workspace.go_to(SYNC)
    qtbot.waitUntil(lambda: button(workspace, choice).isVisible(), timeout=WITHIN_MS)
    texts = [label.text() for label in workspace.findChildren(QLabel)]
    assert "111  →  222" in texts
    assert texts[texts.index("Phone at the school") + 1] == "333"
    assert any(text.startswith("Changed at the school") and text.endswith("by nikos") for text in texts)
    button(workspace, choice).click()
    qtbot.waitUntil(lambda: pill.text() == "All saved", timeout=WITHIN_MS)
    row = client.record("student", saved.entity_id)
    assert row is not None
    assert row.values["phone"] == kept
