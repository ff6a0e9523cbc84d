"""S27, S28: the window asks before it signs out, and tells what befell the data on this computer."""

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.opening import open_client
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.sign_out_question import SignOutQuestion
from rollbook_desktop.windows.store_notice_dialog import StoreNoticeDialog
from rollbook_desktop.windows.workspace import Workspace
from support.desk import connected_here, student
from support.window_parts import button

WITHIN_MS = 20_000


def _ask_to_sign_out(workspace: Workspace, qtbot: QtBot) -> SignOutQuestion:
    button(workspace, "signOut").click()
    qtbot.waitUntil(lambda: workspace.window().findChild(SignOutQuestion) is not None)
    found = workspace.window().findChild(SignOutQuestion)
    assert isinstance(found, SignOutQuestion)
    return found


def _wait_for_status(desk: Desk, qtbot: QtBot, waiting: int) -> None:
    desk.status.ask()
    qtbot.waitUntil(lambda: desk.status.status is not None and desk.status.status.waiting == waiting)


def test_s27_the_window_says_how_much_waits_before_it_signs_out(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    student(client, "Papadopoulou", "Eleni")
    student(client, "Xylouris", "Nikos")
    _wait_for_status(desk, qtbot, 2)
    question = _ask_to_sign_out(workspace, qtbot)
    text = question.findChild(QLabel, "questionText")
    assert text is not None
    assert text.text().startswith("2 entries are not at the school yet. They are kept on this computer")
    with qtbot.waitSignal(desk.session.signed_out, timeout=WITHIN_MS):
        button(question, "confirmSignOut").click()
    assert (client.status().connection, client.status().waiting) == ("signed_out", 2)


def test_s27_staying_changes_nothing(qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client) -> None:
    question = _ask_to_sign_out(workspace, qtbot)
    button(question, "staySignedIn").click()
    assert client.status().connection != "signed_out"


def test_s27_what_waits_is_written_into_a_file_first(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client, tmp_path: Path
) -> None:
    student(client, "Papadopoulou", "Eleni")
    _wait_for_status(desk, qtbot, 1)
    button(_ask_to_sign_out(workspace, qtbot), "exportAndSignOut").click()
    qtbot.waitUntil(lambda: workspace.window().findChild(QFileDialog) is not None)
    dialog = workspace.window().findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    file = tmp_path / "waiting.json"
    with qtbot.waitSignal(desk.session.signed_out, timeout=WITHIN_MS):
        dialog.fileSelected.emit(str(file))
    dialog.reject()
    assert json.loads(file.read_text(encoding="utf-8"))["entries"][0]["label"].startswith("Eleni")


def test_s27_a_file_that_cannot_be_written_is_said_and_nobody_is_signed_out(
    qtbot: QtBot, desk: Desk, client: Client, tmp_path: Path
) -> None:
    with qtbot.waitSignal(desk.session.not_exported, timeout=WITHIN_MS):
        desk.session.export_and_sign_out(tmp_path / "nowhere" / "waiting.json")
    assert client.status().connection != "signed_out"


class TestDamaged:
    """A store that was damaged when the window was closed."""

    @pytest.fixture
    def client(self, tmp_path: Path) -> "Client":
        """Opened again on a file whose beginning was overwritten."""
        account = connected_here(tmp_path / "data")
        first = open_client(tmp_path / "data")
        student(first, "Papadopoulou", "Eleni")
        first.close()
        with account.store.open("r+b") as file:
            file.write(b"\xff" * 100)
        return open_client(tmp_path / "data")

    def test_s28_it_is_told_until_it_was_read_and_where_the_old_file_is(
        self, qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
    ) -> None:
        _wait_for_status(desk, qtbot, 1)
        qtbot.waitUntil(lambda: workspace.window().findChild(StoreNoticeDialog) is not None)
        dialog = workspace.window().findChild(StoreNoticeDialog)
        assert isinstance(dialog, StoreNoticeDialog)
        text = dialog.findChild(QLabel, "storeNoticeText")
        assert text is not None
        (notice,) = client.status().notices
        assert "1 waiting entry was saved from it" in text.text()
        assert notice.aside in text.text()
        button(dialog, "storeNoticeRead").click()
        qtbot.waitUntil(lambda: client.status().notices == ())
