"""The window's tests: off the screen, with the real client and its real store."""

import asyncio
import gc
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

if "ROLLBOOK_TEST_DISPLAY" not in os.environ:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["ROLLBOOK_KEYRING"] = "0"

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from rollbook.client.facade import Client
from rollbook.client.opening import connect, open_client
from rollbook_desktop.bootstrap import make_application, make_desk, make_theme
from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.collecting import Collector
from rollbook_desktop.bridge.loop_thread import LoopThread
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.widgets.theme import Theme
from rollbook_desktop.windows.workspace import Workspace
from support.desk import connected_here
from support.server_process import PASSWORD, ServerProcess


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The program's own application."""
    return make_application()


@pytest.fixture(scope="package", autouse=True)
def collector(qapp: QApplication) -> Iterator[None]:
    """Garbage is collected as the program does it, and none is left to the threads of later tests."""
    made = Collector()
    yield
    gc.collect()
    made.stop()


@pytest.fixture
def memory(tmp_path: Path) -> QSettings:
    """What the window remembers."""
    return QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """The theme of a bare system: light."""
    return make_theme(qapp, QSettings())


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client of a school whose server cannot be reached, with a store of its own."""
    connected_here(tmp_path / "data")
    opened = open_client(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def school(tmp_path: Path) -> Iterator[ServerProcess]:
    """A school's server with two users, running."""
    server = ServerProcess(tmp_path / "server")
    for name in ("maria", "nikos"):
        server.create_user(name, "registrar")
    with server:
        yield server


@pytest.fixture
def at_the_school(school: ServerProcess, tmp_path: Path) -> Iterator[Client]:
    """Maria's computer, connected to the running server: for a file whose client is this one."""
    asyncio.run(connect(tmp_path / "data", school.url, "maria", PASSWORD))
    opened = open_client(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def bridge(qapp: QApplication, client: Client) -> Iterator[Bridge]:
    """A bridge whose threads have ended when the test has."""
    loop = LoopThread()
    loop.start()
    made = Bridge(loop)
    made.unexpected.connect(_raise)
    unsubscribe = client.subscribe(made.listen)
    yield made
    unsubscribe()
    assert made.close(ending=client.aclose), "the loop's thread did not end"


@pytest.fixture
def desk(client: Client, bridge: Bridge, theme: Theme) -> Desk:
    """The view models over the real client."""
    return make_desk(client, bridge, theme, lambda: datetime.now(UTC), time.monotonic)


@pytest.fixture
def workspace(qtbot: QtBot, desk: Desk, theme: Theme, memory: QSettings) -> Workspace:
    """The window of an account, shown."""
    made = Workspace(theme, desk, memory)
    qtbot.addWidget(made)
    made.resize(1200, 760)
    made.show()
    desk.students.refresh()
    desk.status.ask()
    desk.entries.refresh()
    qtbot.waitUntil(lambda: desk.status.words is not None and desk.entries.loaded)
    return made


def _raise(error: BaseException) -> None:
    raise error
