"""R18: the file for support tells how things stand and names nobody; it is written whole or not at all."""

import json
import logging
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from rollbook.client.bundle import BundleNotWrittenError
from rollbook.client.desk_log import DeskLog
from rollbook.domain.roles import Role
from rollbook.store.credentials import StoredCredentials
from support.client_desk import ClientDesk
from support.damaging import PAGE, overwrite, root_of
from support.school_server import SchoolServer
from support.server_process import PASSWORD
from support.small_disk import small_disk

PLANTED = "Qwyjibo"
FIELDS = {
    "family_name": PLANTED,
    "given_name": f"{PLANTED} Zzyzx",
    "native_name": f"Ж{PLANTED}",
    "email": f"{PLANTED.lower()}@example.org",
    "phone": "2107777777",
    "address": f"12 {PLANTED} Street",
    "national_id": "QW-998877",
}
NEVER = ("qwyjibo", "zzyzx", "2107777777", "qw-998877", PASSWORD)


@pytest.fixture
def desk(school: SchoolServer, tmp_path: Path) -> Iterator[ClientDesk]:
    """A computer with planted names wherever text may stand, its folder's name and its user's included."""
    one = ClientDesk(school, tmp_path / f"of {PLANTED}", school.user(Role.REGISTRAR))
    other = ClientDesk(school, tmp_path / "other", school.user(Role.REGISTRAR))
    one.add(**FIELDS, student_number="7")
    shared = one.add(**FIELDS)
    one.sync()
    other.sync()
    other.change(shared.entity_id, given_name=f"{PLANTED} the other")
    other.sync()
    other.close()
    one.change(shared.entity_id, given_name=f"{PLANTED} the first")  # a conflict
    one.add(**FIELDS, student_number="7")  # refused
    one.sync()
    one.add(**FIELDS)  # waits
    _plant_in_the_store(one)
    yield one
    one.close()


def _plant_in_the_store(desk: ClientDesk) -> None:
    """Where the real way puts no name today, one is put by hand: a server's words, a note, a label."""
    said = {"error": f"{PLANTED} is taken", "title": PLANTED, "detail": PLANTED, "suggestion": PLANTED}
    said["errors"] = [{"field": PLANTED, "message": PLANTED, "code": f"not {PLANTED}"}]  # type: ignore[assignment]
    file = desk.client.account.store
    desk.client.close()
    with sqlite3.connect(file) as store:
        assert store.execute("SELECT count(*) FROM operation WHERE state = 'conflict'").fetchone()[0] >= 1
        store.execute("UPDATE operation SET created_by = ?, label = ?", (PLANTED, PLANTED))
        store.execute("UPDATE operation SET problem = ? WHERE problem IS NOT NULL", (json.dumps(said),))
        row = {"op_id": "an-entry-of-old", "entity": "student", "entity_id": PLANTED, "kind": "update"}
        row |= {
            "entered_at": "2026-01-01T00:00:00+00:00",
            "state": "declined",
            "note": PLANTED,
            "by": PLANTED,
        }
        row |= {"at": "2026-01-01T00:00:00+00:00"}
        names = ", ".join(f'"{name}"' for name in row)
        store.execute(f"INSERT INTO decision ({names}) VALUES ({', '.join('?' * len(row))})", [*row.values()])
        store.execute("UPDATE attempt SET error = ?, route = ?", (f"{PLANTED} failed", f"/api/v1/{PLANTED}"))
    store.close()
    desk.client = desk._open()


def bundle_of(desk: ClientDesk, file: Path) -> dict[str, str]:
    """The parts of a new file, by name."""
    desk.client.support.write_bundle(file, {"qt": "6"})
    with zipfile.ZipFile(file) as bundle:
        return {name: bundle.read(name).decode("utf-8") for name in bundle.namelist()}


def log_of(desk: ClientDesk) -> None:
    """Let the program's log be written to as carelessly as can be."""
    log = DeskLog(desk.data)
    try:
        raise ValueError(PLANTED)
    except ValueError as error:
        structlog.get_logger("rollbook.desktop").exception("it_broke", op_id="01900000-one-entry")
        logging.getLogger("asyncio").error("Task exception was never retrieved: %r", error, exc_info=True)
        logging.getLogger("sqlalchemy").warning(f"a statement with {PLANTED}")
        log.unexpected(error, "01900000-one-request")
    log.close()
    folder = desk.data / "logs"
    with (folder / "desktop-1.log").open("a", encoding="utf-8") as stray:
        stray.write(f"Traceback: {PLANTED}\n" + json.dumps({"event": PLANTED}) + "\n")
    (folder / "notes.txt").write_text(PLANTED, encoding="utf-8")


