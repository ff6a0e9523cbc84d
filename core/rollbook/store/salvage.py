"""Getting what waits out of a damaged store, row by row (S28). The damaged file itself is not touched."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rollbook.store.raw_pages import RawFile
from rollbook.store.states import SETTLED
from rollbook.store.tables import LANE, OPERATION, metadata

Row = dict[str, Any]
_ID = re.compile(r"[0-9a-fA-F-]{32,36}")


@dataclass(slots=True)
class Salvaged:
    """What could be read. ``lost`` counts entries that were seen to be there and could not be read."""

    entries: dict[int, Row] = field(default_factory=dict)
    lanes: dict[int, set[str]] = field(default_factory=dict)
    others: dict[str, list[Row]] = field(default_factory=dict)
    lost: int = 0
    whole: bool = False
    """Whether everything that was there is known to have been read."""


def salvage(copy: Path, original: Path) -> Salvaged:
    """Read what can be read of a store: first of a copy with its log beside it, which is changed by that.

    SQLite reads around the pages that it refuses; what it cannot reach is read from the original, by page.
    Where there is no log, the copy may be the original itself: nothing is written then.
    """
    found = Salvaged()
    where = copy.resolve().as_uri() + ("?immutable=1" if copy == original else "")
    with closing(sqlite3.connect(where, uri=True, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        _through_sqlite(connection, found)
    if not found.whole:
        _page_by_page(RawFile(original, original.with_name(original.name + "-wal")), found)
    return found


def _through_sqlite(connection: sqlite3.Connection, found: Salvaged) -> None:
    missing: set[int] = set()
    try:
        connection.execute("PRAGMA writable_schema=ON")  # a damaged line of the schema hinders no other
        scanned = _scan(connection, found.entries)
        missing = _expected(connection) - found.entries.keys()
        for sequence in sorted(missing):
            _read_one(connection, sequence, found.entries)
        missing -= found.entries.keys()
    except sqlite3.Error:
        scanned = False
    found.lost = len(missing)
    found.whole = scanned and not missing
    _lanes(connection, found)
    for name, table in metadata.tables.items():
        if table.info.get("salvaged"):
            found.others[name] = list(_readable(connection, f'SELECT * FROM "{name}" ORDER BY rowid'))


def _scan(connection: sqlite3.Connection, into: dict[int, Row]) -> bool:
    """Read from the beginning on, and from the end back; ``True`` when nothing was in the way."""
    rows = "SELECT * FROM operation ORDER BY sequence"
    complete = _take(connection, rows, into)
    if not complete:
        _take(connection, rows + " DESC", into)
    return complete


def _take(connection: sqlite3.Connection, query: str, into: dict[int, Row]) -> bool:
    try:
        for row in connection.execute(query):
            into.setdefault(int(row["sequence"]), dict(row))
    except (sqlite3.Error, ValueError, TypeError):
        return False
    return True


def _read_one(connection: sqlite3.Connection, sequence: int, into: dict[int, Row]) -> None:
    try:
        row = connection.execute("SELECT * FROM operation WHERE sequence = ?", (sequence,)).fetchone()
    except sqlite3.Error:
        return
    if row is not None:
        into[sequence] = dict(row)


def _expected(connection: sqlite3.Connection) -> set[int]:
    """The entries that the indexes know of, as far as those can be read."""
    expected: set[int] = set()
    for index in ("operation_state", "operation_record"):
        query = f"SELECT sequence FROM operation INDEXED BY {index}"
        expected.update(row["sequence"] for row in _readable(connection, query))
    return expected


def _lanes(connection: sqlite3.Connection, found: Salvaged) -> None:
    for row in _readable(connection, f"SELECT lane, sequence FROM {LANE.name}"):
        if isinstance(row["lane"], str):
            found.lanes.setdefault(row["sequence"], set()).add(row["lane"])


def _readable(connection: sqlite3.Connection, query: str) -> Iterator[Row]:
    """Rows up to the first page that cannot be read."""
    try:
        for row in connection.execute(query):
            yield dict(row)
    except sqlite3.Error:
        return


# ---- page by page


def _page_by_page(pages: RawFile, found: Salvaged) -> None:
    layout = _layout(pages)
    known = {row["op_id"] for row in found.entries.values()}
    unread = 0
    for page in pages.pages():
        entries = [entry for row in page.rows if (entry := _entry(layout, row.rowid, row.values)) is not None]
        if entries:
            unread += page.bad
        for entry in entries:
            if entry["op_id"] in known:
                _prefer_settled(found.entries, entry)
            elif entry["sequence"] not in found.entries:
                found.entries[entry["sequence"]] = entry
                known.add(entry["op_id"])
                found.lost = max(0, found.lost - 1)
    found.lost = max(found.lost, unread)


def _prefer_settled(entries: dict[int, Row], entry: Row) -> None:
    """An older picture of a row may lie in another page; one that is settled is the later."""
    kept = entries.get(entry["sequence"])
    same = kept is not None and kept["op_id"] == entry["op_id"]
    if kept is not None and same and kept["state"] not in SETTLED and entry["state"] in SETTLED:
        entries[entry["sequence"]] = entry


def _layout(pages: RawFile) -> list[str]:
    """The columns of the table of entries in the order in which they are stored."""
    for page in pages.pages():
        for row in page.rows:
            if len(row.values) == 5 and row.values[:2] == ("table", OPERATION.name):
                columns = _columns(row.values[4])
                if columns:
                    return columns
    return [column.name for column in OPERATION.columns]


def _columns(statement: Any) -> list[str]:
    try:
        with closing(sqlite3.connect(":memory:")) as empty:
            empty.execute(statement)
            return [row[1] for row in empty.execute(f"PRAGMA table_info({OPERATION.name})")]
    except (sqlite3.Error, TypeError):
        return []


def _entry(layout: Iterable[str], rowid: int, values: tuple[Any, ...]) -> Row | None:
    """The row as an entry, if it looks like one."""
    names = list(layout)
    if not 12 <= len(values) <= len(names):
        return None
    row = dict(zip(names, values, strict=False)) | {"sequence": rowid}
    texts = all(isinstance(row.get(name), str) for name in ("op_id", "kind", "entity", "entity_id", "state"))
    return row if texts and _ID.fullmatch(row["op_id"]) else None
