"""S12, W3: a session that has ended keeps what waits, asks for the password from the pill, and goes on."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.opening import connect, open_client
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.sign_in_dialog import SignInDialog
from rollbook_desktop.windows.workspace import Workspace
from support.desk import student
from support.server_process import PASSWORD, ServerProcess
from support.window_parts import button

WITHIN_MS = 20_000


@pytest.fixture
def school(tmp_path: Path) -> Iterator[ServerProcess]:
    """A school's server, running."""
    server = ServerProcess(tmp_path / "server")
    server.create_user("registrar", "registrar")
    with server:
        yield server


@pytest.fixture
def client(school: ServerProcess, tmp_path: Path) -> Iterator[Client]:
    """A client of the real server."""
    asyncio.run(connect(tmp_path / "data", school.url, "registrar", PASSWORD))
    opened = open_client(tmp_path / "data")
    yield opened
    opened.close()


def test_s12_signing_in_again_from_the_pill_sends_what_waited(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    pill = button(workspace, "statusPill")
    desk.engine.start()
    qtbot.waitUntil(lambda: pill.text() == "All saved", timeout=WITHIN_MS)
    desk.session.sign_out()
    student(client, "Haddad", "Hana")
    qtbot.waitUntil(lambda: pill.text() == "Signed out · 1 waiting", timeout=WITHIN_MS)

    pill.click()
    button(workspace, "detailsSignIn").click()
    dialog = workspace.window().findChild(SignInDialog)
    assert dialog is not None
    line, error = (
        dialog.findChild(QLineEdit, "signInPassword"),
        dialog.findChild(QLabel, "signInPasswordError"),
    )
    assert line is not None
    assert error is not None
    line.setText("wrong")
    button(dialog, "signIn").click()
    qtbot.waitUntil(lambda: "password is wrong" in error.text(), timeout=WITHIN_MS)
    line.setText(PASSWORD)
    button(dialog, "signIn").click()
    qtbot.waitUntil(lambda: pill.text() == "All saved", timeout=WITHIN_MS)
    assert workspace.window().findChild(SignInDialog) is None
