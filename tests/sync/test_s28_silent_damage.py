"""Damage that SQLite passes over in silence: found before anything is sent, mended or told (S28).

More damages: `ROLLBOOK_DAMAGES=500 pytest tests/sync/test_s28_silent_damage.py -k anywhere`.
"""

import contextlib
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rollbook.client.errors import CallFailedError, StoreError
from rollbook.client.values import Edit
from support.client_desk import ClientDesk
from support.damaging import PAGE, overwrite, root_of

_DAMAGES = int(os.environ.get("ROLLBOOK_DAMAGES", "12"))
_TOLD_APART = ("entry-unreadable", "entry-doubtful")
Entries = dict[str, Any]


def _store(desk: ClientDesk) -> Path:
    return desk.client.account.store


def _entries(desk: ClientDesk) -> Entries:
    with closing(sqlite3.connect(_store(desk))) as connection:
        query = "SELECT op_id, kind, entity_id, changes, base_version FROM operation ORDER BY sequence"
        return {row[0]: row[1:] for row in connection.execute(query)}


def _synced(desk: ClientDesk) -> None:
    """Start and sync; where damage is found, start once more, as the person is told to."""
    for _start in range(3):
        with contextlib.suppress(StoreError):
            desk.crash()
            with contextlib.suppress(CallFailedError):
                desk.sync()
            desk.client.status()
            return
    raise AssertionError("it is not set right by starting anew")


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize(
    "table",
    ["operation_lane", "sqlite_autoindex_operation_lane_1", "operation_lane_sequence", "operation_state"],
)
def test_s28_a_half_blank_page_of_a_lane_or_an_index_keeps_no_entry_back(
    desk: ClientDesk, table: str, half: int
) -> None:
    saved = [desk.add(given_name=f"Student {number}") for number in range(6)]
    desk.close()
    page = root_of(_store(desk), table)
    overwrite(_store(desk), (page - 1) * PAGE + half * PAGE // 2, PAGE // 2, bytes(PAGE // 2))
    _synced(desk)
    assert desk.client.status().up_to_date
    assert {desk.state(each) for each in saved} == {"applied"}
    assert all(notice.lost == 0 for notice in desk.client.status().notices)


def test_s28_a_half_blank_page_of_entries_is_told_and_those_that_are_left_go(desk: ClientDesk) -> None:
    for number in range(6):
        desk.add(given_name=f"Student {number}")
    desk.close()
    page = root_of(_store(desk), "operation")
    overwrite(_store(desk), (page - 1) * PAGE + PAGE // 2, PAGE // 2, bytes(PAGE // 2))
    _synced(desk)
    (notice,) = desk.client.status().notices
    status = desk.client.status()
    assert len(desk.shown()) + notice.lost + status.parked >= 6
    assert notice.lost > 0


def test_s28_blanks_in_a_record_are_found_where_they_make_no_sense(desk: ClientDesk) -> None:
    student = desk.add(given_name="Ελένη").entity_id
    desk.sync()
    desk.add(given_name="Waits")
    desk.close()
    with closing(sqlite3.connect(_store(desk))) as connection:  # as blanks in the midst of a page leave it
        connection.execute("UPDATE student SET base = replace(base, '{', x'00') WHERE id = ?", (student,))
        connection.commit()
    desk.crash()
    with pytest.raises(StoreError, match="Nothing was deleted"):
        desk.change(student, phone="2310")
    assert "store_damaged" in desk.client.status().outstanding
    desk.add(given_name="Saved all the same")
    assert not desk.client.status().up_to_date
    desk.crash()
    assert desk.sync().up_to_date
    assert len(desk.shown()) == 3


def test_s28_a_text_that_is_none_any_more_keeps_no_other_entry_back(
    desk: ClientDesk,
) -> None:
    for number in range(5):
        desk.add(given_name=f"Waits {number}")
    desk.close()
    with closing(sqlite3.connect(_store(desk))) as connection:  # as a turned bit leaves it
        connection.execute(
            "UPDATE operation SET changes = replace(changes, 'Waits', CAST(x'ff' AS TEXT)) WHERE sequence = 3"
        )
        connection.commit()
    desk.crash()
    with pytest.raises(StoreError) as told:
        desk.sync()
    assert "given_name" not in str(told.value)
    desk.crash()
    status = desk.sync()
    assert [(notice.kept, notice.lost) for notice in status.notices] == [(4, 1)]
    assert len(desk.shown()) == 4


def _worked(desk: ClientDesk) -> Entries:
    """Entries sent, waiting, changed again, and an import; what a person was told to be saved."""
    first = desk.add(given_name="Ελένη", address="α" * 300)
    desk.sync()
    desk.network.down = True
    for number in range(30):
        desk.add(given_name=f"Waits {number}", address="β" * (number * 15))
    desk.change(first.entity_id, phone="2310 1")
    desk.client.save_many(
        [Edit("student", None, {"given_name": f"Imported {number}"}) for number in range(20)],
        desk.client.new_run(),
    )
    return _entries(desk)


def _damage(file: Path, chance: random.Random) -> str:
    page = chance.randrange(file.stat().st_size // PAGE)
    at, length = page * PAGE, PAGE
    how = chance.choice(["noise", "blank", "first half blank", "second half blank", "a sector of noise"])
    if "half" in how:
        at, length = at + (PAGE // 2 if "second" in how else 0), PAGE // 2
    if "sector" in how:
        at, length = at + 512 * chance.randrange(8), 512
    overwrite(file, at, length, chance.randbytes(length) if "noise" in how else bytes(length))
    return f"{how} on page {page + 1}"


def test_s28_damage_anywhere_is_told_or_touches_no_entry(desk: ClientDesk) -> None:
    entered = _worked(desk)
    desk.close()
    whole = _store(desk).read_bytes()
    for seed in range(_DAMAGES):
        for file in _store(desk).parent.glob("store*"):
            shutil.rmtree(file) if file.is_dir() else file.unlink()
        _store(desk).write_bytes(whole)
        how = _damage(_store(desk), random.Random(seed))
        _synced(desk)
        _judge(desk, entered, f"seed {seed}: {how}")


def _judge(desk: ClientDesk, entered: Entries, told: str) -> None:
    """Each entry is as it was, or a person is shown it, or it is counted as lost; nothing is hidden."""
    with closing(sqlite3.connect(_store(desk))) as connection:
        query = "SELECT op_id FROM operation WHERE json_extract(problem, '$.error') IN (?, ?)"
        shown = {row[0] for row in connection.execute(query, _TOLD_APART)}
    here = _entries(desk)
    missing = [op_id for op_id in entered if op_id not in here]
    changed = [op_id for op_id in here if op_id not in shown and here[op_id] != entered.get(op_id)]
    status = desk.client.status()
    assert not changed, told
    unsure = any(notice.lost or not notice.whole for notice in status.notices)
    assert not missing or unsure, told
    assert not status.up_to_date, told
    if all(notice.whole for notice in status.notices):
        assert sum(notice.lost for notice in status.notices) >= len(missing), told
