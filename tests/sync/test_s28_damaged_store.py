"""A damaged or lost store: set aside, what waits is saved from it first, and the person is told (S28)."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rollbook.client.errors import CallFailedError, StoreError
from rollbook.store import doubt, rescue
from rollbook.store.errors import StoreLockedError
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

_PAGE = 4096
_ENTRY = "SELECT op_id, state, uncertain, frozen, changes, carried_by FROM operation ORDER BY sequence"


def _store(desk: ClientDesk) -> Path:
    return desk.client.account.store


def _entries(file: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(file)) as connection:
        return {row[0]: row[1:] for row in connection.execute(_ENTRY)}


def _some_of_each(desk: ClientDesk) -> None:
    """Entries of many states, with a rider, and longer than a page."""
    first = desk.add(given_name="Ελένη", phone="1")
    desk.sync()
    desk.network.faults += ["drop after commit"]
    unknown = desk.add(given_name="Σοφία", address="α" * 500)
    desk.change(unknown.entity_id, phone="2310 1")
    with pytest.raises(CallFailedError):
        desk.sync()
    for number in range(120):
        desk.add(given_name=f"Queued {number}", address="β" * (number * 4))
    desk.change(first.entity_id, phone="2")


def _overwrite(file: Path, at: int, length: int) -> None:
    with file.open("r+b") as opened:
        opened.seek(at)
        opened.write(random.Random(7).randbytes(length))


def _garbage(file: Path) -> None:
    file.write_bytes(b"this is no database " * 5000)


def _no_header(file: Path) -> None:
    _overwrite(file, 0, 100)


def _no_first_page(file: Path) -> None:
    _overwrite(file, 0, _PAGE)


def _pages_of_students(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='student'").fetchone()
    _overwrite(file, (root - 1) * _PAGE, _PAGE)


def _root_of_entries(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='operation'").fetchone()
    _overwrite(file, (root - 1) * _PAGE, _PAGE)


@pytest.mark.parametrize(
    "damage",
    [_no_header, _no_first_page, _pages_of_students, _root_of_entries],
    ids=lambda each: each.__name__,
)
def test_s28_every_entry_is_saved_from_a_store_whose_other_pages_are_damaged(
    desk: ClientDesk, school: SchoolServer, damage: Callable[[Path], None]
) -> None:
    _some_of_each(desk)
    before = _entries(_store(desk))
    desk.close()
    damage(_store(desk))
    damaged = _store(desk).read_bytes()
    doubt.note(_store(desk))  # as whoever met the page has done
    desk.crash()
    assert _entries(_store(desk)) == before, "ids, states, bytes and riders as they were"
    (notice,) = desk.client.status().notices
    assert (notice.kind, notice.kept, notice.lost) == ("damaged", 123, 0)
    assert Path(notice.aside).read_bytes() == damaged, "the old file as it was found"
    assert desk.sync().up_to_date
    assert len(desk.shown()) == 122
    assert school.rows("SELECT given_name FROM student GROUP BY given_name HAVING count(*) > 1") == []


def test_s28_what_was_on_its_way_is_unknown_in_the_new_store(desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    desk.close()
    with closing(sqlite3.connect(_store(desk))) as connection:
        connection.execute("UPDATE operation SET state = 'sending', frozen = x'7b7d'")
        connection.commit()
    _no_header(_store(desk))
    desk.crash()
    assert desk.state(saved) == "unknown"
    assert _entries(_store(desk))[str(saved.op_id)][:3] == ("unknown", 1, b"{}")


def test_s28_entries_on_half_overwritten_pages_are_counted_and_the_others_saved(desk: ClientDesk) -> None:
    for number in range(200):
        desk.add(given_name=f"Queued {number}", address="β" * 100)
    before = _entries(_store(desk))
    desk.close()
    pages = _leaves_of_entries(_store(desk))
    for page in pages[1:4]:
        _overwrite(_store(desk), (page - 1) * _PAGE, _PAGE // 2)
    doubt.note(_store(desk))
    desk.crash()
    after = _entries(_store(desk))
    (notice,) = desk.client.status().notices
    assert after.items() <= before.items(), "nothing made up"
    assert (notice.kept, notice.kept + notice.lost) == (len(after), 200)
    assert 150 < notice.kept < 200
    desk.sync()
    assert len(desk.shown()) == notice.kept


def _leaves_of_entries(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='operation'").fetchone()
    page = file.read_bytes()[(root - 1) * _PAGE : root * _PAGE]
    assert page[0] == 5, "an interior page"
    cells = [int.from_bytes(page[12 + 2 * n : 14 + 2 * n]) for n in range(int.from_bytes(page[3:5]))]
    return [int.from_bytes(page[at : at + 4]) for at in cells]


def test_s28_a_damaged_page_met_while_working_is_told_and_mended_at_the_next_start(desk: ClientDesk) -> None:
    saved = desk.add(given_name="Nikos")
    desk.close()
    _pages_of_students(_store(desk))
    desk.crash()  # what was opened is sound so far
    with pytest.raises(StoreError, match="Nothing was deleted"):
        desk.shown()
    desk.crash()
    assert desk.state(saved) == "queued"
    assert desk.client.status().notices
    assert desk.sync().up_to_date


@pytest.mark.parametrize("damage", [_garbage, lambda file: file.write_bytes(b"")], ids=["garbage", "0 bytes"])
def test_s28_nothing_is_silently_made_anew(desk: ClientDesk, damage: Callable[[Path], None]) -> None:
    desk.add(given_name="Nikos")
    desk.close()
    damage(_store(desk))
    desk.crash()
    (notice,) = desk.client.status().notices
    assert (notice.kind, notice.kept, notice.whole) == ("damaged", 0, False)
    assert Path(notice.aside).exists()
    desk.client.notices_seen()
    assert desk.client.status().notices == ()


def test_s28_a_store_that_is_gone_is_said(desk: ClientDesk) -> None:
    desk.add(given_name="Nikos")
    desk.sync()
    desk.close()
    _store(desk).unlink()
    desk.crash()
    (notice,) = desk.client.status().notices
    assert (notice.kind, notice.whole) == ("missing", False)
    assert desk.sync().up_to_date
    assert [each["given_name"] for each in desk.shown()] == ["Nikos"]


def test_s28_a_log_that_is_gone_is_said_and_what_was_sent_is_in_doubt(desk: ClientDesk) -> None:
    desk.network.faults += ["drop before send"]
    saved = desk.add(given_name="Nikos")
    with pytest.raises(CallFailedError):
        desk.sync()
    desk.close()
    _store(desk).with_name("store.sqlite3-shm").write_bytes(b"")  # as after a crash, but for the log
    desk.crash()
    (notice,) = desk.client.status().notices
    assert (notice.kind, desk.state(saved)) == ("log_lost", "unknown")
    assert desk.sync().up_to_date


def test_s28_a_rescue_that_is_cut_short_is_finished_at_the_next_start(
    desk: ClientDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = desk.add(given_name="Nikos")
    for cut in range(3):
        desk.close()
        _no_header(_store(desk))
        _cut_at_rename(monkeypatch, cut)
        with pytest.raises(KeyboardInterrupt):
            desk.crash()
        monkeypatch.undo()
        desk.crash()
        assert desk.state(saved) == "queued", cut
        assert desk.client.status().notices[-1].kind == "damaged"
    assert desk.sync().up_to_date


def _cut_at_rename(monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """As if the power went out before that renaming."""
    left = [nth]
    really = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        return really(self, target)

    monkeypatch.setattr(rescue.Path, "rename", rename)


def test_s28_a_store_locked_by_another_program_is_a_clear_error(
    desk: ClientDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rollbook.store.connections._BUSY_SECONDS", 0.2)
    desk.crash()
    with closing(sqlite3.connect(_store(desk), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLockedError, match="Another program holds"):
            desk.add(given_name="Nikos")
        assert desk.shown() == []
        other.execute("ROLLBACK")
    desk.add(given_name="Nikos")
    assert desk.sync().up_to_date


def test_s28_a_file_that_disappears_while_it_is_open_is_said(desk: ClientDesk) -> None:
    _store(desk).rename(_store(desk).with_name("taken away"))
    with pytest.raises(StoreError, match="moved or deleted"):
        desk.add(given_name="Nikos")
