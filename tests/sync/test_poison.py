"""One bad entry among 1,000: 999 arrive, it says why it does not, and what hangs on it waits (S8, S9).

Over a real server and a socket, seen through the command line.
"""

import csv
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command_line import Said
from support.defective_server import POISON
from support.in_process_line import InProcessLine
from support.server_process import PASSWORD, ServerProcess

COUNT, PLACE = 1_000, 300
LIMIT_BYTES, NO_LIMIT_BYTES = 4 * 1024, 8 * 1024 * 1024
WIDE = "\U00010300"  # a letter of four bytes
LONG = {"address": WIDE * 500}
LONG |= dict.fromkeys(("middle_name", "preferred_given_name", "native_name"), WIDE * 200)


@pytest.fixture
def server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ServerProcess]:
    """A server that takes bodies of so many bytes; it is down until a test starts it."""
    limit = getattr(request, "param", NO_LIMIT_BYTES)
    monkeypatch.setenv("ROLLBOOK_KEYRING", "0")
    monkeypatch.setenv(
        "ROLLBOOK_CONNECT_TIMEOUT_SECONDS", "30"
    )  # the server is on this machine: it is there or not
    monkeypatch.setenv("ROLLBOOK_PROBE_TIMEOUT_SECONDS", "30")
    one = ServerProcess(tmp_path / "server", env={"ROLLBOOK_MAX_BODY_BYTES": str(limit)})
    one.create_user()
    yield one
    if one.running:
        one.kill()


@pytest.fixture
def ctl(server: ServerProcess, tmp_path: Path) -> InProcessLine:
    """A computer in sync with the empty school, whose server is down since."""
    one = InProcessLine(tmp_path / "desk")
    with server:
        said = one.run(
            "connect", server.url, "--user", "registrar", "--password-stdin", stdin=PASSWORD + "\n"
        )
        assert said.code == 0, said.err
        assert one.run("sync").code == 0
        server.stop()
    return one


def import_with(ctl: InProcessLine, folder: Path, **poison: str) -> str:
    """Import 1,000 students of whom one has those values, and try to send them in vain; the one's id."""
    file = folder / "thousand.csv"
    names = ["student_number", "given_name", *poison]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        for number in range(COUNT):
            row = {"student_number": f"{number:04}", "given_name": f"Student {number}"}
            writer.writerow(row | (poison if number == PLACE else {}))
    assert ctl.run("import", str(file)).data["stored"] == COUNT
    [one] = ctl.run("students", "find", f"{PLACE:04}").data["students"]
    return str(one["id"])


def change_after_an_attempt(ctl: InProcessLine, student: str) -> Said:
    """An edit that cannot ride with the first entry any more, as that has been on its way once."""
    assert ctl.run("sync").code == 3
    return ctl.run("students", "set", student, "phone=210 1")


def at_school(server: ServerProcess) -> list[Any]:
    """Numbers and phones by plain SQL."""
    with sqlite3.connect(server.folder / "school.sqlite3") as connection:
        return connection.execute("SELECT student_number, phone FROM student ORDER BY 1").fetchall()


def all_but_one_arrived(ctl: InProcessLine, server: ServerProcess, state: str) -> dict[str, Any]:
    """999 are there, one is in that state with its reason; gives it. What waits behind it says so."""
    said = ctl.run("status")
    behind = said.data["queued"] + said.data["unknown"]  # in a batch answered by a 500, it was on its way
    assert (said.data[state], behind, said.data["up_to_date"]) == (1, 1, False)
    numbers = [number for number, _phone in at_school(server)]
    assert numbers == [f"{number:04}" for number in range(COUNT) if number != PLACE]
    first, behind = ctl.run("outbox", "list").data["entries"]
    assert behind["fields"] == {"phone": [None, "210 1"]}
    assert first["state"] == state
    assert first["last_request_id"]
    assert behind["waits_for"]
    assert behind["held_by"] == first["op_id"]
    found = ctl.run("support", "find", first["last_request_id"])
    assert any(attempt["route"] == "/api/v1/sync/push" for attempt in found.data["attempts"])
    return dict(first)


def everything_arrived(ctl: InProcessLine, server: ServerProcess) -> None:
    """All 1,000 once, the edit that waited too."""
    assert ctl.run("status").data["up_to_date"] is True
    assert at_school(server) == [
        (f"{number:04}", "210 1" if number == PLACE else None) for number in range(COUNT)
    ]
    with sqlite3.connect(server.folder / "school.sqlite3") as connection:
        [counts] = connection.execute(
            "SELECT (SELECT count(*) FROM receipt), (SELECT count(*) FROM history), "
            "(SELECT count(*) FROM feed WHERE entity = 'student'), (SELECT count(*) FROM student)"
        )
    assert counts[0] == counts[1] == counts[2] >= counts[3] == COUNT


def test_s8_s9_one_refused_among_1000_is_parked_and_goes_once_mended(
    ctl: InProcessLine, server: ServerProcess, tmp_path: Path
) -> None:
    student = import_with(ctl, tmp_path, email="poison@example.org")
    # A program of an earlier release took what this server refuses.
    [store] = ctl.data.rglob("store.sqlite3")
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE operation SET changes = replace(changes, 'poison@example.org', 'nobody')")
    change_after_an_attempt(ctl, student)
    with server:
        assert ctl.run("sync").code == 3
        parked = all_but_one_arrived(ctl, server, "parked")
        assert parked["problem"]["error"] == "validation-failed"
        assert [error["field"] for error in parked["problem"]["errors"]] == ["email"]
        assert ctl.run("students", "set", student, "email=poison@example.org").code == 3
        assert ctl.run("sync").code == 0
        everything_arrived(ctl, server)


@pytest.mark.parametrize("server", [LIMIT_BYTES], indirect=True)
def test_s8_s9_one_too_large_among_1000_is_parked_and_goes_once_shortened(
    ctl: InProcessLine, server: ServerProcess, tmp_path: Path
) -> None:
    # Limits are in letters: a server's limit in bytes may be met by an entry that breaks none of them.
    student = import_with(ctl, tmp_path, **LONG)
    change_after_an_attempt(ctl, student)
    with server:
        assert ctl.run("sync").code == 3
        parked = all_but_one_arrived(ctl, server, "parked")
        assert parked["problem"]["error"] == "entry-too-large"
        assert "Shorten" in parked["problem"]["suggestion"]
        assert ctl.run("students", "set", student, *(f"{name}=" for name in LONG)).code == 3
        assert ctl.run("sync").code == 0
        everything_arrived(ctl, server)


@pytest.mark.parametrize("defect", ["alone", "batch"])
def test_s8_s9_one_that_the_server_falls_over_among_1000_waits_alone_and_goes_once_mended(
    ctl: InProcessLine, server: ServerProcess, tmp_path: Path, defect: str
) -> None:
    student = import_with(ctl, tmp_path, family_name=POISON)
    change_after_an_attempt(ctl, student)
    server.start(defect=defect)
    assert ctl.run("sync").code == 3
    failed = all_but_one_arrived(ctl, server, "failed")
    assert (failed["problem"]["error"], failed["attempts"]) == ("internal-error", 1)
    server.restart()
    assert ctl.run("sync").code == 0
    everything_arrived(ctl, server)
