"""What lies between a desk and its school does harm: nothing is lost or believed, and the words are right.

Over real sockets and TLS. In the middle of a push the school has taken the entry when the answer is replaced.
"""

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from rollbook.api import local_network
from support.faulty_server import Answering, answer, html_page, raw, refuse, response, slow_drip
from support.hostile_network import HostileNetwork
from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess

GUEST = "On a guest network, sign in to it in a browser first; else check the address."
KEPT = "Every entry is kept on this computer and goes by itself later."
SECONDS = "4"
Table = dict[str, tuple[Any, str, str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The school's server."""
    one = ServerProcess(tmp_path_factory.mktemp("server"), env={"ROLLBOOK_SIGN_IN_ATTEMPTS": "1000"})
    one.create_user()
    with one:
        yield one


@pytest.fixture
def network(
    server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HostileNetwork]:
    """The way to it, which does no harm yet."""
    with HostileNetwork(server.port, tmp_path) as one:
        monkeypatch.setenv("SSL_CERT_FILE", str(one.authority.file))
        monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
        monkeypatch.setenv("ROLLBOOK_RETRY_ATTEMPTS", "1")
        monkeypatch.setenv("ROLLBOOK_REQUEST_TIMEOUT_SECONDS", SECONDS)
        monkeypatch.setenv("ROLLBOOK_PROBE_TIMEOUT_SECONDS", SECONDS)
        monkeypatch.setattr(local_network, "has_route", lambda: True)  # this computer is not cut off itself
        yield one


@pytest.fixture
def ctl(network: HostileNetwork, tmp_path: Path) -> InProcessLine:
    """A computer in sync over that way, with one entry that waits."""
    one = InProcessLine(tmp_path / "desk")
    said = one.run("connect", network.url, "--user", "registrar", "--password-stdin", stdin=PASSWORD + "\n")
    assert said.code == 0, said.err
    assert one.run("sync").code == 0
    assert one.run("students", "add", "given_name=Nikos", f"phone={network.port}").code == 3
    return one


def ours(server: ServerProcess) -> str:
    """The installation's id, which whoever listens on the way knows."""
    with sqlite3.connect(server.folder / "school.sqlite3") as connection:
        [(found,)] = connection.execute("SELECT id FROM installation")
    return str(found)


def at_school(server: ServerProcess, network: HostileNetwork) -> int:
    """How many of this test's student are at the school, by plain SQL."""
    with sqlite3.connect(server.folder / "school.sqlite3") as connection:
        [(found,)] = connection.execute("SELECT count(*) FROM student WHERE phone = ?", (str(network.port),))
    return int(found)


def in_a_moment() -> str:
    """The other form of Retry-After: a date."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


# What is answered, given our installation's id; the code; what `status` says of the connection.
ANSWERS: dict[str, tuple[Any, str, str]] = {
    "a captive portal's page": (
        lambda _ours: html_page(200),
        "not-our-server",
        f"offline. What answers there is no Rollbook server. {GUEST}",
    ),
    "a captive portal's redirect": (
        lambda _ours: raw(response(302, b"", installation=None, Location="https://hotel.example/login")),
        "not-our-server",
        f"offline. What answers there is no Rollbook server. {GUEST}",
    ),
    "JSON that is cut": (
        lambda ours: raw(response(body=b'{"results": [{"op_id": "', installation=ours)),
        "unreadable-answer",
        "offline. The server's answer was cut off or cannot be read.",
    ),
    "another server's JSON": (
        lambda _ours: answer(200, {"results": [], "changes": []}, installation=None),
        "not-our-server",
        f"offline. What answers there is no Rollbook server. {GUEST}",
    ),
    "another Rollbook server": (
        lambda _ours: answer(200, {"results": []}, installation="another"),
        "another-installation",
        "offline. Another Rollbook server answers at this address, not this school's. "
        "Tell the administrator.",
    ),
    "429 with seconds": (
        lambda ours: refuse(429, "too-many-requests", installation=ours, Retry_After="2"),
        "too-many-requests",
        "offline. too-many-requests",
    ),
    "429 with a date": (
        lambda ours: refuse(429, "too-many-requests", installation=ours, Retry_After=in_a_moment()),
        "too-many-requests",
        "offline. too-many-requests",
    ),
    "a byte a second": (
        lambda ours: slow_drip({"results": []}, 1.0),
        "timeout",
        "offline. The server did not answer in time.",
    ),
    "a proxy's 502": (
        lambda _ours: raw(response(502, b"<h1>Bad Gateway</h1>", media="text/html", installation=None)),
        "gateway-error",
        "offline. Something on the way cannot reach the school's server (it answered 502).",
    ),
}
CERTIFICATES: dict[str, tuple[dict[str, Any], str]] = {
    "signed by itself": (
        {"trusted": False},
        f"offline. The certificate that was shown is signed by nobody whom this computer trusts. {GUEST}",
    ),
    "run out": (
        {"days": (-10, -2)},
        "offline. The server's certificate has run out. Check this computer's date; if it is right, the "
        "administrator must renew the certificate.",
    ),
    "another host's": (
        {"name": "hotel.example"},
        f"offline. The certificate that was shown is another server's. {GUEST}",
    ),
}


def told(ctl: InProcessLine, code: str, words: str, *before: str) -> None:
    """What `status` says while the harm is done; ``before`` stands before the command."""
    said = ctl.run(*before, "status")
    assert (said.code, said.data["failure"], said.data["up_to_date"]) == (3, code, False)
    lines = dict(line.split(":", 1) for line in ctl.say(*before, "status").out.splitlines() if ":" in line)
    assert lines["Connection"].strip() == words
    assert lines["To be sent"].strip() == "1"


def all_goes(ctl: InProcessLine, server: ServerProcess, network: HostileNetwork) -> None:
    """Once the fault is gone, the entry is at the school, once, and both sides know."""
    said = ctl.run("sync")
    assert (said.code, said.data["up_to_date"]) == (0, True), said.err
    assert at_school(server, network) == 1
    assert ctl.run("outbox", "list").data["total"] == 0


@pytest.mark.parametrize("harm", ANSWERS)
def test_s9_s10_an_answer_that_is_not_the_schools_is_believed_in_nothing(
    ctl: InProcessLine, server: ServerProcess, network: HostileNetwork, harm: str
) -> None:
    making, code, words = ANSWERS[harm]
    doing: Answering = making(ours(server))
    network.harm = doing
    said = ctl.run("sync")
    assert (said.code, said.data["problem"], said.data["up_to_date"]) == (3, code, False)
    assert KEPT in said.err
    assert network.pushes == 1
    assert at_school(server, network) == 1  # it was taken, and its answer never came
    [entry] = ctl.run("outbox", "list").data["entries"]
    assert entry["state"] in ("queued", "unknown")
    assert entry["attempts"] == 0
    told(ctl, code, words)
    network.heals()
    time.sleep(2.5 if code == "too-many-requests" else 0)
    all_goes(ctl, server, network)


@pytest.mark.parametrize("shown", CERTIFICATES)
def test_s9_a_certificate_that_is_not_the_schools_gets_nothing(
    ctl: InProcessLine, server: ServerProcess, network: HostileNetwork, shown: str
) -> None:
    given, words = CERTIFICATES[shown]
    network.shows(network.authority.context(**given))
    said = ctl.run("sync")
    assert (said.code, said.data["problem"]) == (3, "tls-failed")
    assert (network.pushes, at_school(server, network)) == (0, 0)
    told(ctl, "tls-failed", words)
    network.heals()
    all_goes(ctl, server, network)


def test_s9_a_name_that_cannot_be_found_is_said_and_all_goes_once_it_can(
    ctl: InProcessLine, server: ServerProcess, network: HostileNetwork
) -> None:
    nowhere = ("--server", "https://rollbook.invalid")
    said = ctl.run(*nowhere, "sync")
    assert (said.code, said.data["problem"]) == (3, "name-not-found")
    words = "offline. The server's name cannot be found. Check the address."
    told(ctl, "name-not-found", words, *nowhere)
    assert ctl.run("--server", network.url, "sync").code == 0
    all_goes(ctl, server, network)
