"""A copy of the store, taken beside it before a newer Rollbook changes its tables (S28)."""

import sqlite3
from contextlib import closing
from pathlib import Path

KEPT = 3


def back_up(store: Path) -> Path:
    """Copy the store as it is now, whoever else has it open, and forget all but the newest copies.

    Raises ``sqlite3.Error`` or ``OSError``; then there is no copy and nothing may be changed.
    """
    earlier = backups_of(store)
    number = _number(earlier[-1]) + 1 if earlier else 1
    copy = store.with_name(f"{store.stem}.before-upgrade-{number}{store.suffix}")
    fresh = copy.with_suffix(".part")
    fresh.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(fresh)) as target:
            source.backup(target)
        fresh.replace(copy)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    for old in backups_of(store)[:-KEPT]:
        old.unlink(missing_ok=True)
    return copy


def backups_of(store: Path) -> list[Path]:
    """The copies beside the store, oldest first."""
    found = [
        path
        for path in store.parent.glob(f"{store.stem}.before-upgrade-*{store.suffix}")
        if path.stem.rpartition("-")[2].isdecimal()
    ]
    return sorted(found, key=_number)


def _number(copy: Path) -> int:
    return int(copy.stem.rpartition("-")[2])
