"""S1, W9, R17: a save made online that the real server refuses or fails is told in a dialog, truthfully."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QTextEdit
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.opening import Surroundings, connect, open_client
from rollbook.client.values import RecordQuery
from rollbook.contract.headers import INSTALLATION, PROBLEM_MEDIA_TYPE, REQUEST_ID
from rollbook.contract.problems import problem
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.error_dialog import ErrorDialog
from rollbook_desktop.windows.support_page import SupportPage
from rollbook_desktop.windows.workspace import Workspace
from support.server_process import PASSWORD, ServerProcess


class FailingPushes(httpx.AsyncHTTPTransport):
    """The network to the real server, but that so many pushes are answered with a 500 on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.installation = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, or fail it."""
        if not (request.url.path.endswith("/sync/push") and self.failures):
            return await super().handle_async_request(request)
        self.failures -= 1
        request_id = request.headers[REQUEST_ID]
        return httpx.Response(
            500,
            headers={
                INSTALLATION: self.installation,
                REQUEST_ID: request_id,
                "Content-Type": PROBLEM_MEDIA_TYPE,
            },
            content=msgspec.json.encode(problem("internal-error", request_id=request_id)),
            request=request,
        )


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A school's server, running."""
    server = ServerProcess(tmp_path_factory.mktemp("server"))
    server.create_user("registrar", "registrar")
    with server:
        yield server


@pytest.fixture
def network() -> FailingPushes:
    """The network between."""
    return FailingPushes()


@pytest.fixture
def client(school: ServerProcess, network: FailingPushes, tmp_path: Path) -> Iterator[Client]:
    """A client of the real server."""
    data = tmp_path / "data"
    account = asyncio.run(connect(data, school.url, "registrar", PASSWORD))
    network.installation = account.installation
    opened = open_client(data, surroundings=Surroundings(transport=network))
    yield opened
    opened.close()


@pytest.fixture
def window(qtbot: QtBot, workspace: Workspace, desk: Desk) -> Workspace:
    """The window, with its engine running and everything saved."""
    desk.engine.start()
    qtbot.waitUntil(lambda: pill(workspace) == "All saved", timeout=15_000)
    return workspace


def pill(window: Workspace) -> str:
    """What the pill says."""
    found = window.findChild(QAbstractButton, "statusPill")
    assert found is not None
    return found.text()


def register(qtbot: QtBot, desk: Desk, name: str, number: str) -> None:
    """Register a student, as the form does it."""
    desk.student_form.open_new()
    desk.student_form.edit("family_name", name)
    desk.student_form.edit("student_number", number)
    with qtbot.waitSignal(desk.student_form.saved):
        desk.student_form.save()


def dialog_of(qtbot: QtBot, window: Workspace) -> ErrorDialog:
    """The dialog that opens."""
    qtbot.waitUntil(lambda: window.window().findChild(ErrorDialog) is not None, timeout=10_000)
    found = window.window().findChild(ErrorDialog)
    assert isinstance(found, ErrorDialog)
    return found


def copied_request_id(dialog: ErrorDialog) -> str:
    """The request ID, by way of the Copy button."""
    field, button = (
        dialog.findChild(QLineEdit, "requestId"),
        dialog.findChild(QAbstractButton, "requestIdCopy"),
    )
    assert isinstance(field, QLineEdit)
    assert isinstance(button, QAbstractButton)
    button.click()
    assert QGuiApplication.clipboard().text() == field.text()
    return field.text()


def said(dialog: ErrorDialog, name: str) -> str:
    """A sentence of the dialog."""
    found = dialog.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text()


def server_log(school: ServerProcess) -> str:
    """All that the server has logged."""
    return "".join(file.read_text(encoding="utf-8") for file in school.log_folder.iterdir())


