"""W3, W4, R5: one who goes online again waits for no breaker, and no attempt is announced before that."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.opening import connect, open_client
from rollbook.resilience.settings import ResilienceSettings
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.workspace import Workspace
from support.server_process import PASSWORD, ServerProcess

WITHIN_MS = 30_000
AT_ONCE_SECONDS = 8.0


@pytest.fixture
def school(tmp_path: Path) -> Iterator[ServerProcess]:
    """A school's server, running."""
    server = ServerProcess(tmp_path / "server")
    server.create_user("maria", "registrar")
    with server:
        yield server


@pytest.fixture
def client(school: ServerProcess, tmp_path: Path) -> Iterator[Client]:
    """Maria's computer, as patient as it is by default."""
    asyncio.run(connect(tmp_path / "data", school.url, "maria", PASSWORD))
    opened = open_client(tmp_path / "data")
    yield opened
    opened.close()


def _details(desk: Desk) -> dict[str, str]:
    assert desk.status.words is not None
    return dict(desk.status.words.rows)


def test_w4_going_online_asks_the_server_at_once_though_the_breaker_is_open(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client, school: ServerProcess
) -> None:
    assert ResilienceSettings().breaker_recovery_seconds > 2 * AT_ONCE_SECONDS
    pill = workspace.findChild(QAbstractButton, "statusPill")
    assert pill is not None
    desk.engine.start()
    qtbot.waitUntil(lambda: pill.text() == "All saved", timeout=WITHIN_MS)
    school.kill()
    desk.session.sync_now()
    qtbot.waitUntil(lambda: client.status().breaker == "open", timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: "Next attempt" in _details(desk), timeout=WITHIN_MS)

    desk.session.work_offline(True)
    qtbot.waitUntil(lambda: pill.text() == "Working offline", timeout=WITHIN_MS)
    status = client.status()
    assert (status.reason, status.breaker, status.next_attempt_in) == ("work_offline", "open", None)
    assert "Next attempt" not in _details(desk)

    school.start()
    began = time.monotonic()
    desk.session.work_offline(False)
    qtbot.waitUntil(lambda: pill.text() == "All saved", timeout=WITHIN_MS)
    assert time.monotonic() - began < AT_ONCE_SECONDS
