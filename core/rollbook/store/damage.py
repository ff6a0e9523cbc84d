"""Looking for damage of the file that SQLite passes over in silence (S28)."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from rollbook.store import rows
from rollbook.store.tables import FILE_CHUNK, KNOWN_VERSION, REPLICA, metadata

_LOOKED_INTO = tuple(
    table.name
    for table in metadata.tables.values()
    # Chunks are known by their contents; versions are many, are read in a recovery only, and explained then.
    if table.info.get("salvaged") and table not in (FILE_CHUNK, KNOWN_VERSION)
)
_NO_TEXT = "Could not decode"


def is_at(path: Path) -> bool:
    """Whether the store there is damaged; not where it cannot be opened for another reason."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return is_in_file(connection)
    except sqlite3.OperationalError:
        return False  # locked, say
    except sqlite3.DatabaseError:
        return True


def is_in_file(connection: sqlite3.Connection) -> bool:
    """Whether anything in the whole file is damaged; reads all of it."""
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    nonsense = any(_has_nonsense(connection, name) for name in REPLICA)
    return said != "ok" or nonsense or any(_is_illegible(connection, name) for name in _LOOKED_INTO)


def unsound(connection: Connection, names: Collection[str] = _LOOKED_INTO) -> list[str]:
    """Those of the tables that are not as they should be, or whose indexes are not.

    By default, what no server gives again and is read at each sync.
    """
    return [
        name
        for name in names
        if rows.read(connection, f"PRAGMA integrity_check('{name}')") not in ([("ok",)], [])
    ]


def make_indexes_anew(connection: Connection, names: Collection[str]) -> list[str]:
    """Make the indexes of these tables anew from their rows; those that are unsound all the same."""
    for name in names:
        rows.write(connection, f'REINDEX "{name}"', [()])
    return unsound(connection, names)


def _is_illegible(connection: sqlite3.Connection, name: str) -> bool:
    """Whether a text of the table is none: SQLite itself does not look at the letters."""
    try:
        for _row in connection.execute(f'SELECT * FROM "{name}"'):
            pass
    except sqlite3.OperationalError as error:
        return _NO_TEXT in str(error)
    return False


def _has_nonsense(connection: sqlite3.Connection, name: str) -> bool:
    """Whether a record's base is no JSON: a blank in the midst of a page breaks no rule of SQLite's."""
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
    if there.fetchone() is None:
        return False
    nonsense = f'SELECT 1 FROM "{name}" WHERE base IS NOT NULL AND NOT json_valid(base) LIMIT 1'
    return connection.execute(nonsense).fetchone() is not None
