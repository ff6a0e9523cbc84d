"""W2: what stands under the form follows the entry that was saved, to its end, over the real server."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.workspace import SYNC, Workspace
from support.another_computer import nikos_changes_the_phone
from support.desk import student
from support.server_process import ServerProcess
from support.window_parts import button

WITHIN_MS = 20_000
WAITS = "Saved on this computer; it is sent when the server can be reached."


@pytest.fixture
def client(at_the_school: Client) -> Client:
    """Maria's computer, as patient as it is by default."""
    return at_the_school


def _foot(workspace: Workspace) -> str:
    found = workspace.findChild(QLabel, "formSaid")
    assert found is not None
    return "" if found.isHidden() else found.text()


def _says(qtbot: QtBot, workspace: Workspace, words: str) -> None:
    qtbot.waitUntil(lambda: _foot(workspace) == words, timeout=WITHIN_MS)


def _hana(qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client) -> str:
    """A student whom the school has, opened in the form while working offline."""
    saved = student(client, "Haddad", "Hana", phone="111")
    desk.engine.start()
    pill = button(workspace, "statusPill")
    qtbot.waitUntil(lambda: pill.text() == "All saved", timeout=WITHIN_MS)
    desk.session.work_offline(True)
    qtbot.waitUntil(lambda: pill.text() == "Working offline", timeout=WITHIN_MS)
    desk.student_form.open(saved.entity_id)
    qtbot.waitUntil(lambda: desk.student_form.record_id == saved.entity_id)
    return saved.entity_id


def _change_phone(desk: Desk, number: str) -> None:
    desk.student_form.edit("phone", number)
    desk.student_form.save()


def test_w2_the_foot_says_when_an_entry_that_waited_is_at_the_school(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    _hana(qtbot, workspace, desk, client)
    _change_phone(desk, "222")
    _says(qtbot, workspace, WAITS)
    desk.session.work_offline(False)
    _says(qtbot, workspace, "Saved at the school.")


def test_w2_the_foot_says_that_a_conflict_needs_a_person_and_goes_when_it_is_settled(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client, school: ServerProcess, tmp_path: Path
) -> None:
    _hana(qtbot, workspace, desk, client)
    _change_phone(desk, "222")
    _says(qtbot, workspace, WAITS)
    asyncio.run(nikos_changes_the_phone(school, tmp_path / "other", "333"))
    desk.session.work_offline(False)
    needs_you = "In conflict with the school; it is kept here and needs you. See the Sync centre."
    _says(qtbot, workspace, needs_you)
    _change_phone(desk, "444")
    _says(
        qtbot,
        workspace,
        "Saved on this computer; an earlier entry of this record needs your decision in the Sync centre.",
    )
    workspace.go_to(SYNC)
    qtbot.waitUntil(lambda: button(workspace, "takeTheirs").isVisible(), timeout=WITHIN_MS)
    button(workspace, "takeTheirs").click()
    qtbot.waitUntil(lambda: "earlier entry" not in _foot(workspace), timeout=WITHIN_MS)


@pytest.mark.parametrize("choice", ["keepMine", "takeTheirs"])
def test_w2_the_foot_goes_when_the_conflict_was_decided(
    qtbot: QtBot,
    workspace: Workspace,
    desk: Desk,
    client: Client,
    school: ServerProcess,
    tmp_path: Path,
    choice: str,
) -> None:
    _hana(qtbot, workspace, desk, client)
    _change_phone(desk, "222")
    _says(qtbot, workspace, WAITS)
    asyncio.run(nikos_changes_the_phone(school, tmp_path / "other", "333"))
    desk.session.work_offline(False)
    qtbot.waitUntil(lambda: "needs you" in _foot(workspace), timeout=WITHIN_MS)
    workspace.go_to(SYNC)
    qtbot.waitUntil(lambda: button(workspace, choice).isVisible(), timeout=WITHIN_MS)
    button(workspace, choice).click()
    _says(qtbot, workspace, "")


def test_w2_what_is_said_of_one_record_is_not_said_under_another(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    _hana(qtbot, workspace, desk, client)
    other = student(client, "Müller", "Anna")
    _change_phone(desk, "222")
    _says(qtbot, workspace, WAITS)
    desk.student_form.open(other.entity_id)
    qtbot.waitUntil(lambda: desk.student_form.record_id == other.entity_id)
    said: list[str] = []
    desk.saving.said.connect(lambda _id, words: said.append(words))
    desk.session.work_offline(False)
    qtbot.waitUntil(lambda: "Saved at the school." in said, timeout=WITHIN_MS)
    assert _foot(workspace) == ""
