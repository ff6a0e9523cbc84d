"""A log that a kill leaves and the disk then damages: healed or told, never "up to date" in silence (S28)."""

import random
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.client_desk import ClientDesk
from support.school_server import SchoolServer

_FRAME, _HEADER = 4096 + 24, 32
_NAMES = [f"Student {number:02}" for number in range(12)]
Files = dict[str, bytes]


def _store(desk: ClientDesk) -> Path:
    return desk.client.account.store


def _killed_after_saving(desk: ClientDesk) -> Files:
    """What a kill leaves: the store, its log, and what lies beside them."""
    desk.client._store.checkpoint()
    for name in _NAMES:
        desk.add(given_name=name)
    left = {file.name: file.read_bytes() for file in _store(desk).parent.glob("store.sqlite3*")}
    desk.close()
    return left


def _start_with(desk: ClientDesk, files: Files) -> None:
    desk.close()
    for file in _store(desk).parent.glob("store*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    for name, content in files.items():
        _store(desk).with_name(name).write_bytes(content)
    desk.crash()


def _names(desk: ClientDesk) -> list[str]:
    return sorted(row["given_name"] for row in desk.shown())


def _zeroed(log: bytes) -> bytes:
    return bytes(len(log))


def _halved(log: bytes) -> bytes:
    return log[: len(log) // 2]


def _no_header(log: bytes) -> bytes:
    return bytes(_HEADER) + log[_HEADER:]


@pytest.mark.parametrize("damage", [_zeroed, _halved, None], ids=["zeroed", "halved", "deleted"])
def test_s28_a_log_that_is_gone_or_cut_after_a_kill_is_told(
    desk: ClientDesk, damage: Callable[[bytes], bytes] | None
) -> None:
    left = _killed_after_saving(desk)
    if damage is None:
        del left["store.sqlite3-wal"], left["store.sqlite3-shm"]
    else:
        left["store.sqlite3-wal"] = damage(left["store.sqlite3-wal"])
    _start_with(desk, left)
    (notice,) = desk.client.status().notices
    assert (notice.kind, notice.lost) == ("log_lost", len(_NAMES) - len(desk.shown()))
    assert notice.lost > 0
    last = desk.sql("SELECT seq FROM sqlite_sequence WHERE name = 'operation'")
    assert last == [(len(_NAMES),)], "a number that was given is not given again"
    desk.crash()
    assert len(desk.client.status().notices) == 1, "told once, until it is read"
    assert desk.sync().notices


def test_s28_a_log_without_its_header_is_mended(
    desk: ClientDesk, school: SchoolServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/not/there")  # what is looked at stays in the account's folder
    left = _killed_after_saving(desk)
    broken = _no_header(left["store.sqlite3-wal"])
    _start_with(desk, left | {"store.sqlite3-wal": broken})
    assert _names(desk) == _NAMES
    (kept,) = _store(desk).parent.glob("store.damaged-*-wal")
    assert kept.read_bytes() == broken, "as it was found"
    assert desk.sync().up_to_date


def test_s28_one_bit_turned_in_a_log_loses_nothing_in_silence(desk: ClientDesk) -> None:
    left = _killed_after_saving(desk)
    log = left["store.sqlite3-wal"]
    chance = random.Random(28)
    healed = 0
    for place in [3, 17, *(chance.randrange(_HEADER, len(log)) for _each in range(24))]:
        turned = bytearray(log)
        turned[place] ^= 1 << chance.randrange(8)
        _start_with(desk, left | {"store.sqlite3-wal": bytes(turned)})
        status = desk.client.status()
        healed += not status.notices
        missing = len(_NAMES) - sum(name in _NAMES for name in _names(desk))
        assert missing == 0 or status.notices, place
        assert sum(notice.lost for notice in status.notices) + status.parked >= missing, place
    assert healed > 18, "a bit that the sums can find is turned back"


def test_s28_a_log_cut_at_any_frame_is_told_where_an_entry_is_gone(desk: ClientDesk) -> None:
    left = _killed_after_saving(desk)
    log = left["store.sqlite3-wal"]
    for frames in range(0, (len(log) - _HEADER) // _FRAME + 1, 9):
        _start_with(desk, left | {"store.sqlite3-wal": log[: _HEADER + frames * _FRAME]})
        missing = len(_NAMES) - len(desk.shown())
        told = [notice.lost for notice in desk.client.status().notices]
        assert sum(told) == missing, frames


def test_s28_a_commit_that_a_power_cut_tore_is_no_damage(desk: ClientDesk) -> None:
    left = _killed_after_saving(desk)
    mark = left["store.sqlite3.mark"]
    desk.crash()
    desk.client._store.checkpoint()
    desk.add(given_name="Before")
    _store(desk)
    before = {file.name: file.read_bytes() for file in _store(desk).parent.glob("store.sqlite3*")}
    desk.add(given_name="Torn")
    after = {file.name: file.read_bytes() for file in _store(desk).parent.glob("store.sqlite3*")}
    assert mark != before["store.sqlite3.mark"] != after["store.sqlite3.mark"]
    size = len(before["store.sqlite3-wal"])
    torn = bytearray(after["store.sqlite3-wal"])
    torn[size + 24 : size + _FRAME] = bytes(4096)  # its first page never came, its others did
    _start_with(desk, before | {"store.sqlite3-wal": bytes(torn)})
    assert desk.client.status().notices == ()
    assert _names(desk) == ["Before", *_NAMES]


def test_s28_a_kill_loses_nothing_and_says_nothing(desk: ClientDesk) -> None:
    left = _killed_after_saving(desk)
    _start_with(desk, left)
    assert desk.client.status().notices == ()
    assert _names(desk) == _NAMES
    assert desk.sync().up_to_date


def test_s28_entries_where_a_log_is_damaged_for_good_are_shown_to_a_person(
    desk: ClientDesk, school: SchoolServer
) -> None:
    left = _killed_after_saving(desk)
    log, parked = left["store.sqlite3-wal"], 0
    for found in re.finditer(b"Student 11", log):
        damaged = bytearray(log)
        damaged[found.end() - 2 : found.end()] = b"77"  # two bytes: no bit to turn back
        _start_with(desk, left | {"store.sqlite3-wal": bytes(damaged)})
        shown = {entry.problem["error"] for entry in desk.client.entries() if entry.problem}
        assert shown <= {"entry-doubtful"}
        status = desk.client.status()
        lost = sum(notice.lost for notice in status.notices)
        assert status.queued + status.parked + lost >= len(_NAMES)
        parked += status.parked
        desk.sync()
    at_school = [row[0] for row in school.rows("SELECT given_name FROM student WHERE school_id = :school")]
    assert sorted(at_school) == _NAMES, "what the disk made of one is not sent unseen"
    assert parked
