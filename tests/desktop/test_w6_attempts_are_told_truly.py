"""W6, R17: the Sync centre does not say "0 attempts" of an entry that Support tells requests of."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.opening import Surroundings, connect, open_client
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.workspace import SYNC, Workspace
from support.desk import student
from support.server_process import PASSWORD, ServerProcess

WITHIN_MS = 20_000


class CutOff(httpx.AsyncHTTPTransport):
    """The network to the real server, but that every push is cut before its answer comes."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, or cut it."""
        if request.url.path.endswith("/sync/push"):
            raise httpx.ReadError("cut", request=request)
        return await super().handle_async_request(request)


@pytest.fixture
def client(school: ServerProcess, tmp_path: Path) -> Iterator[Client]:
    """A client whose every push is cut."""
    asyncio.run(connect(tmp_path / "data", school.url, "maria", PASSWORD))
    opened = open_client(tmp_path / "data", surroundings=Surroundings(transport=CutOff()))
    yield opened
    opened.close()


def _state(workspace: Workspace) -> str:
    found = workspace.findChild(QLabel, "entryState")
    assert found is not None
    return found.text()


def test_w6_no_attempt_is_said_only_of_an_entry_that_was_never_tried(
    qtbot: QtBot, workspace: Workspace, desk: Desk, client: Client
) -> None:
    op_id = student(client, "Haddad", "Hana").op_id
    assert op_id is not None
    workspace.go_to(SYNC)
    desk.entries.refresh()
    qtbot.waitUntil(lambda: _state(workspace) == "Waiting to be sent  ·  0 attempts")
    assert client.support.find(op_id).attempts == ()
    desk.engine.start()
    qtbot.waitUntil(lambda: bool(client.support.find(op_id).attempts), timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: "attempt" not in _state(workspace), timeout=WITHIN_MS)
    entry = client.entry(op_id)
    assert entry is not None
    assert entry.attempts == 0, "the system's failure counts for no entry (S9)"
    field = workspace.findChild(QLineEdit, "entryRequestId")
    assert field is not None
    assert client.support.find(field.text()).attempts