def test_r18_the_bundle_holds_no_planted_name_and_no_secret(desk: ClientDesk, tmp_path: Path) -> None:
    log_of(desk)
    parts = bundle_of(desk, tmp_path / "bundle.zip")
    tokens = StoredCredentials(desk.client.account.folder, False)
    never = [*NEVER, tokens.access_token() or "none", tokens.refresh_token() or "none"]
    assert len(never) == len(NEVER) + 2
    found = {name: [word for word in never if word in (name + text).lower()] for name, text in parts.items()}
    assert {name: words for name, words in found.items() if words} == {}
    here = sqlite3.connect(desk.client.account.store)
    dump = "\n".join(here.iterdump()).lower()
    here.close()
    assert [word for word in NEVER[:4] if word not in dump] == []  # they are there to be found


def test_r18_the_bundle_says_how_things_stand(desk: ClientDesk, tmp_path: Path) -> None:
    log_of(desk)
    parts = bundle_of(desk, tmp_path / "bundle.zip")
    told: dict[str, Any] = {name: json.loads(text) for name, text in parts.items() if name.endswith(".json")}
    assert {"rollbook", "python", "sqlite", "system", "qt", "installation"} <= set(told["versions.json"])
    assert told["settings.json"]["resilience"]["breaker_failures"] == 5
    assert told["settings.json"]["sync"]["sync_poll_seconds"] == 20.0
    status = told["status.json"]
    assert (status["queued"], status["parked"] + status["conflicts"]) == (1, 2)
    assert status["server"] == "http://school"
    assert status["decisions"][0]["state"] == "declined"
    counts = told["counts.json"]
    assert counts["entries"]["queued"] == 1
    assert counts["records"]["student"]["all"] >= 3
    entries = told["entries.json"]
    assert {"queued", "conflict"} <= {each["state"] for each in entries}
    assert "given_name" in next(each for each in entries if each["state"] == "conflict")["conflict_fields"]
    assert all(set(each["fields"]) <= {*FIELDS, "student_number"} for each in entries)
    assert any(each["status"] == 200 and each["op_ids"] for each in told["requests.json"])
    assert told["store.json"]["problems"] == []
    assert told["store.json"]["bytes"]["store"] > 0
    lines = [json.loads(line) for line in parts["logs/desktop-1.log"].splitlines()]
    assert [line["event"] for line in lines] == ["started", "it_broke", "library", "library", "unexpected"]
    broke, unexpected = lines[1], lines[-1]
    assert (broke["error_type"], broke["op_id"]) == ("builtins.ValueError", "01900000-one-entry")
    assert unexpected["request_id"] == "01900000-one-request"
    assert "logs/notes.txt" not in parts


def test_r18_a_damaged_store_leaves_the_other_parts(desk: ClientDesk, tmp_path: Path) -> None:
    file = desk.client.account.store
    desk.client.close()
    overwrite(file, (root_of(file, "attempt") - 1) * PAGE, PAGE)
    desk.client = desk._open()  # what is read at the start is sound
    parts = bundle_of(desk, tmp_path / "bundle.zip")
    assert json.loads(parts["requests.json"]) == {"unavailable": "store_damaged"}
    assert json.loads(parts["settings.json"])["keyring"] is False
    assert json.loads(parts["entries.json"])[0]["entity"] == "student"
    assert "qwyjibo" not in "".join(parts.values()).lower()


def test_r18_a_full_or_unwritable_place_is_said_and_leaves_what_was_there(
    desk: ClientDesk, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", kib=256) as disk:
        file = disk.folder / "bundle.zip"
        file.write_text("the one before", encoding="utf-8")
        disk.fill()
        assert refusal(desk, file) == "disk-full"
        assert file.read_text(encoding="utf-8") == "the one before"
        assert sorted(each.name for each in disk.folder.iterdir()) == ["bundle.zip", "filling"]
        disk.free()
        disk.read_only()
        assert refusal(desk, file) == "not-writable"
        disk.read_only(False)
        assert "versions.json" in bundle_of(desk, file)
        assert file.stat().st_mode & 0o077 == 0
    assert refusal(desk, tmp_path) == "is-a-folder"
    assert refusal(desk, tmp_path / "nowhere" / "bundle.zip") == "no-such-folder"


def refusal(desk: ClientDesk, file: Path) -> str:
    """Why the file was not written."""
    with pytest.raises(BundleNotWrittenError) as caught:
        desk.client.support.write_bundle(file)
    assert str(file) in str(caught.value)
    return caught.value.code
