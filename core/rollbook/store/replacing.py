"""A new store takes the place of a damaged one, by steps of which any may be the last before a crash (S28).

It is made whole under the name of a part, has all of its contents in its one file and on the disk, is renamed
to say that it is finished, and only then is the old store moved aside. What is found as a part is of a rescue
that was cut, and is made anew: nothing has been moved then.
"""

import contextlib
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from rollbook.domain import checkpoints
from rollbook.store import doubt, high_water
from rollbook.store.database import open_store
from rollbook.store.errors import StoreFullError

SIDECARS = ("-wal", "-shm", "")  # the file itself last: until then it is what it was


def name_aside(path: Path, now: datetime) -> Path:
    """Where the store at ``path`` is to be kept; no other was set aside under that name."""
    stamp = now.strftime("%Y%m%d-%H%M%S")
    while _aside(path, stamp).exists():
        stamp += "-2"
    return _aside(path, stamp)


def stores_aside(path: Path) -> list[Path]:
    """The damaged stores that were set aside, without their logs."""
    return sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))


def make(path: Path, aside: Path, fill: Callable[[Connection], None]) -> None:
    """Make the new store whole, under a name that says so. Raises :class:`StoreError`; then there is none."""
    finished = path.with_name(f"{path.stem}.rescued-{_stamp(path, aside)}{path.suffix}")
    part = finished.with_suffix(".part")
    forget_parts(path)
    try:
        _write(part, fill)
        checkpoints.passed("rescue.made")
        part.rename(finished)
        forget_parts(path)  # what lay beside it
    except Exception:
        with contextlib.suppress(OSError):
            forget_parts(path)  # what it holds is still in the old store, and the room is needed
        raise
    _synced(path.parent)


def is_finished(path: Path) -> bool:
    """Whether a new store waits to take its place."""
    return bool(_finished(path))


def take_place(path: Path) -> None:
    """Put the finished new store in its place, and the old one aside. Who calls this is alone."""
    for finished in _finished(path):
        aside = _aside(path, finished.stem.partition("rescued-")[2])
        for sidecar in SIDECARS:
            old = path.with_name(path.name + sidecar)
            if old.exists():
                old.rename(aside.with_name(aside.name + sidecar))
        _synced(path.parent)
        high_water.forget(path)
        finished.rename(path)
        doubt.clear(path)
        _synced(path.parent)


def keep_log(aside: Path, content: bytes) -> None:
    """Keep a broken log, as it was found, whose store stays where it is. Raises ``OSError``."""
    _write_durably(aside.with_name(aside.name + "-wal"), content)


def put_log(path: Path, content: bytes) -> None:
    """Have this log beside the store, which nobody has open, for what is there. Raises ``OSError``."""
    log = path.with_name(path.name + "-wal")
    part = log.with_name(log.name + ".part")
    _write_durably(part, content)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    part.replace(log)
    _synced(path.parent)


def forget_parts(path: Path) -> None:
    """Delete what rescues that were cut short have begun."""
    for part in path.parent.glob(f"{path.stem}.rescued-*.part*"):
        part.unlink(missing_ok=True)


def _write(part: Path, fill: Callable[[Connection], None]) -> None:
    database = open_store(part)
    try:
        with database.write() as connection:
            fill(connection)
        if not database.checkpoint():
            raise StoreFullError("the new store could not be written whole")
    finally:
        database.close()
    log = part.with_name(part.name + "-wal")
    if log.exists() and log.stat().st_size:  # its name would not go with it
        raise StoreFullError("the new store's log could not be emptied")
    with part.open("rb+") as file:
        os.fsync(file.fileno())


def _write_durably(file: Path, content: bytes) -> None:
    with file.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _finished(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.stem}.rescued-*{path.suffix}"))


def _aside(path: Path, stamp: str) -> Path:
    return path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")


def _stamp(path: Path, aside: Path) -> str:
    return aside.stem.removeprefix(f"{path.stem}.damaged-")


def _synced(folder: Path) -> None:
    """Have the names on the disk, too, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
