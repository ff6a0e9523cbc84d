"""W3, W4, R5: one who goes online again waits for no breaker, and no attempt is announced before that."""

import time

import pytest
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.resilience.settings import ResilienceSettings
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.workspace import Workspace
from support.server_process import ServerProcess
from support.window_parts import button

WITHIN_MS = 30_000
AT_ONCE_SECONDS = 8.0


@pytest.fixture
def client(at_the_school: Client) -> Client:
    """Maria's computer, as patient as it is by default."""
    return at_the_school


def _details(desk: Desk) -> dict[str, str]:
    assert desk.status.words is not None
    return dict(desk.status.words.rows)


def test_w4_going_online_asks_the_server_at_once_though_the_breaker_is_open(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client, school: ServerProcess
) -> None:
    assert ResilienceSettings().breaker_recovery_seconds > 2 * AT_ONCE_SECONDS
    pill = button(workspace, "statusPill")
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
