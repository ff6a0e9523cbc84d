"""S12: the school's data are shown to whom the server knows, or who knows the password."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.opening import connect, open_client
from rollbook.store.password_check import PasswordCheck
from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.viewmodels.unlock import Unlock
from rollbook_desktop.widgets.theme import Theme
from rollbook_desktop.windows.unlock_page import UnlockPage
from support.server_process import PASSWORD, ServerProcess

WITHIN_MS = 30_000


@pytest.fixture
def school(tmp_path: Path) -> Iterator[ServerProcess]:
    """A school's server, running."""
    server = ServerProcess(tmp_path / "server")
    server.create_user("registrar", "registrar")
    with server:
        yield server


@pytest.fixture
def client(school: ServerProcess, tmp_path: Path) -> Iterator[Client]:
    """A client of the real server, as opened at a start."""
    asyncio.run(connect(tmp_path / "data", school.url, "registrar", PASSWORD))
    opened = open_client(tmp_path / "data")
    yield opened
    opened.close()


class Watched:
    """An unlocking, and what it said."""

    def __init__(self, client: Client, bridge: Bridge) -> None:
        self.model = Unlock(client, bridge)
        self.asked: list[bool] = []
        self.refusals: list[str] = []
        self.opened: list[None] = []
        self.model.asked.connect(self.asked.append)
        self.model.refused.connect(self.refusals.append)
        self.model.opened.connect(lambda: self.opened.append(None))
        self.model.begin()


def test_s12_a_session_that_the_server_takes_opens_without_asking(
    qtbot: QtBot, client: Client, bridge: Bridge
) -> None:
    start = Watched(client, bridge)
    qtbot.waitUntil(lambda: bool(start.opened), timeout=WITHIN_MS)


def test_s12_offline_only_the_password_opens_and_the_server_s_return_opens_too(
    qtbot: QtBot, client: Client, bridge: Bridge, school: ServerProcess, theme: Theme
) -> None:
    school.kill()
    start = Watched(client, bridge)
    qtbot.waitUntil(lambda: start.asked == [False], timeout=WITHIN_MS)
    page = UnlockPage(theme, start.model, signed_out=False)
    qtbot.addWidget(page)
    line, error = page.findChild(QLineEdit, "unlockPassword"), page.findChild(QLabel, "unlockPasswordError")
    button = page.findChild(QAbstractButton, "unlock")
    assert line is not None
    assert error is not None
    assert button is not None
    button.click()
    assert error.text() == "Enter your password."
    line.setText("wrong")
    button.click()
    qtbot.waitUntil(lambda: "not the password that was last used" in error.text(), timeout=WITHIN_MS)
    assert start.opened == []
    line.setText(PASSWORD)
    button.click()
    qtbot.waitUntil(lambda: bool(start.opened), timeout=WITHIN_MS)

    again = Watched(client, bridge)
    qtbot.waitUntil(lambda: again.asked == [False], timeout=WITHIN_MS)
    school.start()
    client.wake(hurry=True)
    client._api.breaker.ask_now()
    again.model.typing("s")  # a page that went now would take the rest of the password to the search box
    qtbot.waitUntil(lambda: again.model._proven, timeout=WITHIN_MS)
    assert again.opened == []
    again.model.typing("")
    qtbot.waitUntil(lambda: bool(again.opened), timeout=WITHIN_MS)


def test_s12_who_signed_out_is_asked_although_the_server_is_there(
    qtbot: QtBot, client: Client, bridge: Bridge
) -> None:
    asyncio.run(_signed_out(client))
    start = Watched(client, bridge)
    qtbot.waitUntil(lambda: start.asked == [True], timeout=WITHIN_MS)
    start.model.try_password(PASSWORD)
    qtbot.waitUntil(lambda: bool(start.opened), timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: client.status().connection == "online", timeout=WITHIN_MS)


async def _signed_out(client: Client) -> None:
    await client.sign_out()
    await client.aclose()


def test_s12_the_check_holds_no_password_and_is_its_owners(tmp_path: Path) -> None:
    check = PasswordCheck(tmp_path)
    assert not check.kept
    assert not check.fits("")
    check.keep("Πλατεία 1821")
    assert check.fits("Πλατεία 1821")
    assert not check.fits("Πλατεία 1822")
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "1821" not in file.read_text()
    file.write_text("damaged")
    assert not check.fits("Πλατεία 1821")
