"""W22: the first start, over real servers: one click, or an address; and every way in which it goes wrong."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from rollbook_desktop.bootstrap import Options, Program
from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.loop_thread import LoopThread
from rollbook_desktop.bridge.trial_school import TrialSchool
from rollbook_desktop.viewmodels.first_start import complete_address
from rollbook_desktop.widgets.dialog import Question
from rollbook_desktop.widgets.theme import Theme
from support.desk import NOBODY_THERE, connected_here, student
from support.server_process import PASSWORD, ServerProcess

MADE_WITHIN_MS = 60_000
ANSWERED_WITHIN_MS = 15_000
Start = Callable[..., Program]


class LoginPage(BaseHTTPRequestHandler):
    """A public network's sign-in page: it answers everything with 200 and HTML."""

    def do_GET(self) -> None:
        """Any address."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Welcome to the hotel</title>")

    def do_POST(self) -> None:
        """Any address."""
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def login_page() -> Iterator[str]:
    """The address of a sign-in page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), LoginPage)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A school's server, running."""
    server = ServerProcess(tmp_path_factory.mktemp("server"))
    server.create_user("registrar", "registrar")
    with server:
        yield server


@pytest.fixture
def start(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Iterator[Start]:
    """Starts the program in this process; what is left running at the end is closed."""
    running: list[Program] = []

    def started(**options: object) -> Program:
        loop = LoopThread()
        loop.start()
        memory = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        program = Program(data, Options(**options), theme, memory, Bridge(loop))  # type: ignore[arg-type]
        running.append(program)
        program.start()
        return program

    yield started
    for program in running:
        if program.window.isVisible():
            end(qtbot, program)


def end(qtbot: QtBot, program: Program) -> None:
    """Close the window, whatever it asks."""
    with qtbot.waitSignal(program.ended, timeout=20_000):
        program.window.close()
        question = program.window.findChild(Question)
        if question is not None:
            press(question, "quitAnyway")


def press(root: QWidget, name: str) -> None:
    """Press the button of that name."""
    button = root.findChild(QAbstractButton, name)
    assert button is not None, name
    button.click()


def said(root: QWidget, name: str) -> str:
    """What the label says; empty while it is not there."""
    label = root.findChild(QLabel, name)
    return label.text() if label is not None else ""


def pill(program: Program) -> str:
    """What the pill says; empty while there is none."""
    found = program.window.findChild(QAbstractButton, "statusPill")
    return found.text() if found is not None else ""


def shown(qtbot: QtBot, program: Program, name: str) -> None:
    """Wait until the widget is to be seen."""

    def is_shown() -> bool:
        found = program.window.findChild(QWidget, name)
        return found is not None and found.isVisible()

    qtbot.waitUntil(is_shown, timeout=ANSWERED_WITHIN_MS)


def fill_in(program: Program, address: str, name: str, password: str) -> None:
    """Fill the form for connecting in, and send it."""
    press(program.window, "connectToSchool")
    for field, value in (("address", address), ("userName", name), ("password", password)):
        line = program.window.findChild(QLineEdit, field)
        assert line is not None
        line.setText(value)
    press(program.window, "connect")


def test_w22_one_click_makes_a_school_and_the_next_start_finds_it_again(
    qtbot: QtBot, start: Start, tmp_path: Path
) -> None:
    program = start()
    shown(qtbot, program, "tryIt")
    press(program.window, "tryIt")
    qtbot.waitUntil(lambda: pill(program) == "All saved", timeout=MADE_WITHIN_MS)
    qtbot.waitUntil(lambda: said(program.window, "studentCount") == "1000 students")
    record = TrialSchool(tmp_path / "data" / "trial-school").record()
    assert record is not None
    end(qtbot, program)
    assert not answers(record.port), "the school's server outlived the window"

    program = start()
    qtbot.waitUntil(lambda: pill(program) == "All saved", timeout=MADE_WITHIN_MS)
    assert answers(record.port), "the school is served where it was"
    end(qtbot, program)

    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", record.port))
        squatter.listen()
        program = start()
        qtbot.waitUntil(lambda: pill(program) == "All saved", timeout=MADE_WITHIN_MS)
    moved = TrialSchool(tmp_path / "data" / "trial-school").record()
    assert moved is not None
    assert moved.port != record.port, "a port that is taken is given up, and the account follows"
    assert moved.installation == record.installation


def test_w22_connecting_to_a_school_leads_to_its_students(
    qtbot: QtBot, start: Start, school: ServerProcess
) -> None:
    program = start()
    shown(qtbot, program, "connectToSchool")
    fill_in(program, school.url, "registrar", PASSWORD)
    qtbot.waitUntil(lambda: pill(program) == "All saved", timeout=ANSWERED_WITHIN_MS)


def test_w11_a_wrong_password_is_said_at_its_field(qtbot: QtBot, start: Start, school: ServerProcess) -> None:
    program = start()
    shown(qtbot, program, "connectToSchool")
    fill_in(program, school.url, "registrar", "wrong")
    qtbot.waitUntil(
        lambda: "name or the password is wrong" in said(program.window, "passwordError"),
        timeout=ANSWERED_WITHIN_MS,
    )
    line = program.window.findChild(QLineEdit, "address")
    assert line is not None
    assert line.text() == school.url


def test_s10_a_login_page_that_answers_200_is_not_taken_for_the_school(
    qtbot: QtBot, start: Start, login_page: str
) -> None:
    program = start()
    shown(qtbot, program, "connectToSchool")
    fill_in(program, login_page, "registrar", PASSWORD)
    qtbot.waitUntil(
        lambda: "not a Rollbook server" in said(program.window, "firstStartProblem"),
        timeout=ANSWERED_WITHIN_MS,
    )


def test_w16_a_server_that_cannot_be_reached_is_said(qtbot: QtBot, start: Start) -> None:
    program = start()
    shown(qtbot, program, "connectToSchool")
    fill_in(program, NOBODY_THERE, "registrar", PASSWORD)
    qtbot.waitUntil(
        lambda: "can't be reached" in said(program.window, "firstStartProblem"), timeout=ANSWERED_WITHIN_MS
    )


@pytest.mark.parametrize(
    ("missing", "field"), [(0, "addressError"), (1, "userNameError"), (2, "passwordError")]
)
def test_w11_what_is_missing_is_said_at_its_field(
    qtbot: QtBot, start: Start, missing: int, field: str
) -> None:
    program = start()
    shown(qtbot, program, "connectToSchool")
    fill_in(program, *("" if number == missing else "x" for number in range(3)))
    qtbot.waitUntil(lambda: said(program.window, field).startswith("Enter"))


def test_w4_a_start_without_network_opens_on_what_is_here(qtbot: QtBot, start: Start, tmp_path: Path) -> None:
    from rollbook.client.opening import open_client

    connected_here(tmp_path / "data")
    client = open_client(tmp_path / "data")
    student(client, "Haddad", "Hana")
    client.close()
    program = start()
    qtbot.waitUntil(lambda: said(program.window, "studentCount") == "1 student", timeout=ANSWERED_WITHIN_MS)
    qtbot.waitUntil(lambda: pill(program).endswith("1 waiting"), timeout=ANSWERED_WITHIN_MS)


def test_w8_quitting_with_a_waiting_entry_says_how_many_and_keeps_it(
    qtbot: QtBot, start: Start, tmp_path: Path
) -> None:
    from rollbook.client.opening import open_client

    connected_here(tmp_path / "data")
    client = open_client(tmp_path / "data")
    saved = student(client, "Haddad", "Hana")
    client.close()
    program = start()
    qtbot.waitUntil(lambda: pill(program).endswith("1 waiting"), timeout=ANSWERED_WITHIN_MS)
    program.window.close()
    question = program.window.findChild(Question)
    assert question is not None
    assert said(question, "dialogTitle") == "1 entry is not at the school yet"
    assert "kept on this computer" in said(question, "questionText")
    press(question, "stay")
    assert program.window.isVisible()
    end(qtbot, program)
    client = open_client(tmp_path / "data")
    assert [entry.op_id for entry in client.entries()] == [saved.op_id]
    client.close()


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("school.example.org", "https://school.example.org"),
        (" school.example.org:8443/ ", "https://school.example.org:8443"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://school.local:8000/", "http://school.local:8000"),
        ("", ""),
    ],
)
def test_w22_an_address_as_people_type_it_is_completed(typed: str, url: str) -> None:
    assert complete_address(typed) == url


def answers(port: int) -> bool:
    """Whether someone listens on the port of this computer."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
