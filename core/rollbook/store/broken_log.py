"""A log that the disk has damaged: found before SQLite forgets it, and mended as far as it can be (S28)."""

import contextlib
import mmap
import sqlite3
import struct
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rollbook.store import log_frames, raw_pages
from rollbook.store.work_folder import work_folder

_SETTLES_SECONDS = 0.05
_FRAMES_AT = 16
"""Where SQLite's index of a log says how many frames count: https://www.sqlite.org/walformat.html"""


@dataclass(frozen=True, slots=True)
class BrokenLog:
    """A log of which SQLite believes a part only. ``commits`` end behind that part, by what can be read.

    A power cut in the midst of a commit leaves one such, which nobody was told of; more are damage.
    """

    content: bytes
    page_size: int
    commits: int


@dataclass(frozen=True, slots=True)
class MendedLog:
    """A log with all that is proven. ``strays`` are pages that it lacks, as the disk has changed them."""

    content: bytes
    strays: tuple[bytes, ...] = ()
    whole: bool = True
    """Whether it lacks nothing."""


def look(store: Path) -> BrokenLog | None:
    """The store's log if there is more in it than SQLite is going to believe; takes no time without a log.

    Who calls this holds the engine's lock. Nobody else may be writing the store just now: one who does is
    waited for, and then there is none.
    """
    log = log_of(store)
    try:
        start = _start_of(store)
        size = raw_pages.page_size(start, _start_of(log))
        commits, content = _present(log, size)
        if not commits:
            return None
        behind = commits[_believed(store, start[:size], content) :]
        if not behind:
            return None
        time.sleep(_SETTLES_SECONDS)
        if _present(log, size) != (commits, content):
            return None
    except (OSError, ValueError, sqlite3.Error, struct.error):
        return None  # it cannot be asked; whoever opens the store hears why
    return BrokenLog(content, size, sum(behind))


def mended(content: bytes, page_size: int) -> MendedLog:
    """The log with what the disk has changed turned back, or left out."""
    log = log_frames.read(content, page_size)
    commits = [index for index, frame in enumerate(log.frames) if frame.commit]
    if not commits:
        return MendedLog(b"")
    end = commits[-1] + 1  # what comes behind was never committed
    found = log_frames.proven(log)[:end]
    sound = [frame for frame in found if frame is not None]
    last = {frame.page: index for index, frame in enumerate(found) if frame is not None}
    bad = [(index, log.frames[index]) for index, frame in enumerate(found) if frame is None]
    gone = [(index, frame) for index, frame in bad if last.get(frame.page, -1) < index]
    pages = found[-1].commit if found[-1] is not None else max((each.page for each in sound), default=0)
    strays = tuple(frame.content for _index, frame in gone)
    return MendedLog(log_frames.written(log, sound, pages) if sound else b"", strays, whole=not gone)


def log_of(store: Path) -> Path:
    """The file beside the store."""
    return store.with_name(store.name + "-wal")


def _present(log: Path, page_size: int) -> tuple[list[bool], bytes]:
    """The log's present round: of its frames, which end a transaction, and what was written of the file."""
    with log.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        commits = log_frames.commits(content, page_size)
        return commits, content[: log_frames.length(len(commits), page_size)]


def _start_of(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(65536)


def _believed(store: Path, first_page: bytes, content: bytes) -> int:
    """How many of its frames SQLite believes: asked of a copy, which it may change.

    It writes that into its index of the log, whether or not it can read the store then, which is one page.
    """
    with work_folder(store, "log") as folder:
        copy = folder / "store"
        copy.write_bytes(first_page[:28] + bytes(4) + first_page[32:])  # as long as it is
        log_of(copy).write_bytes(content)
        # Only for reading: else all would be written into the store at the end.
        with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as connection:
            with contextlib.suppress(sqlite3.DatabaseError):
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            index = (folder / "store-shm").read_bytes()
        (frames,) = struct.unpack_from("=I", index, _FRAMES_AT)
        return int(frames)
