"""What SQLite cannot reach any more in a damaged store, page by page (S28)."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Table

from rollbook.store.raw_pages import RawFile, RawRow
from rollbook.store.salvage_shapes import could_be
from rollbook.store.salvaged import Row, Salvaged
from rollbook.store.states import SETTLED
from rollbook.store.tables import OPERATION, metadata

_FEWEST = 12  # columns of an entry in the earliest store


def page_by_page(pages: RawFile, found: Salvaged) -> None:
    """Add the rows of the tables that could not be read whole."""
    wanted = [metadata.tables[name] for name, part in found.parts.items() if not part.complete]
    layouts = {table.name: _layout(pages, table) for table in wanted}
    known = {row["op_id"] for row in found.rows(OPERATION.name).values()}
    for page in pages.pages():
        entries = False
        for raw in page.rows:
            table, row = _recognised(wanted, layouts, raw)
            if table is OPERATION:
                entries = True
                _take_entry(found, known, raw.rowid, row)
            elif table is not None:
                found.parts[table.name].add(raw.rowid, row)
        found.unread += page.bad if entries else 0


def from_strays(pages: RawFile, found: Salvaged) -> None:
    """Add what only pages hold that the disk has changed somewhere: a person must look at it.

    What was read elsewhere stays as it was read there, but for an entry that is newer here.
    """
    wanted = [metadata.tables[name] for name in found.parts]
    layouts = {table.name: _layout(pages, table) for table in wanted}
    for page in pages.strays():
        entries = False
        for raw in page.rows:
            table, row = _recognised(wanted, layouts, raw)
            if table is OPERATION:
                entries = True
                _take_doubtful(found, raw.rowid, row)
            elif table is not None:
                found.parts[table.name].add(raw.rowid, row)
        found.unread += page.bad if entries else 0


def _take_doubtful(found: Salvaged, sequence: int, entry: Row) -> None:
    part = found.parts[OPERATION.name]
    kept = part.rows.get(sequence)
    if kept is None:
        part.add(sequence, entry)
        found.doubtful.add(sequence)
    elif kept["op_id"] == entry["op_id"] and kept["state"] != entry["state"]:
        found.doubtful.add(sequence)  # it has gone on since, and how is not sure


def _recognised(wanted: list[Table], layouts: dict[str, list[str]], raw: RawRow) -> tuple[Table | None, Row]:
    for table in wanted:
        names = layouts[table.name]
        fewest = _FEWEST if table is OPERATION else sum(not column.nullable for column in table.columns)
        if not fewest <= len(raw.values) <= len(names):
            continue
        row = dict(zip(names, raw.values, strict=False)) | _key(table, raw.rowid)
        if could_be(table, row):
            return table, row
    return None, {}


def _key(table: Table, rowid: int) -> Row:
    """A whole number that is the key alone is the rowid, and is not stored a second time."""
    column = table.autoincrement_column
    return {} if column is None else {column.name: rowid}


def _take_entry(found: Salvaged, known: set[str], sequence: int, entry: Row) -> None:
    part = found.parts[OPERATION.name]
    kept = part.rows.get(sequence)
    if kept is not None and kept["op_id"] == entry["op_id"]:
        if kept["state"] not in SETTLED and entry["state"] in SETTLED:
            part.rows[sequence] = entry  # an older picture lay in another page: what is settled is the later
    elif kept is None and entry["op_id"] not in known:
        part.add(sequence, entry)
        known.add(entry["op_id"])


def _layout(pages: RawFile, table: Table) -> list[str]:
    """The table's columns in the order in which they are stored."""
    for page in pages.pages():
        for row in page.rows:
            if len(row.values) == 5 and row.values[:2] == ("table", table.name):
                columns = _columns(row.values, table.name)
                if columns:
                    return columns
    return [column.name for column in table.columns]


def _columns(values: Sequence[Any], name: str) -> list[str]:
    try:
        with closing(sqlite3.connect(":memory:")) as empty:
            empty.execute(values[4])
            return [row[1] for row in empty.execute(f'PRAGMA table_info("{name}")')]
    except (sqlite3.Error, TypeError):
        return []
