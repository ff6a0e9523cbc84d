"""The dashboard in the window, over the real client and the real server (R10, R8, R12, W3, W16, W19)."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from rollbook.client.dashboard import DashboardView
from rollbook.client.facade import Client
from rollbook.domain.clock import SystemClock
from rollbook.domain.roles import Role
from rollbook.server.database import Database
from rollbook.server.migrating import migrate
from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.viewmodels.dashboard import DashboardModel
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.windows.workspace import DASHBOARD, STUDENTS, Workspace
from support.client_desk import ClientDesk
from support.school_server import SchoolServer, settings_for
from support.weather_station import WeatherStation

CARDS = ("part-students", "part-weather", "part-grade_levels")
PATH = "/api/v1/dashboard"


@pytest.fixture
def station() -> Iterator[WeatherStation]:
    """A weather service."""
    with WeatherStation() as made:
        yield made


@pytest.fixture
def school(tmp_path: Path, station: WeatherStation) -> Iterator[SchoolServer]:
    """A school with three students, that asks it."""
    url = f"sqlite:///{tmp_path / 'school.sqlite3'}"
    database = Database(settings_for(url, tmp_path), SystemClock())
    migrate(database)
    database.close()
    server = SchoolServer(url, tmp_path, **station.settings)
    registrar = server.desk()
    for grade in ("2", "10", "2"):
        registrar.student(grade_level=grade)
    yield server
    server.close()


@pytest.fixture
def computer(school: SchoolServer, tmp_path: Path) -> ClientDesk:
    """A computer of the school, with a network that can be cut."""
    return ClientDesk(school, tmp_path / "data", school.user(Role.REGISTRAR))


@pytest.fixture
def client(computer: ClientDesk) -> Iterator[Client]:
    """What the window works with."""
    yield computer.client
    computer.close()


@pytest.fixture
def window(qtbot: QtBot, workspace: Workspace) -> Workspace:
    """The window, active."""
    qtbot.waitExposed(workspace)
    workspace.activateWindow()
    return workspace


@pytest.fixture
def shown(qtbot: QtBot, window: Workspace) -> Workspace:
    """The window with the dashboard open and told."""
    window.go_to(DASHBOARD)
    qtbot.waitUntil(lambda: said(window, "dashboardSummary") == "All of it is up to date.")
    return window


def said(root: QWidget, name: str) -> str:
    """What a label says; nothing where it is not seen."""
    found = root.findChild(QLabel, name)
    assert found is not None, name
    return found.text() if found.isVisible() else ""


def waits(qtbot: QtBot, root: QWidget, name: str, begins: str) -> None:
    """Wait until a label says so."""
    qtbot.waitUntil(lambda: said(root, name).startswith(begins), timeout=5_000)


def ask(window: Workspace) -> None:
    """Press the button as a person does."""
    found = window.findChild(QAbstractButton, "askDashboard")
    assert found is not None
    found.click()


def numbers(window: Workspace) -> list[str]:
    """All that can be seen of what the school told."""
    return [said(window, f"{name}Headline") for name in CARDS if said(window, f"{name}Headline")]


def test_r10_each_part_is_shown_fresh(shown: Workspace) -> None:
    assert said(shown, "part-studentsHeadline") == "3"
    assert said(shown, "part-weatherTitle") == "Weather in Athens"
    assert (said(shown, "part-weatherHeadline"), said(shown, "part-weatherCaption")) == ("21 °C", "Rain")
    assert "Today 17 °C to 28 °C" in said(shown, "part-weatherLines")
    assert {said(shown, f"{name}Fresh") for name in CARDS} == {"Up to date"}
    grades = shown.findChild(QWidget, "part-grade_levels")
    assert grades is not None
    assert grades.accessibleName() == "Students by grade. 2: 2. 10: 1. Up to date."


def test_r12_a_weather_service_that_fails_leaves_the_other_parts(
    qtbot: QtBot, window: Workspace, station: WeatherStation
) -> None:
    station.status = 500
    window.go_to(DASHBOARD)
    waits(qtbot, window, "dashboardSummary", "1 part is not available.")
    assert said(window, "part-weatherFresh") == "Not available"
    assert said(window, "part-weatherWhy") == "The weather service has trouble."
    assert said(window, "part-weatherHeadline") == ""
    assert said(window, "part-studentsFresh") == said(window, "part-grade_levelsFresh") == "Up to date"


def test_r8_while_the_server_is_away_each_part_is_older_and_why_is_said(
    qtbot: QtBot, shown: Workspace, desk: Desk, computer: ClientDesk
) -> None:
    desk.engine.start()
    computer.network.down = True
    ask(shown)
    waits(qtbot, shown, "dashboardSummary", "The school's server can't be reached. 3 parts are older.")
    assert said(shown, "part-studentsHeadline") == "3"
    for name in CARDS:
        assert said(shown, f"{name}Fresh").startswith("As it was ")
    computer.network.down = False
    ask(shown)  # once the engine has found the server, the parts are asked for by themselves
    waits(qtbot, shown, "dashboardSummary", "All of it is up to date.")


def test_w16_a_dashboard_that_was_never_seen_says_that_it_cannot_be_shown(
    qtbot: QtBot, window: Workspace, computer: ClientDesk
) -> None:
    computer.network.down = True
    window.go_to(DASHBOARD)
    waits(qtbot, window, "dashboardNoticeTitle", "The school's numbers can't be shown")
    assert "can't be reached" in said(window, "dashboardNoticeText")
    assert "is safe" in said(window, "dashboardNoticeText")
    assert numbers(window) == []


def test_r8_sign_out_leaves_nothing_on_the_screen(qtbot: QtBot, shown: Workspace, desk: Desk) -> None:
    desk.session.sign_out()
    waits(qtbot, shown, "dashboardNoticeTitle", "You are signed out")
    assert numbers(shown) == []
    ask(shown)
    assert said(shown, "dashboardNoticeTitle") == "You are signed out"


def test_r8_an_answer_that_comes_after_the_sign_out_is_not_shown(
    qtbot: QtBot,
    shown: Workspace,
    desk: Desk,
    client: Client,
    bridge: Bridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released, ended, real = threading.Event(), threading.Event(), client.dashboard

    async def held() -> DashboardView:
        try:
            view = await real()
            await asyncio.to_thread(released.wait)
            return view
        finally:
            ended.set()

    monkeypatch.setattr(client, "dashboard", held)
    ask(shown)
    desk.session.sign_out()
    waits(qtbot, shown, "dashboardNoticeTitle", "You are signed out")
    released.set()
    qtbot.waitUntil(ended.is_set)
    passed_by: list[None] = []
    bridge.spawn(_some_turns_of_the_loop(), passed_by.append)  # behind whatever became of the question
    qtbot.waitUntil(lambda: bool(passed_by))
    assert said(shown, "dashboardNoticeTitle") == "You are signed out"
    assert numbers(shown) == []


async def _some_turns_of_the_loop() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_r6_a_right_that_was_taken_away_leaves_nothing_on_the_screen(
    qtbot: QtBot, shown: Workspace, school: SchoolServer, computer: ClientDesk
) -> None:
    school.write(lambda connection: connection.execute(text("UPDATE membership SET role = 'support'")))
    ask(shown)
    waits(qtbot, shown, "dashboardNoticeTitle", "Your role does not see the school's numbers")
    assert numbers(shown) == []
    computer.network.down = True
    ask(shown)
    waits(qtbot, shown, "dashboardNoticeTitle", "The school's numbers can't be shown")  # nor from then on


def test_r8_another_role_is_not_shown_what_the_first_was_told(
    qtbot: QtBot, shown: Workspace, desk: Desk, computer: ClientDesk
) -> None:
    qtbot.waitUntil(lambda: desk.status.status is not None)
    asked = computer.network.paths.count(PATH)
    desk.status.role_told.emit("viewer")
    assert desk.dashboard.parts == ()
    waits(qtbot, shown, "dashboardSummary", "All of it is up to date.")
    assert computer.network.paths.count(PATH) == asked + 1


def test_w3_nobody_is_asked_while_one_works_offline_by_choice(
    qtbot: QtBot, window: Workspace, desk: Desk, computer: ClientDesk
) -> None:
    desk.session.work_offline(True)
    qtbot.waitUntil(lambda: desk.status.status is not None and desk.status.status.reason == "work_offline")
    window.go_to(DASHBOARD)
    waits(qtbot, window, "dashboardNoticeText", "You chose to work offline.")
    assert PATH not in computer.network.paths
    desk.session.work_offline(False)
    waits(qtbot, window, "dashboardSummary", "All of it is up to date.")


def test_r10_it_is_asked_for_only_while_somebody_looks(
    qtbot: QtBot, window: Workspace, desk: Desk, computer: ClientDesk
) -> None:
    assert PATH not in computer.network.paths
    window.go_to(DASHBOARD)
    waits(qtbot, window, "dashboardSummary", "All of it")
    assert desk.dashboard._again.isActive()
    window.go_to(STUDENTS)
    assert not desk.dashboard._again.isActive()


def test_r8_what_was_told_hours_ago_is_not_shown_again_before_it_was_asked_for(
    qtbot: QtBot, client: Client, bridge: Bridge, desk: Desk
) -> None:
    now = 1_000.0
    model = DashboardModel(client, bridge, desk.status, lambda: now)
    with qtbot.waitSignal(model.answered):
        model.ask_for_person()
    model.watch(False)
    assert model.parts
    now += 3_601.0
    model.watch(True)
    assert (model.parts, model.asking) == ((), True)
    assert model.nothing is not None
    assert model.nothing.asking
    qtbot.waitUntil(lambda: bool(model.parts))
    model.watch(False)


def test_w19_the_dashboard_is_read_by_keys_alone(qtbot: QtBot, shown: Workspace) -> None:
    shown.go_to(STUDENTS)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    passed = []
    for _ in CARDS:
        focused = QApplication.focusWidget()
        passed.append(focused.objectName())
        assert focused.accessibleName().endswith(("Up to date.", "ago."))
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert tuple(passed) == CARDS


def test_w16_asking_is_shown_and_the_keyboard_stays_where_it_was(
    qtbot: QtBot, shown: Workspace, desk: Desk
) -> None:
    button = shown.findChild(QAbstractButton, "askDashboard")
    assert button is not None
    button.setFocus()
    with qtbot.waitSignal(desk.dashboard.answered) as answered:
        QTest.keyClick(button, Qt.Key.Key_Return)
        assert button.text() == "Asking…"
    assert answered.args == ["All of it is up to date."]
    assert button.text() == "Ask again"
    assert QApplication.focusWidget() is button
