"""Damaging a store's file as a failing disk does, by its pages."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

from rollbook.store import doubt

PAGE = 4096


def overwrite(file: Path, at: int, length: int, content: bytes | None = None) -> None:
    """Put noise, or ``content``, over a part of the file."""
    with file.open("r+b") as opened:
        opened.seek(at)
        opened.write(random.Random(7).randbytes(length) if content is None else content)


def no_header(file: Path) -> None:
    """Its first 100 bytes are noise; somebody noticed."""
    overwrite(file, 0, 100)
    doubt.note(file)


def no_first_page(file: Path) -> None:
    """The page that tells of all tables is noise; somebody noticed."""
    overwrite(file, 0, PAGE)
    doubt.note(file)


def no_root(file: Path, table: str) -> None:
    """The first page of a table, or of an index, is noise; somebody noticed."""
    overwrite(file, (root_of(file, table) - 1) * PAGE, PAGE)
    doubt.note(file)


def root_of(file: Path, name: str) -> int:
    """The number of the first page of a table or an index."""
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return int(root)