def test_s1_a_save_that_goes_well_opens_no_dialog(qtbot: QtBot, window: Workspace, desk: Desk) -> None:
    register(qtbot, desk, "Quiet", "q-1")
    with qtbot.waitSignal(desk.saving.toasted, timeout=10_000) as blocker:
        pass
    assert blocker.args == ["Quiet: saved at the school.", ""]
    assert window.window().findChild(ErrorDialog) is None
    qtbot.waitUntil(lambda: pill(window) == "All saved", timeout=10_000)


def test_w9_a_refusal_says_why_and_that_the_entry_is_safe(
    qtbot: QtBot, window: Workspace, desk: Desk, client: Client, school: ServerProcess
) -> None:
    for name in ("First", "Second"):
        register(qtbot, desk, name, "same-number")
    dialog = dialog_of(qtbot, window)
    assert said(dialog, "dialogTitle") == "Another student has the number entered for Second."
    assert "student number" in said(dialog, "errorCause").lower()
    assert "Your entry is safe" in said(dialog, "errorSafety")
    request_id = copied_request_id(dialog)
    assert [attempt.request_id for attempt in client.support.find(request_id).attempts] == [request_id]
    assert request_id in server_log(school)
    qtbot.waitUntil(lambda: pill(window) == "Needs you · 1", timeout=10_000)
    assert client.records(RecordQuery("student", text="Second")).total == 1


def test_w9_a_server_error_on_the_first_attempt_is_told_and_heals_by_itself(
    qtbot: QtBot, window: Workspace, desk: Desk, client: Client, network: FailingPushes
) -> None:
    network.failures = 1
    register(qtbot, desk, "Third", "t-1")
    dialog = dialog_of(qtbot, window)
    assert said(dialog, "dialogTitle") == "The school's server had trouble with the entry for Third."
    assert "sent again by itself" in said(dialog, "errorSafety")
    assert client.support.find(copied_request_id(dialog)).attempts
    qtbot.waitUntil(lambda: pill(window) == "All saved", timeout=30_000)


def test_r17_one_key_of_the_error_dialog_leads_to_the_story(
    qtbot: QtBot, window: Workspace, desk: Desk
) -> None:
    for name in ("Fourth", "Fifth"):
        register(qtbot, desk, name, "again-the-same")
    dialog = dialog_of(qtbot, window)
    request_id = copied_request_id(dialog)
    qtbot.waitExposed(dialog)
    with qtbot.waitSignal(desk.story.ended, timeout=10_000):
        QTest.keyClick(dialog, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: window.window().findChild(ErrorDialog) is None)
    page, shown = window.findChild(SupportPage), window.findChild(QTextEdit, "story")
    assert page is not None
    assert page.isVisible()
    assert shown is not None
    story = shown.toPlainText()
    assert f"request {request_id}" in story
    assert "POST /api/v1/sync/push · answer 200 after" in story
    assert "Server: " in story
    assert "In conflict with the school; needs you · student-number-taken" in story
    assert "Fifth" not in desk.story.text  # it is copied for support (R18)
    copy = window.findChild(QAbstractButton, "copyStory")
    assert copy is not None
    copy.click()
    assert QGuiApplication.clipboard().text() == desk.story.text


def test_r17_offline_this_computers_part_is_told_and_that_the_server_was_not_asked(
    qtbot: QtBot, window: Workspace, desk: Desk, client: Client, network: FailingPushes
) -> None:
    network.failures = 1
    register(qtbot, desk, "Sixth", "s-1")
    request_id = copied_request_id(dialog_of(qtbot, window))
    qtbot.waitUntil(lambda: pill(window) == "All saved", timeout=30_000)
    client.work_offline(True)
    with qtbot.waitSignal(desk.story.ended, timeout=10_000):
        desk.story.find(request_id)
    assert "The server was not asked: you chose to work offline." in desk.story.text
    assert "answer 500 after" in desk.story.text
    assert "the server failed (internal-error)" in desk.story.text
    assert "Saved at the school" in desk.story.text
