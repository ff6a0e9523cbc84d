"""Getting what no server gives again out of a damaged store, row by row (S28). The file is not touched."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Integer, Table

from rollbook.store.raw_pages import RawFile
from rollbook.store.salvage_pages import from_strays, page_by_page
from rollbook.store.salvage_shapes import is_credible
from rollbook.store.salvaged import Part, Salvaged
from rollbook.store.tables import metadata

TABLES = tuple(table for table in metadata.tables.values() if table.info.get("salvaged"))


def salvage(store: Path, pages: RawFile, *, writable: bool) -> Salvaged:
    """Read what can be read of a store: first of the file ``store``, with its log beside it.

    Where it has a log it must be a ``writable`` copy, which is changed by that. SQLite reads around the pages
    that it refuses; what it cannot reach is read from the ``pages`` themselves.
    """
    found = Salvaged()
    where = store.resolve().as_uri() + ("" if writable else "?immutable=1")
    with closing(sqlite3.connect(where, uri=True, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        with contextlib.suppress(sqlite3.Error):
            connection.execute("PRAGMA writable_schema=ON")  # a damaged line of the schema hinders no other
        for table in TABLES:
            found.parts[table.name] = _part(connection, table)
    if not all(part.complete for part in found.parts.values()):
        page_by_page(pages, found)
    from_strays(pages, found)
    return found


def _part(connection: sqlite3.Connection, table: Table) -> Part:
    part = Part()
    if _is_not_there(connection, table):
        part.known = True
        return part
    query = f'SELECT rowid AS "_rowid", * FROM "{table.name}" ORDER BY rowid'
    scanned = _take(connection, query, table, part)
    if not scanned:
        _take(connection, query + " DESC", table, part)
    expected, all_known = _expected(connection, table)
    for rowid in sorted(expected - part.rows.keys()):
        _take(
            connection, f'SELECT rowid AS "_rowid", * FROM "{table.name}" WHERE rowid = {rowid}', table, part
        )
    part.missing |= expected - part.rows.keys()
    part.known = scanned or all_known
    return part


def _is_not_there(connection: sqlite3.Connection, table: Table) -> bool:
    """Whether it is a store of an earlier release, of sound schema, that has no such table."""
    try:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        return False
    return bool(names) and "operation" in names and table.name not in names


def _take(connection: sqlite3.Connection, query: str, table: Table, part: Part) -> bool:
    """Take rows up to the first that cannot be read; ``True`` when nothing was in the way.

    A row of which the disk has changed something that shows is left out, and counts as not read.
    """
    clean = True
    try:
        for row in connection.execute(query):
            values = dict(row)
            rowid = values.pop("_rowid")
            if is_credible(table, values):
                part.add(rowid, values)
            else:
                part.missing.add(rowid)
                clean = False
    except (sqlite3.Error, ValueError, TypeError):
        return False
    return clean


def _expected(connection: sqlite3.Connection, table: Table) -> tuple[set[int], bool]:
    """The rowids that the indexes know of, and whether one of them could be read to its end."""
    expected: set[int] = set()
    all_known = False
    for index in _indexes(table):
        rowids = f'SELECT rowid FROM "{table.name}" INDEXED BY "{index}"'
        came, ended = _readable(connection, rowids)
        expected.update(came)
        all_known = all_known or ended
    return expected, all_known


def _indexes(table: Table) -> Iterable[str]:
    """Those that hold every row."""
    key = list(table.primary_key.columns)
    if len(key) > 1 or not isinstance(key[0].type, Integer):
        yield f"sqlite_autoindex_{table.name}_1"
    for index in table.indexes:
        if index.dialect_options["sqlite"]["where"] is None:
            yield str(index.name)


def _readable(connection: sqlite3.Connection, query: str) -> tuple[set[int], bool]:
    came: set[int] = set()
    rows: Iterator[sqlite3.Row]
    try:
        rows = connection.execute(query)
        for row in rows:
            came.add(int(row[0]))
    except (sqlite3.Error, TypeError):
        return came, False
    return came, True
